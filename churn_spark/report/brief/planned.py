"""What is done today, what it costs and what it should bring."""

from dataclasses import dataclass

import pandas as pd

from churn_spark.report.brief.queries import PLANNED
from churn_spark.report.brief.today import DONE
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, grid
from churn_spark.report.section import Section
from churn_spark.report.units import counted, money
from churn_spark.report.words import whole


@dataclass(frozen=True, slots=True)
class Planned:
    """A row for each action, and who is left alone."""

    actions: Grid
    sentence: str


def planned(facts: Facts) -> Planned | Absent:
    """The interventions of the date."""
    rows = facts[PLANNED]
    if rows.empty:
        return _nothing(facts)
    unit = money(facts.project)
    done = rows[rows["arm"].isin(DONE)].groupby("action")[["customers", "cost"]].sum()
    expected = rows[rows["arm"] == "treated"].groupby("action")["expected_profit"].sum()
    channels = rows.dropna(subset=["channel"]).groupby("action")["channel"].first()
    most = float(done["customers"].max()) if len(done) else 1.0
    lines = [
        (
            Cell(str(action), str(channels.get(action, ""))),
            Cell(whole(line["customers"]), bar=float(line["customers"]) / most),
            whole(line["cost"]),
            whole(expected.get(action)),
        )
        for action, line in done.sort_values("customers", ascending=False, kind="stable").iterrows()
    ]
    headings = (
        "Action",
        "Customers",
        counted("Cost", unit),
        ("Expected", "What it should bring beyond its cost, by the effect that is assumed or was measured."),
    )
    return Planned(grid("Actions", headings, lines), _left_alone(rows))


def _left_alone(rows: pd.DataFrame) -> str:
    """Who gets nothing, and why."""
    by_arm = rows.groupby("arm")["customers"].sum()
    withheld, without = int(by_arm.get("control", 0)), int(by_arm.get("none", 0))
    said = f"{whole(withheld)} are withheld, so that the effect can be measured: please do not contact them."
    nothing = "nothing is planned: no action suits or pays, no room was left, or they are not to be contacted now."
    return f"{said} For {whole(without)} above the line {nothing}" if without else said


def _nothing(facts: Facts) -> Absent:
    if facts.project.interventions is None:
        return Absent("No actions are configured (interventions).")
    if facts.as_of in facts.available.dates("interventions"):
        return Absent("Nobody is above the line, so nothing is done.")
    return Absent(f"The actions of {facts.as_of} were not planned.", facts.how("intervene"))


DOING = Section(
    "actions",
    "What is done",
    planned,
    """
{{ table(content.actions) }}
<p>{{ content.sentence }}</p>
""",
    (PLANNED,),
)
