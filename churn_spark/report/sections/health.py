"""Whether data and model are still what they were: the newest monitoring, worst first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
from markupsafe import Markup
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.report.canvas import ACCENT, HIGH, MEDIUM, drawing, format_ticks, svg
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, Picture, grid
from churn_spark.report.query import Query
from churn_spark.report.section import Section
from churn_spark.report.words import NOTHING, day

STATUSES = ("act", "warn", "unknown", "ok")
"""The worst first."""
DRIFT = "psi"
OVERALL = "overall"
MOST = 40
"""Signals that are shown; the table has the others."""
FEATURES = 10
"""Features in the picture, those that drifted the furthest."""
COLOURS = {"act": HIGH, "warn": MEDIUM}


@dataclass(frozen=True, slots=True)
class Health:
    """A sentence, the signals that ask for attention, and how far features drifted."""

    sentence: str
    table: Grid | None
    picture: Picture | None


def _rows(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    return tables["monitoring"].where((F.col("status") != "ok") | F.col("signal").isin(DRIFT, OVERALL))


SIGNALS = Query(
    "health",
    ("as_of_date", "signal", "subject", "status", "value", "text", "advice"),
    lambda available: {"monitoring": (newest,) if (newest := available.newest("monitoring")) else ()},
    _rows,
)
"""Signals of the newest monitoring that are not well, the drift of every feature, and the verdict."""


def health(facts: Facts) -> Health | Absent:
    """What monitoring saw last."""
    rows = facts[SIGNALS]
    if rows.empty:
        return Absent("Data and model were not watched yet.", facts.how("monitor"))
    watched = _date(rows)
    verdict = rows[rows["signal"] == OVERALL]
    text = str(verdict["text"].iloc[0]) if len(verdict) else "the verdict is missing"
    status = str(verdict["status"].iloc[0]) if len(verdict) else NOTHING
    return Health(f"At {day(watched)}: {status}; {text}.", _table(rows), _picture(rows))


def _date(rows: pd.DataFrame) -> date:
    found: date = rows["as_of_date"].max()
    return found


def _table(rows: pd.DataFrame) -> Grid | None:
    shown = rows[(rows["status"] != "ok") & (rows["signal"] != OVERALL)]
    if shown.empty:
        return None
    order = shown.assign(place=shown["status"].map(STATUSES.index)).sort_values(["place", "signal", "subject"])
    cells = [
        (
            Cell(str(row["status"]), kind={"act": "tier high", "warn": "tier medium"}.get(str(row["status"]), "")),
            Cell(str(row["signal"]).replace("_", " "), str(row["subject"])),
            Cell(str(row["text"]), kind="long"),
            Cell(str(row["advice"] or NOTHING), kind="long"),
        )
        for row in order.head(MOST).to_dict("records")
    ]
    caption = "What asks for attention, worst first"
    if len(order) > MOST:
        caption += f"; {len(order) - MOST} more are in the table monitoring"
    return grid(caption, ("Status", "Signal", "What was seen", "What to do"), cells, words=(0, 1, 2, 3))


def _picture(rows: pd.DataFrame) -> Picture | None:
    drifted = rows[(rows["signal"] == DRIFT) & rows["value"].notna()]
    if drifted.empty:
        return None
    top = drifted.assign(value=drifted["value"].astype(float)).sort_values(
        ["value", "subject"], ascending=[False, True]
    )
    first = top.head(FEATURES).iloc[::-1]
    caption = (
        "The population stability index of the features that moved the furthest from the reference. By custom below 0.1"
        " is stable; limits are higher where there are few customers, or where the past moved as much."
    )
    drawn = _bars(list(first["subject"]), list(first["value"]), list(first["status"]))
    return Picture(drawn, "How far features drifted", caption)


def _bars(names: Sequence[str], values: Sequence[float], statuses: Sequence[str]) -> Markup:
    with drawing(0.9 + 0.26 * len(names)) as (figure, axes):
        colours = [COLOURS.get(status, ACCENT) for status in statuses]
        axes.barh(range(len(names)), values, color=colours)
        axes.set_yticks(range(len(names)), names)
        axes.set_xlim(0, max(*values, 0.1) * 1.05)
        format_ticks(axes.xaxis, lambda value: f"{value:g}", most=4)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("stability index")
        return svg(figure, "drift", f"Drift of {len(names)} features, at most {max(values):.2f}")


def verdicts(facts: Facts) -> list[str]:
    """For the first screen: that something is at act."""
    rows = facts[SIGNALS]
    found = rows[(rows["signal"] == OVERALL) & (rows["status"] == "act")]
    return [f"Monitoring of {day(_date(rows))}: {text}." for text in found["text"]]


HEALTH = Section(
    "health",
    "Whether data and model are still what they were",
    health,
    """
<p>{{ content.sentence }}</p>
{% if content.table %}{{ table(content.table) }}{% endif %}
{% if content.picture %}{{ figure(content.picture) }}{% endif %}
""",
    (SIGNALS,),
    verdicts,
)
