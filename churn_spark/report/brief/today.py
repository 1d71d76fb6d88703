"""The first lines of the brief: how many are at risk today, what has changed, what is done about it."""

from dataclasses import dataclass

import pandas as pd

from churn_spark.report.brief.queries import ALERTED, BEFORE, PLANNED
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent
from churn_spark.report.risk_sums import no_scores, replayed
from churn_spark.report.section import Section
from churn_spark.report.sections.headline import Figure
from churn_spark.report.shared_queries import RISKS
from churn_spark.report.units import money
from churn_spark.report.words import PERCENT, day, percent, whole

DONE = ("treated", "explore")
"""Arms in which something is done."""


@dataclass(frozen=True, slots=True)
class Today:
    """Figures that stand out, and sentences."""

    figures: tuple[Figure, ...]
    sentences: tuple[str, ...]


def today(facts: Facts) -> Today | Absent:
    """The figures of the date beside those of the date before."""
    risks, before = facts[RISKS], facts[BEFORE]
    if risks.empty:
        return no_scores(facts)
    high = risks[risks["tier"] == "high"]
    share = percent(high["customers"].sum() / risks["customers"].sum())
    figures = [
        Figure("at high risk", whole(high["customers"].sum()), f"of {whole(risks['customers'].sum())}, {share}"),
        Figure("expected to leave", whole(risks["risk"].sum()), _change(risks["risk"].sum(), before, "risk")),
    ]
    if risks["expected_loss"].notna().any():
        loss, unit = risks["expected_loss"].sum(), money(facts.project)
        noted = _change(loss, before, "expected_loss")
        figures.append(Figure(f"expected loss{f', {unit}' if unit else ''}", whole(loss), noted))
    return Today((*figures, *_alerts(facts), *_actions(facts)), _sentences(before))


def _change(now: float, before: pd.DataFrame, column: str) -> str:
    """`+3 % since 2017-12-25`; a change that rounds to nothing is said as none."""
    then = before[column].sum() if len(before) else 0
    if not then:
        return "no earlier scores" if before.empty else ""
    change = round((now / then - 1) * 100)
    since = day(before["as_of_date"].max())
    return f"{change:+d}{PERCENT} since {since}" if change else f"as on {since}"


def _alerts(facts: Facts) -> list[Figure]:
    alerts = facts[ALERTED]
    if alerts.empty:
        return []
    sent, recent = alerts[alerts["suppressed"].isna()], alerts[alerts["suppressed"] == "cooldown"]
    return [
        Figure("new alerts", whole(sent["alerts"].sum()), f"{whole(recent['alerts'].sum())} more are known already")
    ]


def _actions(facts: Facts) -> list[Figure]:
    planned = facts[PLANNED]
    if planned.empty:
        return []
    done = planned[planned["arm"].isin(DONE)]
    unit = money(facts.project)
    cost = f"for {whole(done['cost'].sum())}{f' {unit}' if unit else ''}"
    return [Figure("actions", whole(done["customers"].sum()), cost)]


def _sentences(before: pd.DataFrame) -> tuple[str, ...]:
    return () if len(before) else ("These are the first scores: there is nothing to compare them with yet.",)


def warnings(facts: Facts) -> list[str]:
    """What must be known of the scores before anything is done by them."""
    return (
        ["The scores were made by a model that was not in force: a replay, not a forecast."] if replayed(facts) else []
    )


TODAY = Section(
    "today",
    "Today",
    today,
    """
{{ figures(content.figures) }}
{% for sentence in content.sentences %}
<p>{{ sentence }}</p>
{% endfor %}
""",
    (RISKS, BEFORE, ALERTED, PLANNED),
    warnings,
)
