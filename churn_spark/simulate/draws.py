"""Random numbers by key: the same (seed, purpose, day, customer, number) always gives the same draw.

Nothing is drawn in sequence, so an action on one customer cannot change the draws of another, and a single day can be
simulated again. Keys are mixed by the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
"""

import hashlib
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[Any]

_GOLDEN, _MIX_1, _MIX_2 = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB], dtype=np.uint64)
_LEVELS = 4096
_NORMAL = np.array([NormalDist().inv_cdf((n + 0.5) / _LEVELS) for n in range(_LEVELS)])


@dataclass(frozen=True, slots=True)
class Draws:
    """The draws of one simulation."""

    seed: int

    def uniform(self, purpose: str, day: int, *keys: Vector) -> Vector:
        """One number in (0, 1) for each element of the keys (whole numbers, such as customer and running number)."""
        mixed = np.full(1, self._stream(purpose, day))
        for key in keys:
            mixed = _mixed(mixed + (key.astype(np.uint64) + np.uint64(1)) * _GOLDEN)
        return ((mixed >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53

    def happens(self, probability: Vector | float, purpose: str, day: int, *keys: Vector) -> Vector:
        """True with the probability given."""
        return self.uniform(purpose, day, *keys) < probability

    def normal(self, purpose: str, day: int, *keys: Vector) -> Vector:
        """A standard normal number for each element of the keys."""
        return normal(self.uniform(purpose, day, *keys))

    def poisson(self, rate: Vector, purpose: str, day: int, *keys: Vector) -> Vector:
        """A Poisson count for each element; a higher rate never gives a smaller count of the same key."""
        return poisson(self.uniform(purpose, day, *keys), rate)

    def _stream(self, purpose: str, day: int) -> np.uint64:
        digest = hashlib.blake2b(f"{self.seed}/{purpose}/{day}".encode(), digest_size=8).digest()
        return np.uint64(int.from_bytes(digest, "little"))


def normal(uniform: Vector) -> Vector:
    """The standard normal quantile of each number in (0, 1), from a table of 4,096 levels."""
    return _NORMAL[(uniform * _LEVELS).astype(np.int64)]


def choice(uniform: Vector, shares: Vector) -> Vector:
    """The index of the share that each number in (0, 1) falls into; shares need not add up to 1."""
    edges = np.cumsum(shares)
    return np.searchsorted(edges[:-1] / edges[-1], uniform, side="right")


def zipf(values: int, exponent: float = 1.0) -> Vector:
    """Shares of `values` ranks by Zipf's law."""
    weights = np.arange(1, values + 1) ** -exponent
    return weights / weights.sum()


def poisson(uniform: Vector, rate: Vector) -> Vector:
    """Poisson quantiles by sequential inversion (Devroye 1986, X.3); rates up to some hundreds."""
    counts = np.zeros(len(uniform), dtype=np.int64)
    term = np.exp(-rate)
    reached = term.copy()
    open_ = np.flatnonzero(uniform > reached)
    uniform, rate, term, reached = uniform[open_], rate[open_], term[open_], reached[open_]
    n = 0
    # The bound ends what rounding at the far end of the distribution would never end.
    while len(open_) and n < 1000:
        n += 1
        counts[open_] = n
        term = term * rate / n
        reached = reached + term
        more = uniform > reached
        open_, uniform, rate, term, reached = open_[more], uniform[more], rate[more], term[more], reached[more]
    return counts


def _mixed(key: Vector) -> Vector:
    key = (key ^ (key >> np.uint64(30))) * _MIX_1
    key = (key ^ (key >> np.uint64(27))) * _MIX_2
    return key ^ (key >> np.uint64(31))
