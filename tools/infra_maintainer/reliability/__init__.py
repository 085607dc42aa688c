"""Availability as users had it, and how fast the error budget burns."""
