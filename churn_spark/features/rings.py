"""Aggregates tiles over several windows of each as-of date, in one pass and one shuffle.

The edges of all windows cut the ages of tiles into disjoint rings. Tiles are brought together by customer as they are
(narrow), aggregated into their ring once, and every window is a merge of the few ring rows it covers. A customer has at
most one tile a day and knowledge date, so no customer is large, however many events it has. With several as-of dates a
tile goes to each of those that see it.

Expressions are written as SQL text: a snapshot has hundreds of them, and each call into the JVM costs.
"""

from collections.abc import Collection
from datetime import date
from itertools import pairwise

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.features.partials import Windowed

KEY = ("customer_id", "as_of_date")


def seen_at(rows: DataFrame, dates: Collection[date], window: int) -> DataFrame:
    """The rows of the window of `window` days of each as-of date, once for each that sees them.

    rows: event_date, known_from. Adds as_of_date and `age` (as_of_date - event_date, 1 to window).
    """
    listed = ", ".join(f"DATE'{day}'" for day in sorted(dates))
    reach = f"known_from <= DATE'{max(dates)}' and event_date >= date_sub(DATE'{min(dates)}', {window})"
    aged = rows.where(reach).selectExpr("*", f"explode(array({listed})) as as_of_date")
    aged = aged.selectExpr("*", "date_diff(as_of_date, event_date) as age")
    return aged.where(f"known_from <= as_of_date and age <= {window}")


def over_windows(tiles: DataFrame, wanted: Collection[Windowed]) -> DataFrame:
    """One row a customer and as-of date with a column for each partial and window; null where a window holds no tile.

    tiles: of one source, with as_of_date and `age` (see `seen_at`), all within the longest window.
    """
    partials = tuple(dict.fromkeys(windowed.partial for windowed in wanted))
    edges = sorted({windowed.window for windowed in wanted})
    values = [f"{partial.expression} as `{partial.name}`" for partial in partials]
    merged = [F.expr(f"{partial.merge}(`{partial.name}`) as `{partial.name}`") for partial in partials]
    rings = (
        tiles.selectExpr(*KEY, f"{ring(edges)} as ring", *values).repartition(*KEY).groupBy(*KEY, "ring").agg(*merged)
    )
    return rings.groupBy(*KEY).agg(*(F.expr(_over_rings(windowed, edges)) for windowed in wanted))


def ring(edges: Collection[int]) -> str:
    """SQL of the number of a tile's ring: 0 for ages up to the smallest edge, 1 up to the next, and so on."""
    cases = (f"when age <= {outer} then {number}" for number, (_, outer) in enumerate(pairwise([0, *sorted(edges)])))
    return f"case {' '.join(cases)} end"


def within(window: int, edges: Collection[int]) -> str:
    """SQL of whether a ring lies in a window."""
    return f"ring <= {sorted(edges).index(window)}"


def _over_rings(windowed: Windowed, edges: Collection[int]) -> str:
    value = f"if({within(windowed.window, edges)}, `{windowed.partial.name}`, null)"
    return f"{windowed.partial.merge}({value}) as `{windowed.column}`"
