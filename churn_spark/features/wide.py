"""Integers of 128 bits in NumPy, as pairs of 64-bit words: sums of squares are exact and never Python objects."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from churn_spark.features.ranges import Integers, Ranges

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

    def take(self, chosen: Integers) -> "Wide":
        return Wide(self.high[chosen], self.low[chosen])

    def doubles(self) -> npt.NDArray[np.float64]:
        """The nearest double, but for two roundings."""
        return self.high.view(np.int64) * np.float64(2**64) + self.low.astype(np.float64)

    @classmethod
    def of(cls, decimals: pa.Array) -> "Wide":
        """The integers of an Arrow array of decimal(38, 0) without nulls, whose buffer holds just these words."""
        words = np.frombuffer(decimals.buffers()[1], np.uint64).reshape(-1, 2)
        words = words[decimals.offset : decimals.offset + len(decimals)]
        return cls(words[:, 1].copy(), words[:, 0].copy())


def product(left: Integers, right: Integers) -> Wide:
    """left * right."""
    a, b = np.abs(left).view(np.uint64), np.abs(right).view(np.uint64)
    (a1, a0), (b1, b0) = ((n >> HALF, n & LOW) for n in (a, b))
    middle = (a0 * b0 >> HALF) + (a0 * b1 & LOW) + (a1 * b0 & LOW)
    high = a1 * b1 + (a0 * b1 >> HALF) + (a1 * b0 >> HALF) + (middle >> HALF)
    found, negative = Wide(high, a * b), (left < 0) != (right < 0)
    turned = -found
    return Wide(np.where(negative, turned.high, found.high), np.where(negative, turned.low, found.low))


def totals(values: Wide, ranges: Ranges, outer: list[int]) -> Wide:
    """Sums of each window, by offset (row) and snapshot; prefix sums modulo 2^128, so differences are exact."""
    chosen = values.take(ranges.rows)
    low, high = (np.zeros(len(chosen.low) + 1, np.uint64) for _ in range(2))
    np.cumsum(chosen.low, out=low[1:])
    np.cumsum(chosen.high + (low[1:] < chosen.low), out=high[1:])
    before = Wide(high, low)
    return before.take(ranges.ends[np.newaxis]) - before.take(ranges.begins[outer])


def deviations(count: Integers, total: Integers, squares: Wide) -> npt.NDArray[np.float64]:
    """The sum of squared deviations from the mean, without cancellation: see `formulas`; not a number without values.

    With q = floor(total / count) and r = total - q count it is (squares - q (total + r)) - r^2 / count.
    """
    some = np.maximum(count, 1)
    quotient, rest = np.divmod(total, some)
    moved = squares - product(quotient, total + rest)
    return moved.doubles() - rest.astype(np.float64) * rest / some
