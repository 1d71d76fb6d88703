"""Real public data that the project ships with."""
