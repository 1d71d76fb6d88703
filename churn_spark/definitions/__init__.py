"""Frozen values that all other rooms use; imports nothing of the project."""
