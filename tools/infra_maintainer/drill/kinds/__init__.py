"""One file per backup program that the drill can fetch from."""
