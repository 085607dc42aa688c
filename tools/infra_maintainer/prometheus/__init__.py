"""Questions to any server that speaks the Prometheus query API, few and aggregated there."""
