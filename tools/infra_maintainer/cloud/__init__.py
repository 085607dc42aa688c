"""Inventory and metrics of rented infrastructure through the providers' own clients. Read-only; calls are counted."""
