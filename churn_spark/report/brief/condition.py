"""Whether data and model can be relied on today, in a few lines."""

from dataclasses import dataclass

from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, grid
from churn_spark.report.section import Section
from churn_spark.report.sections.health import OVERALL, SIGNALS, STATUSES
from churn_spark.report.words import day, missing

SHOWN = 5
URGENT = ("act", "warn")


@dataclass(frozen=True, slots=True)
class Condition:
    """The verdict, and what asks for attention."""

    verdict: str
    signals: Grid | None


def condition(facts: Facts) -> Condition | Absent:
    """The newest monitoring."""
    rows = facts[SIGNALS]
    if rows.empty:
        return Absent("Data and model were not watched yet.", facts.how("monitor"))
    verdict = rows[rows["signal"] == OVERALL]
    text = "; ".join(str(text) for text in verdict["text"])
    urgent = rows[rows["status"].isin(URGENT) & (rows["signal"] != OVERALL)]
    urgent = urgent.assign(place=urgent["status"].map(STATUSES.index)).sort_values(["place", "signal", "subject"])
    lines = [
        (
            Cell(
                str(row["text"]),
                "" if missing(row["advice"]) else str(row["advice"]),
                "high" if row["status"] == "act" else "medium",
            ),
        )
        for row in urgent.head(SHOWN).to_dict("records")
    ]
    more = f" ({len(urgent) - SHOWN} more are in the report)" if len(urgent) > SHOWN else ""
    return Condition(
        f"At {day(rows['as_of_date'].max())}: {text}.",
        grid(f"What asks for attention{more}", ("Seen, and what to do",), lines) if lines else None,
    )


CONDITION = Section(
    "condition",
    "Data and model",
    condition,
    """
<p>{{ content.verdict }}</p>
{% if content.signals %}
{{ table(content.signals) }}
{% endif %}
""",
    (SIGNALS,),
)
