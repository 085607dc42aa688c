"""History of a quantity from wherever it is kept: the store, Prometheus, sysstat, CSV. Readers only; nothing judged."""
