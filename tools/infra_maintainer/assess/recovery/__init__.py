"""Checks of run_dr_checklist: one file per check."""
