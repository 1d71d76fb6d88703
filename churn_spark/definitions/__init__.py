"""Frozen values that every other room speaks in; imports nothing of the project."""
