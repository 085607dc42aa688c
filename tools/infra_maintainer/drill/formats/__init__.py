"""What backup programs print and what dumps contain, read without running anything."""
