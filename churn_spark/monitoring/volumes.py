"""Whether a number of rows or alerts is usual, by those of weeks or dates before."""

import math
from collections.abc import Sequence
from statistics import mean, median, stdev

LEAST_COMPARED = 4
"""The fewest earlier numbers that say what is usual."""


def usual(before: Sequence[int]) -> float | None:
    """The median of earlier numbers; None: too few, or mostly none."""
    return float(median(before)) or None if len(before) >= LEAST_COMPARED else None


def by_chance(before: Sequence[int], chance: float, rising: bool) -> float:
    """The number that the next one lies beyond with this chance: the bound of the prediction interval of logarithms.

    Student's t with as many degrees of freedom as there are earlier numbers less one; beyond that the number itself is
    counted, so that it varies by its root at least.
    """
    from scipy.stats import norm, t

    logs = [math.log(number + 0.5) for number in before]
    spread = stdev(logs) * math.sqrt(1 + 1 / len(logs)) * t.isf(chance, len(logs) - 1)
    counting = norm.isf(chance) / math.sqrt(max(mean(before), 0.5))
    sign = 1 if rising else -1
    return math.exp(min(mean(logs) + sign * max(spread, counting), 700.0))
