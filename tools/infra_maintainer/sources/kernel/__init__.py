"""How the Linux kernel writes what it counts: pure parsers of /proc, and the control groups above this process."""
