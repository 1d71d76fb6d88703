"""Runs of several stages: the daily path, and the filling of what is missing or stale."""
