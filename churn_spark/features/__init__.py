"""Pure computation of tiles, features and segments."""
