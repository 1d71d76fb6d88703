"""Pure computation of the population and the labels."""
