"""How long customers stay: survival at several horizons, and the expected days up to the last."""
