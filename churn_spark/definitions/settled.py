"""Numbers as they are written, so that the same rows give the same numbers in whatever order they are added up."""

import math

DIGITS = 9
"""Significant digits: the last ones of a sum of doubles depend on the order of rows."""


def settled(value: object) -> object:
    """A number without its last digits, also in lists and tuples; NaN and infinities are None, all else as it is."""
    if isinstance(value, (list, tuple)):
        return type(value)(settled(one) for one in value)
    if not isinstance(value, float):
        return value
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
