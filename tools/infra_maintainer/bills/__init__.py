"""Bills in the FOCUS format: loading, checking, aggregating, and arithmetic on the aggregates. Nothing here judges."""
