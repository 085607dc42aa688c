"""Arithmetic on evidence: every result is Derived, with a formula that anyone can run again."""
