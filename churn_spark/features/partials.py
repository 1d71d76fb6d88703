"""Mergeable aggregates: what each operation needs to know of the tiles of a window.

An engine computes each pair of a partial and a window, as a column named by `column`, for every customer and as-of
date; `formulas` turns those columns into features. So every engine gives the same features.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from churn_spark.definitions.features import Feature
from churn_spark.definitions.sources import value_column

WEEK = 7
WORD = 64
"""Days in one integer of the set of active days."""

Kind = Literal["plain", "squares", "moment", "age", "week", "decayed", "days"]


@dataclass(frozen=True, slots=True)
class Partial:
    """An integer (or decimal) of each tile and how two of them merge.

    expression: SQL over the columns of a tile and its `age` (as-of date - event date, days). kind: `plain` and
    `squares` (decimals) are the same at every as-of date; the others depend on the age, each in its own way, with the
    week, half-life or word as their number.
    """

    name: str
    expression: str
    merge: Literal["sum", "min", "max", "bit_or"] = "sum"
    kind: Kind = "plain"
    number: float = 0


@dataclass(frozen=True, slots=True)
class Windowed:
    """A partial over the last `window` days."""

    partial: Partial
    window: int

    @property
    def column(self) -> str:
        return column(self.partial.name, self.window)


EVENTS = Partial("events", "events")
MOMENT = Partial("moment", "events * age", kind="moment")
AGE = Partial("age", "age", "min", kind="age")


def column(partial: str, window: int) -> str:
    """The name of the column that holds a partial over a window."""
    return f"{partial}_{window}d"


def needed(features: Iterable[Feature]) -> tuple[Windowed, ...]:
    """What the features of one source need, each once; first, last, delta, distinct and tenure need other things."""
    listed = tuple(features)
    found = [windowed for feature in listed for windowed in _of(feature)]
    found += [Windowed(word(number), days_window(listed)) for number in range(words(days_window(listed)))]
    return tuple(dict.fromkeys(found))


def of_measure(measure: str, kind: str) -> Partial:
    """A measure's partial of a tile: n, sum, sumsq, min or max."""
    merge: dict[str, Literal["min", "max"]] = {"min": "min", "max": "max"}
    name = f"{measure}_{kind}"
    return Partial(name, f"`{name}`", merge.get(kind, "sum"), "squares" if kind == "sumsq" else "plain")


def deviations(squares: Windowed) -> str:
    """The name of the column made from a window's n, sum and sumsq: squared deviations from the mean, summed."""
    return column(squares.partial.name.removesuffix("_sumsq") + "_deviations", squares.window)


def of_value(feature: Feature) -> Partial:
    """The events (or the sum of the measure) with the feature's value of its category."""
    name = value_column(feature.column or "", feature.value or "", feature.measure)
    return Partial(name, f"`{name}`")


def of_week(week: int) -> Partial:
    """The events of one week, 1 is the latest; not windows of 7, 14, ... days, which would cut more rings."""
    first, last = WEEK * (week - 1) + 1, WEEK * week
    return Partial(f"week{week}", f"if(age between {first} and {last}, events, 0L)", kind="week", number=week)


def decayed(half_life: float, age: str = "age") -> Partial:
    """Events weighted by age, in decimals: a sum of doubles would depend on the order of rows."""
    weight = f"cast(pow(0.5D, {age} / {half_life!r}D) as decimal(19, 18))"
    expression = f"cast(events as decimal(19, 0)) * {weight}"
    # Without a dot, which Spark would take for a field's.
    name = f"decayed_{half_life!r}".replace(".", "_")
    return Partial(name, expression, kind="decayed", number=half_life)


def word(number: int) -> Partial:
    """Part of the set of active days: bit b of word w stands for the day of age 64 w + b + 1."""
    bit = f"shiftleft(1L, cast((age - 1) % {WORD} as int))"
    name = f"days_word{number}"
    return Partial(name, f"if((age - 1) div {WORD} = {number}, {bit}, 0L)", "bit_or", "days", number)


def words(window: int) -> int:
    """How many words hold the active days of a window."""
    return -(-window // WORD)


def days_window(features: Iterable[Feature]) -> int:
    """The longest window whose set of active days is needed; 0 for none."""
    return max((f.window or 0 for f in features if f.op == "active_days" or is_rhythm(f)), default=0)


def is_rhythm(feature: Feature) -> bool:
    """Whether a feature is computed from the differences of consecutive active days."""
    return feature.op.startswith(("interval_", "overdue_"))


def weeks(window: int) -> range:
    """The numbers of the whole weeks of a window, 1 is the latest."""
    return range(1, window // WEEK + 1)


def _of(feature: Feature) -> list[Windowed]:
    window, op, measure = feature.window or 0, feature.op, feature.column or ""
    if op.startswith("weekly_"):
        return [Windowed(of_week(week), window) for week in ([feature.lag] if feature.lag else weeks(window))]
    whole = of_measure(feature.measure, "sum") if feature.measure else EVENTS
    by_op = {
        "count": [EVENTS],
        "sum": [of_measure(measure, "sum")],
        "mean": [of_measure(measure, kind) for kind in ("n", "sum")],
        "std": [of_measure(measure, kind) for kind in ("n", "sum", "sumsq")],
        "min": [of_measure(measure, "min")],
        "max": [of_measure(measure, "max")],
        "recency": [AGE],
        "share": [of_value(feature), whole],
        "trend": [EVENTS, MOMENT],
        "ewm": [decayed(feature.half_life or 1.0)],
    }
    return [Windowed(partial, window) for partial in by_op.get(op, [])]
