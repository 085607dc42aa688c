"""Forecasts of load on numpy only: what the past says about the next weeks, or why it says nothing."""
