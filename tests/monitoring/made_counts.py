"""Features of made customers counted by plain loops."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from churn_spark.monitoring.bins import Bins, Counted, of_numbers

TODAY = date(2026, 6, 1)
THEN = tuple(TODAY - timedelta(days=28 * n) for n in (3, 2, 1))


def counted_by_loops(bins: Bins, values: Mapping[date, Sequence[float]]) -> Counted:
    """values: NaN where null."""
    counts = np.zeros((len(values), bins.size), dtype=np.int64)
    for n, day in enumerate(values):
        for value in values[day]:
            counts[n, -1 if math.isnan(value) else sum(value > edge for edge in bins.edges)] += 1
    return Counted(bins, tuple(values), counts)


def drawn(rng: np.random.Generator, rows: int, name: str = "spent", now=None, then=None) -> Counted:
    """A feature of so many customers at each date; now, then: its values in place of normal ones."""
    values = {day: (then(rng, rows) if then else rng.normal(size=rows)) for day in THEN}
    values[TODAY] = now(rng, rows) if now else rng.normal(size=rows)
    return counted(name, values)


def counted(name: str, values: Mapping[date, np.ndarray]) -> Counted:
    """The same as by loops, quickly."""
    bins = of_numbers(name, np.concatenate([values[day] for day in THEN]))
    edges = np.array(bins.edges)
    rows = [
        np.bincount(
            np.where(np.isnan(each), bins.size - 1, np.searchsorted(edges, each, side="left")), minlength=bins.size
        )
        for each in values.values()
    ]
    return Counted(bins, tuple(values), np.array(rows))
