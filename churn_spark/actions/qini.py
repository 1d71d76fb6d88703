"""The Qini curve: how much acting on the first customers of a ranking keeps, as far down as one likes.

N. Radcliffe, Using control groups to target on predicted lift (2007).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
POINTS = 20
"""Steps of the curve that are kept."""


@dataclass(frozen=True, slots=True)
class Qini:
    """coefficient: the mean over all depths of what the ranking keeps beyond a random one. points: (share, kept)."""

    coefficient: float
    points: tuple[tuple[float, float], ...]


def qini(treated: Array, treated_left: Array, control: Array, control_left: Array) -> Qini | None:
    """The curve of a ranking, from counts by score, the first to act on first; equal scores stand together.

    Down to a depth the customers kept are those of the control group who left, brought to the size of the treated
    group, less those treated who left; 0 while nobody there is of the control group. All as shares of everybody
    treated, depths as shares of all customers. None where an arm is empty.
    """
    if not treated.sum() or not control.sum():
        return None
    depth, kept = _curve(treated, treated_left, control, control_left)
    shares = np.linspace(0, 1, POINTS + 1)
    points = zip(shares.tolist(), np.interp(shares, depth, kept).tolist(), strict=True)
    return Qini(float(_beyond_random(depth, kept)), tuple(points))


def coefficients(treated: Array, treated_left: Array, control: Array, control_left: Array) -> Array:
    """The coefficients of many rankings: arrays of counts, one ranking a row; NaN where one of its arms is empty."""
    depth, kept = _curve(treated, treated_left, control, control_left)
    both = (treated.sum(axis=-1) > 0) & (control.sum(axis=-1) > 0)
    return np.where(both, _beyond_random(depth, kept), np.nan)


def _curve(*counts: Array) -> tuple[Array, Array]:
    """Depth and customers kept down to there, from (0, 0) on, along the last axis."""
    n, m, left, left_anyway = (
        np.concatenate([np.zeros((*each.shape[:-1], 1)), np.cumsum(each, axis=-1)], axis=-1)
        for each in (counts[0], counts[2], counts[1], counts[3])
    )
    scaled = np.divide(n, m, out=np.zeros_like(n), where=m > 0)
    kept = _shares(np.where(m > 0, left_anyway * scaled - left, 0.0), n[..., -1:])
    return _shares(n + m, n[..., -1:] + m[..., -1:]), kept


def _shares(parts: Array, whole: Array) -> Array:
    return np.divide(parts, whole, out=np.zeros_like(parts), where=whole > 0)


def _beyond_random(depth: Array, kept: Array) -> Array:
    area = np.sum(np.diff(depth, axis=-1) * (kept[..., 1:] + kept[..., :-1]) / 2, axis=-1)
    return np.asarray(area - kept[..., -1] / 2)
