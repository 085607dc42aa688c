"""The restore drill: the one thing this product writes outside its own store, into a place it makes and removes."""
