"""Features of the customer's own rhythm: the set of active days D, held as bits, and the intervals between them."""

from collections.abc import Iterable

from pyspark.sql import DataFrame

from churn_spark.definitions.features import Feature
from churn_spark.features import partials
from churn_spark.features.partials import WORD


def active_days(window: int, days_window: int) -> str:
    """SQL of the number of active days of a window: the bits of the set that lie in it."""
    counts = [
        f"bit_count({_word(number, days_window)} & {_mask(window - number * WORD)})"
        for number in range(partials.words(window))
    ]
    return " + ".join(counts)


def with_intervals(customers: DataFrame, features: Iterable[Feature]) -> DataFrame:
    """Add what `rhythm` needs, as columns of their own so that each array is made once.

    customers: the words of the set of active days. Makes `ages_<n>` (of the active days in the window, latest first)
    and `intervals_<n>` (differences of consecutive active days, smallest first), days.
    """
    listed = tuple(features)
    windows = sorted({feature.window or 0 for feature in listed if partials.is_rhythm(feature)})
    if not windows:
        return customers
    days = customers.selectExpr("*", f"{_ages(partials.days_window(listed))} as ages")
    days = days.selectExpr("*", *(f"filter(ages, age -> age <= {n}) as ages_{n}" for n in windows))
    return days.selectExpr("*", *(f"{_intervals(f'ages_{n}')} as intervals_{n}" for n in windows))


def rhythm(feature: Feature) -> str:
    """SQL of an `interval_` or `overdue_` feature over the columns of `with_intervals`."""
    kind, name = feature.op.split("_", 1)
    ages, intervals = f"ages_{feature.window}", f"intervals_{feature.window}"
    interval = _statistic(name, intervals, ages)
    return (
        f"get({ages}, 0) / greatest(cast({interval} as double), if(size({intervals}) > 0, 1D, null))"
        if kind == "overdue"
        else interval
    )


def _statistic(name: str, intervals: str, ages: str) -> str:
    count = f"size({intervals})"
    total = f"cast(get({ages}, size({ages}) - 1) - get({ages}, 0) as bigint)"
    squares = f"aggregate({intervals}, 0L, (total, days) -> total + days * days)"
    statistics = {
        "mean": f"try_divide(cast({total} as double), {count})",
        "std": f"if({count} >= 2, sqrt(try_divide(cast({count} * {squares} - {total} * {total} as double),"
        f" {count} * ({count} - 1))), null)",
        "median": _percentile(intervals, 0.5),
        "p90": _percentile(intervals, 0.9),
        "max": f"array_max({intervals})",
    }
    return statistics[name]


def _percentile(ordered: str, share: float) -> str:
    """By linear interpolation between the values at floor and ceiling of (count - 1) x share."""
    position = f"(size({ordered}) - 1) * {share}D"
    below = f"cast(floor({position}) as int)"
    lower = f"get({ordered}, {below})"
    upper = f"coalesce(get({ordered}, {below} + 1), {lower})"
    return f"{lower} + ({position} - {below}) * ({upper} - {lower})"


def _ages(days_window: int) -> str:
    ages = [
        f"filter(sequence({WORD * number + 1}, {min(WORD * (number + 1), days_window)}),"
        f" age -> getbit({_word(number, days_window)}, age - {WORD * number + 1}) = 1)"
        for number in range(partials.words(days_window))
    ]
    return f"concat({', '.join(ages)})"


def _intervals(ages: str) -> str:
    differences = f"transform({ages}, (age, position) -> age - get({ages}, position - 1))"
    return f"array_sort(filter({differences}, days -> days is not null))"


def _word(number: int, days_window: int) -> str:
    return f"`{partials.column(partials.word(number).name, days_window)}`"


def _mask(days: int) -> str:
    """An integer whose lowest `days` bits are set."""
    return "-1L" if days >= WORD else f"{(1 << days) - 1}L"
