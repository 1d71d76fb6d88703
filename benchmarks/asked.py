"""What every contestant computes: 7 windows of 12 features each, of one source of made payments."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from churn_spark.definitions.columns import Category, Measure
from churn_spark.definitions.features import Feature
from churn_spark.definitions.sources import Delivered, Source

WINDOWS = (7, 14, 30, 60, 90, 120, 180)
LONGEST = max(WINDOWS)
OPS = ("count", "sum", "mean", "min", "max", "std")
VALUES = ("web", "shop", "phone")
"""The values of the category whose events and amounts are features; made events have others too."""
KEY = ("customer_id", "as_of_date")

START = date(2025, 1, 1)
DAYS = 365
AS_OF = START + timedelta(days=DAYS)

AMOUNT = Measure("amount", "amount", scale=2, max_abs=1e6, points=False)
CHANNEL = Category("channel", "channel", values=VALUES, measures=("amount",))
SOURCE = Source(
    name="payments",
    kind="events",
    format="parquet",
    path="",
    schema=(),
    customer_id="customer_id",
    delivered=Delivered(by="event"),
    measures=(AMOUNT,),
    categories=(CHANNEL,),
)


def dates(number: int, every: int) -> list[date]:
    """The as-of dates counted back from the newest, ascending."""
    return [AS_OF - timedelta(days=every * back) for back in reversed(range(number))]


YEAR = dates(12, 28)
"""Twelve monthly snapshots, as for a training set."""
FORTNIGHTS = dates(24, 14)


def features() -> tuple[Feature, ...]:
    """The features that are operations of the suite, named `<op>_<window>d`."""
    return tuple(
        Feature(f"{op}_{window}d", SOURCE.name, op, None if op == "count" else "amount", window)
        for window in WINDOWS
        for op in OPS
    )


def by_value() -> Iterator[tuple[str, str, int, bool]]:
    """Name, category value, window, and whether amounts are summed (else events counted), of the other features."""
    for window in WINDOWS:
        for value in VALUES:
            yield f"count_{value}_{window}d", value, window, False
            yield f"sum_{value}_{window}d", value, window, True


def columns() -> list[str]:
    """The names of all features, in the order every contestant gives them."""
    return [*(feature.name for feature in features()), *(name for name, *_ in by_value())]


def aggregates(windows: Iterable[int], by_age: bool = True) -> list[str]:
    """SQL a user would write for the features of some windows, read alike by Spark and DuckDB.

    by_age: of rows with an `age` in days, where each aggregate chooses its own; else all rows lie in the window.
    """
    return [one for window in windows for one in _of_window(window, f"age <= {window}" if by_age else "")]


def _of_window(window: int, inside: str) -> Iterator[str]:
    where = f" filter (where {inside})" if inside else ""
    yield f"count(*){where} as count_{window}d"
    yield f"coalesce(sum(amount){where}, 0) as sum_{window}d"
    for name, function in {"mean": "avg", "min": "min", "max": "max", "std": "stddev_samp"}.items():
        yield f"{function}(amount){where} as {name}_{window}d"
    for value in VALUES:
        chosen = " and ".join([*([inside] if inside else []), f"channel = '{value}'"])
        yield f"count(*) filter (where {chosen}) as count_{value}_{window}d"
        yield f"coalesce(sum(amount) filter (where {chosen}), 0) as sum_{value}_{window}d"
