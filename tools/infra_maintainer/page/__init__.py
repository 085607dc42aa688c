"""A real browser for page timings: the [browser] extra."""
