"""The first screen: how many are at risk, what it may cost, and how far to trust it."""

from dataclasses import dataclass

from churn_spark.report import deliveries, metrics
from churn_spark.report.facts import Facts
from churn_spark.report.units import money
from churn_spark.report.words import PERCENT, churn_means, decimal, in_days, long_day, percent, span, whole


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that stands out."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Headline:
    """Figures, the story in sentences, and what the reader must be warned of."""

    figures: tuple[Figure, ...]
    sentences: tuple[str, ...]
    warnings: tuple[str, ...]


def headline(facts: Facts) -> Headline:
    """The first screen of the report."""
    trust, words = _trust(facts)
    return Headline((*_people(facts), *trust), (*_story(facts), *words), tuple(_warnings(facts)))


def _people(facts: Facts) -> list[Figure]:
    risks = facts.risks
    if risks.empty:
        return []
    customers, leaving = risks["customers"].sum(), risks["risk"].sum()
    high = risks[risks["tier"] == "high"]
    found = [
        Figure("customers watched", whole(customers), f"on {long_day(facts.run.as_of)}"),
        Figure(
            "at high risk", whole(high["customers"].sum()), f"{percent(high['customers'].sum() / customers)} of them"
        ),
        Figure("expected to leave", whole(leaving), f"{percent(leaving / customers)}, the sum of all risks"),
    ]
    if risks["expected_loss"].notna().any():
        loss, tall = risks["expected_loss"].sum(), high["expected_loss"].sum()
        share = percent(tall / loss if loss else None)
        note = f"{share} of it in the high tier"
        unit = money(facts.project)
        found.append(Figure("expected loss a year", whole(loss), f"{unit}; {note}" if unit else note))
    return found


def _story(facts: Facts) -> list[str]:
    project = facts.project
    window = project.periods.performance_window(facts.run.as_of)
    act = f" That leaves {in_days(project.periods.gap)} to act." if project.periods.gap else ""
    return [f"Churn means: {churn_means(project)}, here from {span(window)}.{act}"]


def _trust(facts: Facts) -> tuple[list[Figure], list[str]]:
    if facts.champion is None:
        return [], []
    tested, family = metrics.tested(facts), facts.champion.family
    base = metrics.measured(tested, family, "base_rate")
    auc = metrics.measured(tested, family, "roc_auc")
    lift = metrics.measured(tested, family, "lift_at_decile")
    shown, words = [], []
    if base:
        shown.append(Figure("left in the test", percent(base.value), "base rate of dates the model had not seen"))
    if auc:
        shown.append(Figure("ROC AUC", decimal(auc.value), "honest: later dates, whole test"))
        words.append(
            "On later dates that it had not seen, the model put a customer who left above one who stayed"
            f" {_times(auc.value)} times in 100{_between(auc)}; chance is 50."
        )
    if lift:
        words.append(
            f"Its riskiest tenth held {decimal(lift.value, 1)} times as many leavers as a tenth picked at random"
            f"{metrics.interval(lift, metrics.METRICS['lift_at_decile'])}."
        )
    return shown, words


def _times(share: float) -> str:
    return f"{round(share * 100)}"


def _between(found: metrics.Measured) -> str:
    if found.low is None or found.high is None:
        return ""
    return f" (95{PERCENT} interval {_times(found.low)} to {_times(found.high)})"


def _warnings(facts: Facts) -> list[str]:
    found = []
    if facts.risks.empty:
        newest = f" The newest scores are of {max(facts.scored_dates)}." if facts.scored_dates else ""
        found.append(f"There are no scores for {facts.run.as_of}.{newest} Make them with: {facts.how('score')}")
    if facts.champion is None:
        found.append(f"No model is in force on this date. Train one with: {facts.how('train')}")
    found += [metrics.sentence(verdict) for verdict in metrics.verdicts(facts) if verdict.outcome != "better"]
    if facts.replayed:
        found.append("The scores were made by a model that was not in force on this date: a replay, not a forecast.")
    if not facts.project.temporal:
        found.append("Not temporal: the data have one date only, so nothing here was tested on later dates.")
    return found + deliveries.warnings(facts)
