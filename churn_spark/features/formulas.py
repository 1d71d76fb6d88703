"""The formulas of `OPS` over the windows of a batch: doubles are made last, from integers."""

from collections.abc import Callable, Mapping

import numpy as np

from churn_spark.definitions.columns import value_column
from churn_spark.definitions.features import Feature
from churn_spark.definitions.ops import OPS
from churn_spark.definitions.sources import Source
from churn_spark.features import points, rhythm, variety
from churn_spark.features.axis import WEEK, Integers
from churn_spark.features.batch import DAY, EVENTS, MOMENT, Batch
from churn_spark.features.ranges import Numbers
from churn_spark.features.wide import deviations, squares

BY_COLUMN = {
    "sum": ("sum",),
    "mean": ("n", "sum"),
    "std": ("n", "sum", "sumsq_high", "sumsq_low"),
    "min": ("min",),
    "max": ("max",),
    "first": ("first",),
    "last": ("last",),
    "delta": ("first", "last"),
    "distinct": ("values",),
}
"""The columns that tiles keep of a measure or category, by the operation that reads them."""


def columns(feature: Feature) -> tuple[str, ...]:
    """The columns of tiles that a feature is computed from, besides customer and dates."""
    if feature.op == "share":
        part = value_column(feature.column or "", feature.value or "", feature.measure)
        return (part, f"{feature.measure}_sum" if feature.measure else EVENTS)
    if feature.op in BY_COLUMN:
        return tuple(f"{feature.column}_{kind}" for kind in BY_COLUMN[feature.op])
    return (DAY,) if feature.op in ("recency", "active_days") or rhythm.is_rhythm(feature) else (EVENTS,)


def value(feature: Feature, batch: Batch, source: Source) -> Numbers:
    """A feature of every snapshot of a batch, masked where the feature is null; in the unit of its measure."""
    scaled = FORMULAS.get(feature.op, rhythm.value)(feature, batch)
    return scaled / 10.0 ** source.measure(feature.column or "").scale if OPS[feature.op].over == "measure" else scaled


def _count(feature: Feature, batch: Batch) -> Integers:
    return batch.total(EVENTS, feature.window or 0)


def _sum(feature: Feature, batch: Batch) -> Integers:
    return batch.total(f"{feature.column}_sum", feature.window or 0)


def _mean(feature: Feature, batch: Batch) -> Numbers:
    return _ratio(_sum(feature, batch), batch.total(f"{feature.column}_n", feature.window or 0))


def _std(feature: Feature, batch: Batch) -> np.ma.MaskedArray:
    """The sample standard deviation."""
    names = (f"{feature.column}_{kind}" for kind in BY_COLUMN["std"])
    count, total, high, low = (batch.total(name, feature.window or 0) for name in names)
    few = count < 2
    variance = deviations(count, total, squares(high, low)) / np.where(few, 1, count - 1)
    # Of equal values the rounded difference may be below zero.
    return np.ma.masked_array(np.sqrt(np.maximum(variance, 0)), few)


def _min(feature: Feature, batch: Batch) -> np.ma.MaskedArray:
    return batch.smallest(f"{feature.column}_min", feature.window or 0)


def _max(feature: Feature, batch: Batch) -> np.ma.MaskedArray:
    return batch.largest(f"{feature.column}_max", feature.window or 0)


def _recency(feature: Feature, batch: Batch) -> np.ma.MaskedArray:
    return batch.ends - batch.largest(DAY, feature.window or 0)


def _share(feature: Feature, batch: Batch) -> np.ma.MaskedArray:
    part, whole = (batch.total(name, feature.window or 0) for name in columns(feature))
    return _ratio(part, whole)


def _ratio(part: Numbers, whole: Integers) -> np.ma.MaskedArray:
    none = whole == 0
    return np.ma.masked_array(part / np.where(none, 1, whole), none)


def _trend(feature: Feature, batch: Batch) -> Numbers:
    """With x = -age, the slope is sum((x - mean x) y) / sum((x - mean x)^2); the mean of x is -(n + 1) / 2."""
    window, events = feature.window or 0, _count(feature, batch)
    ages = batch.ends * events - batch.total(MOMENT, window)
    spread = window * (window * window - 1)
    return ((window + 1) * events - 2 * ages) * 6.0 / spread if spread else np.zeros(len(events))


def _ewm(feature: Feature, batch: Batch) -> Numbers:
    # The last digits depend on where the other windows cut the sum.
    return np.round(batch.decayed(feature.half_life or 1.0, feature.window or 0), 9)


def _weeks(feature: Feature) -> range:
    """The numbers of the whole weeks of a window, 1 is the latest."""
    return range(1, (feature.window or 0) // WEEK + 1)


def _week(number: int, batch: Batch) -> Integers:
    return batch.total(EVENTS, WEEK * number, after=WEEK * (number - 1))


def _weekly_lag(feature: Feature, batch: Batch) -> Integers:
    return _week(feature.lag or 1, batch)


def _weekly_active(feature: Feature, batch: Batch) -> Integers:
    return np.sum([_week(week, batch) > 0 for week in _weeks(feature)], axis=0, dtype=np.int64)


def _weekly_slope(feature: Feature, batch: Batch) -> Numbers:
    """Weeks are numbered back from the as-of date, so their order in time is -week."""
    count = len(_weeks(feature))
    slope = np.zeros(len(batch.snapshots.date))
    for week in _weeks(feature) if count > 1 else ():
        slope += np.log1p(_week(week, batch)) * (count + 1 - 2 * week) * 6 / (count * (count * count - 1))
    return slope


FORMULAS: Mapping[str, Callable[[Feature, Batch], Numbers]] = {
    "count": _count,
    "sum": _sum,
    "mean": _mean,
    "std": _std,
    "min": _min,
    "max": _max,
    "first": points.value,
    "last": points.value,
    "delta": points.value,
    "recency": _recency,
    "distinct": variety.distinct,
    "share": _share,
    "trend": _trend,
    "ewm": _ewm,
    "weekly_lag": _weekly_lag,
    "weekly_active": _weekly_active,
    "weekly_slope": _weekly_slope,
}
"""By operation; those of the customer's own rhythm are in `rhythm`."""
