"""The first screen: how many are at risk, what it may cost, and how far to trust it."""

from dataclasses import dataclass

from churn_spark.report import metrics
from churn_spark.report.facts import Facts
from churn_spark.report.risk_sums import replayed
from churn_spark.report.section import Section
from churn_spark.report.shared_queries import MODEL_METRICS, RISKS
from churn_spark.report.units import money
from churn_spark.report.words import PERCENT, churn_means, decimal, in_days, long_day, percent, span, whole

SAME = 1e-9
"""Risks that differ by no more than this are taken as equal."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that stands out."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Headline:
    """Figures, and the story in sentences."""

    figures: tuple[Figure, ...]
    sentences: tuple[str, ...]


def headline(facts: Facts) -> Headline:
    """The figures and sentences of the first screen."""
    trust, words = _trust(facts)
    return Headline((*_people(facts), *trust), (*_story(facts), *words))


def warnings(facts: Facts) -> list[str]:
    """What the reader must know of scores and model before anything else."""
    warned = []
    if facts[RISKS].empty:
        scored = facts.available.dates("risk_scores")
        newest = f" The newest scores are of {max(scored)}." if scored else ""
        warned.append(f"There are no scores for {facts.as_of}.{newest} Make them with: {facts.how('score')}")
    if facts.champion is None:
        warned.append(f"No model is in force on this date. Train one with: {facts.how('train')}")
    if none := metrics.chance(facts):
        warned.append(none)
    if _all_alike(facts):
        warned.append(
            "Every customer has the same risk, the base rate: the model's score does not order its own folds."
        )
    warned += [metrics.sentence(verdict) for verdict in metrics.verdicts(facts) if verdict.outcome != "better"]
    if replayed(facts):
        warned.append("The scores were made by a model that was not in force on this date: a replay, not a forecast.")
    if not facts.project.temporal:
        warned.append(
            "Not temporal: the data have one date only, so nothing here was tested on later dates. The model in force"
            " learnt from these customers too, as far as they have a label."
        )
    return warned


def _people(facts: Facts) -> list[Figure]:
    risks = facts[RISKS]
    if risks.empty:
        return []
    customers, leaving = risks["customers"].sum(), risks["risk"].sum()
    high = risks[risks["tier"] == "high"]
    figures = [
        Figure("customers watched", whole(customers), f"on {long_day(facts.as_of)}"),
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
        figures.append(Figure("expected loss a year", whole(loss), f"{unit}; {note}" if unit else note))
    return figures


def _story(facts: Facts) -> list[str]:
    project = facts.project
    if not project.temporal:
        return [f"Churn means: {churn_means(project)}."]
    window = project.periods.performance_window(facts.as_of)
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
    temporal = facts.project.temporal
    unseen = "dates" if temporal else "customers"
    if base:
        shown.append(Figure("left in the test", percent(base.value), f"base rate of {unseen} the model had not seen"))
    if auc:
        note = "honest: later dates, whole test" if temporal else "customers held out, not temporal"
        shown.append(Figure("ROC AUC", decimal(auc.value), note))
        words.append(
            f"On {'later dates' if temporal else 'customers'} that it had not seen, the model put a customer who left"
            " above one who stayed"
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


def _between(measured: metrics.Measured) -> str:
    if measured.low is None or measured.high is None:
        return ""
    return f" (95{PERCENT} interval {_times(measured.low)} to {_times(measured.high)})"


def _all_alike(facts: Facts) -> bool:
    """Whether all customers have one risk."""
    means = facts[RISKS]["risk"] / facts[RISKS]["customers"]
    return facts[RISKS]["customers"].sum() > 1 and float(means.max() - means.min()) < SAME


HEADLINE = Section(
    "headline",
    "Headline",
    headline,
    """
{% if content.figures %}
<dl class="figures">
  {% for figure in content.figures %}
  <div>
    <dt>{{ figure.label }}</dt>
    <dd><strong>{{ figure.value }}</strong><span>{{ figure.note }}</span></dd>
  </div>
  {% endfor %}
</dl>
{% endif %}
{% for sentence in content.sentences %}
<p class="lead">{{ sentence }}</p>
{% endfor %}
""",
    (RISKS, MODEL_METRICS),
    warnings,
)
