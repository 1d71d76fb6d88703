"""The alerts of the day by audience."""

import pandas as pd

from churn_spark.report.brief.at_risk import no_alerts
from churn_spark.report.brief.queries import ALERTED
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, grid
from churn_spark.report.section import Section
from churn_spark.report.words import whole

KINDS = {"high_risk": "High risk", "risk_jump": "Risk rose", "silent": "Silent"}


def by_audience(facts: Facts) -> Grid | Absent:
    """Alerts that are sent on, a row for each audience and a column for each kind there is."""
    rows = facts[ALERTED]
    if rows.empty:
        return no_alerts(facts)
    sent = rows[rows["suppressed"].isna()]
    if sent.empty:
        return Absent("No alert is new: all of them are in their cooldown, or withheld.")
    counts = sent.pivot_table(index="audience", columns="kind", values="alerts", aggfunc="sum", fill_value=0)
    kinds = [kind for kind in KINDS if kind in counts]
    most = float(counts.to_numpy().max())
    lines: list[tuple[str | Cell, ...]] = [
        (str(audience), *(Cell(whole(line[kind]), bar=float(line[kind]) / most) for kind in kinds))
        for audience, line in _largest_first(counts)
    ]
    return grid("New alerts", ("Audience", *(KINDS[kind] for kind in kinds)), lines)


def _largest_first(counts: pd.DataFrame) -> list[tuple[object, pd.Series]]:
    order = counts.sum(axis=1).sort_values(ascending=False, kind="stable").index
    return [(audience, counts.loc[audience]) for audience in order]


BY_AUDIENCE = Section("alerts", "Alerts by audience", by_audience, "{{ table(content) }}", (ALERTED,))
