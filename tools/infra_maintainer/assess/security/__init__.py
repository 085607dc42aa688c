"""Checks of the security baseline: one file per check."""
