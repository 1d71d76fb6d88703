"""How training selects features, where the configuration asks for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Selection:
    """The limits of the steps; each has a value that keeps everything.

    min_variance: of a feature's input on the signed logarithmic scale, at most which it is near-constant.
    false_discovery: the rate to which features that only seem associated with the label are limited. max_correlation:
    of two numbers, beyond which the weaker one goes. max_loss: the share of the best average precision that a smaller
    set may cost where that is more than one standard error. min_stability: the share of folds that must choose a
    feature too. fewest: the smallest number of features tried.
    """

    min_variance: float = 0.0001
    false_discovery: float = 0.05
    max_correlation: float = 0.95
    max_loss: float = 0.01
    min_stability: float = 0.5
    fewest: int = 5
