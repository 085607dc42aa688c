"""Checks of draft_capacity_plan: will it hold?"""
