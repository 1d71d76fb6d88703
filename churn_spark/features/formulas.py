"""From partials over windows to features: the formulas of `OPS` as SQL over one customer's row."""

from collections.abc import Iterable

from pyspark.sql import DataFrame

from churn_spark.definitions.features import Feature
from churn_spark.definitions.sources import Source
from churn_spark.features import partials
from churn_spark.features.partials import Partial, Windowed
from churn_spark.features.rhythm import active_days, rhythm


def formula(feature: Feature, source: Source, days_window: int) -> str:
    """SQL of a feature over the columns of `partials.needed`; doubles are made last, from integers.

    days_window: the window of the set of active days.
    """
    if feature.op == "active_days":
        return active_days(feature.window or 0, days_window)
    if partials.is_rhythm(feature):
        return rhythm(feature)
    if feature.op.startswith("weekly_"):
        return _weekly(feature)
    return _plain(feature, source)


def with_deviations(customers: DataFrame, wanted: Iterable[Windowed]) -> DataFrame:
    """Add for each sum of squares the squared deviations from the mean, summed, as a double (`partials.deviations`)."""
    squares = [windowed for windowed in wanted if windowed.partial.kind == "squares"]
    return customers.selectExpr("*", *(f"{_deviations(one)} as `{partials.deviations(one)}`" for one in squares))


def _deviations(squares: Windowed) -> str:
    """From integers moved next to their mean: no digits cancel.

    With q = floor(sum / n) and r = sum - q n, sum((x - mean)^2) = (sumsq - 2 q sum + n q^2) - r^2 / n.
    """
    measure, window = squares.partial.name.removesuffix("_sumsq"), squares.window
    count, total = (_of(measure, kind, window) for kind in ("n", "sum"))
    some = f"nullif({count}, 0L)"
    rest = f"pmod({total}, {some})"
    quotient = f"cast(({total} - {rest}) div {some} as decimal(19, 0))"
    double = f"2 * ({quotient} * cast({total} as decimal(19, 0)))"
    moved = f"`{squares.column}` - {double} + {count} * ({quotient} * {quotient})"
    return f"cast({moved} as double) - cast({rest} as double) * {rest} / {some}"


def _plain(feature: Feature, source: Source) -> str:
    window, measure = feature.window or 0, feature.column or ""
    match feature.op:
        case "count":
            value = _at(partials.EVENTS, window)
        case "sum" | "min" | "max":
            value = _units(_of(measure, feature.op, window), source, measure)
        case "mean":
            value = _units(_ratio(_of(measure, "sum", window), _of(measure, "n", window)), source, measure)
        case "std":
            value = _units(_deviation(measure, window), source, measure)
        case "recency":
            value = _at(partials.AGE, window)
        case "share":
            whole = _of(feature.measure, "sum", window) if feature.measure else _at(partials.EVENTS, window)
            value = _ratio(_at(partials.of_value(feature), window), whole)
        case "trend":
            value = _trend(_at(partials.EVENTS, window), _at(partials.MOMENT, window), window)
        case "ewm":
            # Engines add in different orders: without the last digits their sums are the same, and so are the tables.
            value = f"round(cast({_at(partials.decayed(feature.half_life or 1.0), window)} as double), 9)"
        case unknown:
            raise ValueError(f"{feature.name}: {unknown} is not computed from partials")
    return value


def _at(partial: Partial, window: int) -> str:
    return f"`{partials.column(partial.name, window)}`"


def _of(measure: str, kind: str, window: int) -> str:
    return _at(partials.of_measure(measure, kind), window)


def _units(scaled: str, source: Source, measure: str) -> str:
    return f"cast({scaled} as double) / {10 ** source.measure(measure).scale}D"


def _ratio(part: str, whole: str) -> str:
    return f"try_divide(cast({part} as double), cast({whole} as double))"


def _deviation(measure: str, window: int) -> str:
    """The sample standard deviation."""
    count = _of(measure, "n", window)
    squared = f"`{partials.deviations(Windowed(partials.of_measure(measure, 'sumsq'), window))}`"
    return f"if({count} >= 2, sqrt({squared} / nullif({count} - 1, 0L)), null)"


def _trend(events: str, moment: str, window: int) -> str:
    """With x = -age, the slope is sum((x - mean x) y) / sum((x - mean x)^2); the mean of x is -(n + 1) / 2."""
    if window < 2:
        return "0D"
    return f"cast({window + 1} * {events} - 2 * {moment} as double) * 6D / {window * (window * window - 1)}D"


def _weekly(feature: Feature) -> str:
    window = feature.window or 0
    weeks = partials.weeks(window)
    events = {week: f"coalesce({_at(partials.of_week(week), window)}, 0L)" for week in weeks}
    count = len(weeks)
    if feature.op == "weekly_lag":
        return events[feature.lag or 1]
    if feature.op == "weekly_active":
        return " + ".join(["0L", *(f"if({number} > 0, 1L, 0L)" for number in events.values())])
    if count < 2:
        return "0D"
    # Weeks are numbered back from the as-of date, so their order in time is -week.
    centred = " + ".join(f"ln(1D + {number}) * {count + 1 - 2 * week}D" for week, number in events.items())
    return f"({centred}) * 6D / {count * (count * count - 1)}D"
