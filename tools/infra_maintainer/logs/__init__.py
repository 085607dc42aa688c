"""Access logs read at the speed of a column store without losing a line."""
