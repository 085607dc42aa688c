"""Checks of audit_costs: can the bill be trusted, what is waste, what must stay, what should be spent."""
