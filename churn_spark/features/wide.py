"""Integers of 128 bits in NumPy, as pairs of 64-bit words: sums of squares are exact and never Python objects."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from churn_spark.definitions.columns import SQUARE_BITS
from churn_spark.features.axis import Integers

Words = npt.NDArray[np.uint64]
HALF = np.uint64(32)
LOW = np.uint64(2**32 - 1)


@dataclass(frozen=True)
class Wide:
    """high * 2^64 + low, in two's complement."""

    high: Words
    low: Words

    def __add__(self, other: "Wide") -> "Wide":
        low = self.low + other.low
        return Wide(self.high + other.high + (low < other.low), low)

    def __neg__(self) -> "Wide":
        low = ~self.low + np.uint64(1)
        return Wide(~self.high + (low == 0), low)

    def __sub__(self, other: "Wide") -> "Wide":
        return self + -other

    def doubles(self) -> npt.NDArray[np.float64]:
        """The nearest double, but for two roundings."""
        return self.high.view(np.int64) * np.float64(2**64) + self.low.astype(np.float64)


def squares(high: Integers, low: Integers) -> Wide:
    """high * 2^SQUARE_BITS + low, neither negative: sums of squares as tiles keep them."""
    moved = Wide(
        (high >> (64 - SQUARE_BITS)).astype(np.uint64),
        high.astype(np.uint64) << np.uint64(SQUARE_BITS),
    )
    return moved + Wide(np.zeros_like(moved.high), low.astype(np.uint64))


def product(left: Integers, right: Integers) -> Wide:
    """left * right."""
    a, b = np.abs(left).view(np.uint64), np.abs(right).view(np.uint64)
    (a1, a0), (b1, b0) = ((n >> HALF, n & LOW) for n in (a, b))
    middle = (a0 * b0 >> HALF) + (a0 * b1 & LOW) + (a1 * b0 & LOW)
    high = a1 * b1 + (a0 * b1 >> HALF) + (a1 * b0 >> HALF) + (middle >> HALF)
    absolute, negative = Wide(high, a * b), (left < 0) != (right < 0)
    negated = -absolute
    return Wide(np.where(negative, negated.high, absolute.high), np.where(negative, negated.low, absolute.low))


def deviations(count: Integers, total: Integers, sum_of_squares: Wide) -> npt.NDArray[np.float64]:
    """The sum of squared deviations from the mean, from integers moved next to it: no digits cancel.

    With q = floor(total / count) and r = total - q count it is (squares - q (total + r)) - r^2 / count.
    """
    some = np.maximum(count, 1)
    quotient, rest = np.divmod(total, some)
    moved = sum_of_squares - product(quotient, total + rest)
    return moved.doubles() - rest.astype(np.float64) * rest / some
