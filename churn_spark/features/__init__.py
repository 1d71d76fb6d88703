"""Pure computation of the population, tiles, features and segments."""
