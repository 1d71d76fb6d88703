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
    n, m, left, left_anyway = (
        np.concatenate([[0.0], np.cumsum(each)]) for each in (treated, control, treated_left, control_left)
    )
    scaled = np.divide(n, m, out=np.zeros_like(n), where=m > 0)
    kept = np.where(m > 0, left_anyway * scaled - left, 0.0) / treated.sum()
    depth = (n + m) / (n[-1] + m[-1])
    area = float(np.sum(np.diff(depth) * (kept[1:] + kept[:-1]) / 2))
    shares = np.linspace(0, 1, POINTS + 1)
    points = zip(shares.tolist(), np.interp(shares, depth, kept).tolist(), strict=True)
    return Qini(area - float(kept[-1]) / 2, tuple(points))
