"""From which risk on contacting pays, and what it would have brought on the untouched test."""

from dataclasses import dataclass

from churn_spark.definitions.economics import Economics
from churn_spark.report import metrics, profit_chart
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, Picture, grid
from churn_spark.report.metrics import METRICS, Measured
from churn_spark.report.section import Section
from churn_spark.report.sections.model import CURVES
from churn_spark.report.shared_queries import MODEL_METRICS
from churn_spark.report.units import counted, money
from churn_spark.report.words import amount, missing, percent, whole

SHOWN = ("contacted", "precision", "recall", "profit", "expected_maximum_profit")


@dataclass(frozen=True, slots=True)
class Profit:
    """What contacting pays in sentences, by model, and as a picture where the curve was kept."""

    sentences: tuple[str, ...]
    models: Grid
    picture: Picture | None


def profit(facts: Facts) -> Profit | Absent:
    """The threshold by money with what it brings, or that there is none."""
    if facts.champion is None:
        return Absent("No model is in force on this date.", facts.how("train"))
    family = facts.champion.family
    rows = facts[MODEL_METRICS]
    folds = rows[(rows["scope"] == "fold") & (rows["segment"] == "all") & (rows["model"] == family)]
    if not (folds["metric"] == "threshold_by_profit").any():
        return Absent(
            "The model in force knows no economics: its threshold is the one with the best F1 over the folds, whatever"
            " a contact costs and a customer is worth. With the group economics in the configuration, training chooses"
            " it by profit, and this part says from which risk on contacting pays.",
            facts.how("train"),
        )
    from_risk = metrics.measured(folds, family, "threshold_risk")
    curve = facts[CURVES][(facts[CURVES]["curve"] == "profit")]
    return Profit(
        (*_threshold(facts, from_risk), *_assumed(facts)),
        _models(facts),
        _picture(facts) if len(curve) else None,
    )


def _threshold(facts: Facts, from_risk: Measured | None) -> list[str]:
    if from_risk is None:
        return ["Over the folds no contact paid, so the threshold leaves everybody alone."]
    folds = f"Contacting pays from a risk of {percent(from_risk.value)} on"
    folds += f"{metrics.interval(from_risk, METRICS['threshold_risk'])}: there the folds earned most."
    tested, family = metrics.tested(facts), facts.champion.family if facts.champion else ""
    share, right, earned = (metrics.measured(tested, family, name) for name in ("contacted", "precision", "profit"))
    if share is None or earned is None:
        return [folds]
    unit = money(facts.project, _economics(facts))
    left = f", of whom {percent(right.value)} left" if right else ""
    sums = [end * 1000 for end in (earned.value, earned.low, earned.high) if end is not None and not missing(end)]
    between = f" (95\u00a0% interval {whole(sums[1])} to {whole(sums[2])})" if len(sums) == 3 else ""
    brought = "brought" if sums[0] >= 0 else "cost more than it brought:"
    return [
        folds,
        f"On the untouched test that is {percent(share.value)} of the customers{left}. Contacting them would have"
        f" {brought} {whole(sums[0])}{f' {unit}' if unit else ''}{between} on each date for every 1,000 customers"
        " watched.",
    ]


def _assumed(facts: Facts) -> list[str]:
    economics = facts.project.training.economics
    if economics is None:
        return ["The configuration of today has no economics any more; the next training chooses by F1 again."]
    known = f", give or take {percent(economics.deviation, 0)}" if economics.deviation else ""
    return [
        f"Assumed, not measured: a leaver who stays is worth {economics.value}; a contact costs"
        f" {amount(economics.contact_cost)}, the incentive {amount(economics.incentive_cost)} for whoever takes it;"
        f" {percent(economics.acceptance, 0)}{known} of the leavers contacted take it and stay, and all of the"
        f" stayers take it.{_arithmetic(economics)} Whether contacting changes anything, only leaving some alone at"
        " random can tell."
    ]


def _arithmetic(economics: Economics) -> str:
    """From which risk on contacting pays if all risks are right; known only where all customers have one value."""
    try:
        risk = economics.break_even(float(economics.value))
    except ValueError:
        return ""
    return "" if risk is None else f" By that alone, contacting would pay from a risk of {percent(risk)} on."


def _models(facts: Facts) -> Grid:
    tested = metrics.tested(facts)
    unit = money(facts.project, _economics(facts))
    headings = [
        (counted(METRICS[name].title, unit) if name in SHOWN[3:] else METRICS[name].title, METRICS[name].means)
        for name in SHOWN
    ]
    rows: list[list[Cell]] = [
        [Cell(metrics.name(model)), *(_cell(metrics.measured(tested, model, name), name) for name in SHOWN)]
        for model in metrics.models(facts)
    ]
    return grid("What contacting would have brought on the untouched test", ["Model", *headings], rows)


def _cell(measured: Measured | None, name: str) -> Cell:
    if measured is None:
        return Cell("–")
    text = METRICS[name].text
    ends = measured.low is not None and measured.high is not None
    return Cell(text(measured.value), f"{text(measured.low)} to {text(measured.high)}" if ends else "")


def _picture(facts: Facts) -> Picture:
    tested, family = metrics.tested(facts), facts.champion.family if facts.champion else ""
    curves = facts[CURVES].assign(model=facts[CURVES]["model"].map(lambda model: metrics.name(str(model))))
    share, earned = (metrics.measured(tested, family, name) for name in ("contacted", "profit"))
    chosen = (share.value, earned.value) if share and earned else None
    names = [metrics.name(model) for model in metrics.models(facts)]
    caption = (
        "What contacting would have brought on the test, by how many are contacted, riskiest first; the dot is the"
        " threshold in force. Where the top is flat, a few more or fewer contacts make no difference."
    )
    drawn = profit_chart.profit(curves, names, chosen, money(facts.project, _economics(facts)))
    return Picture(drawn, "Profit of contacting", caption)


def _economics(facts: Facts) -> str | None:
    economics: Economics | None = facts.project.training.economics
    return economics.value if economics else None


PROFIT = Section(
    "profit",
    "Whom to contact, and what it pays",
    profit,
    """
{% for sentence in content.sentences %}
<p>{{ sentence }}</p>
{% endfor %}
{{ table(content.models) }}
{% if content.picture %}
<div class="pictures">
{{ figure(content.picture) }}
</div>
{% endif %}
""",
    (MODEL_METRICS, CURVES),
)
