"""Pure computation of the labels."""
