"""Sessions with databases and caches: read-only, bounded, with every refusal told as what it is."""
