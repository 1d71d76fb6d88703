"""Monitoring's figures written another way: plain loops over values."""

import math
from collections.abc import Sequence


def psi(expected: Sequence[int], compared: Sequence[int]) -> float:
    n, m, total = sum(expected), sum(compared), 0.0
    for a, b in zip(expected, compared, strict=True):
        q, p = max(a, 0.5) / n, max(b, 0.5) / m
        total += (p - q) * (math.log(p) - math.log(q))
    return total


def jensen_shannon(expected: Sequence[int], compared: Sequence[int]) -> float:
    n, m, total = sum(expected), sum(compared), 0.0
    for a, b in zip(expected, compared, strict=True):
        q, p = a / n, b / m
        for share in (p, q):
            if share:
                total += share * math.log2(2 * share / (p + q)) / 2
    return math.sqrt(max(total, 0.0))


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered) - 1e-9), 1) - 1]


def auc(rows: Sequence[tuple[float, int]]) -> float:
    """rows: score, label. The share of pairs of churner and stayer that are ordered rightly, a tie counting half."""
    left = [score for score, label in rows if label]
    stayed = [score for score, label in rows if not label]
    won = sum((a > b) + (a == b) / 2 for a in left for b in stayed)
    return won / (len(left) * len(stayed))
