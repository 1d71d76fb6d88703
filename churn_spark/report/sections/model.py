"""How well the model does on customers and dates it had not seen, beside scores that need no fitting."""

from dataclasses import dataclass

import pandas as pd

from churn_spark.report import metrics, model_charts
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, Picture, grid
from churn_spark.report.metrics import METRICS
from churn_spark.report.model_tables import COMPARED, backtest, by_segment, by_snapshot, cell, heading, scopes
from churn_spark.report.query import Query
from churn_spark.report.section import Section
from churn_spark.report.sections.selection import FEATURES, Selection, selection
from churn_spark.report.shared_queries import MODEL_METRICS, of_training


@dataclass(frozen=True, slots=True)
class Performance:
    """Verdicts in words, models and scopes side by side, backtest, test by part, features, pictures."""

    sentences: tuple[str, ...]
    models: Grid
    scopes: Grid
    backtest: Grid | None
    by_snapshot: Grid | None
    by_segment: Grid | None
    features: Selection | None
    pictures: tuple[Picture, ...]


BESIDE = {
    "naive": "naive: rows split at random, do not trust",
    "plain": "with the customers who were acted upon, each counted once",
}
"""Scopes that stand beside the test, with what they mean."""
CURVES = Query(
    "curves",
    ("model", "curve", "position", "x", "y", "rows", "label"),
    lambda available: {"model_curves": available.until("model_curves")},
    lambda facts, tables: of_training(facts, tables["model_curves"]),
)
"""Points of the curves that the training run of the model in force drew."""


def performance(facts: Facts) -> Performance | Absent:
    """The model on its untouched test."""
    if facts.champion is None:
        return Absent("No model is in force on this date.", facts.how("train"))
    if metrics.tested(facts).empty:
        version = facts.champion.version
        return Absent(
            f"The training run of version {version} left no metrics of a test in model_metrics.", facts.how("train")
        )
    verdicts = metrics.verdicts(facts)
    sentences = [metrics.sentence(verdict) for verdict in verdicts]
    if not verdicts:
        sentences.append("No score without fitting was measured on the same test, so the figures stand alone.")
    return Performance(
        (*sentences, *_naive(facts), *_plain(facts), *_caveats(facts)),
        _models(facts),
        scopes(facts),
        backtest(facts),
        by_snapshot(facts),
        by_segment(facts),
        selection(facts),
        tuple(_pictures(facts)),
    )


def _naive(facts: Facts) -> list[str]:
    family = facts.champion.family if facts.champion else ""
    naive = metrics.of_scope(facts, "naive")
    flattering = metrics.measured(naive, family, "roc_auc")
    honest = metrics.measured(metrics.tested(facts), family, "roc_auc")
    if flattering is None or honest is None:
        return []
    text = METRICS["roc_auc"].text
    why = "then copies of the same customer sit on both sides. Only the honest figure tells what to expect."
    if flattering.value <= honest.value:
        why = "usually that flatters, because copies of the same customer sit on both sides; here it does not show."
    return [
        f"Splitting the same rows at random would have promised a ROC AUC of {text(flattering.value)} instead of"
        f" {text(honest.value)}: {why}"
    ]


def _plain(facts: Facts) -> list[str]:
    if metrics.of_scope(facts, "plain").empty:
        return []
    return [
        "Customers who were acted upon are left out of the test, and those withheld by chance count for them: whom an"
        " action kept would look like a false alarm. The figures with them stand beside."
    ]


def _caveats(facts: Facts) -> list[str]:
    more = "newer dates" if facts.project.temporal else "the customers held out"
    caveats = [f"These figures belong to the model as tested; the one in force learnt the same way from {more} too."]
    if sum(not metrics.is_baseline(facts, model) for model in metrics.models(facts)) > 1:
        where = (
            "over the folds and in the backtest"
            if "backtest" in set(facts[MODEL_METRICS]["scope"])
            else "over the folds"
        )
        caveats.append(f"Of the candidates the winner was chosen {where}; the test chose nothing.")
    return caveats


def _models(facts: Facts) -> Grid:
    tested = metrics.tested(facts)
    shown = [metric for metric in COMPARED if metric in set(tested["metric"])]
    rows: list[list[Cell]] = [
        [Cell(metrics.name(model), _role(facts, model)), *(cell(tested, model, metric) for metric in shown)]
        for model in metrics.models(facts)
    ]
    for scope, means in BESIDE.items():
        figures = metrics.of_scope(facts, scope)
        for model in sorted(set(figures["model"])):
            title = Cell(metrics.name(model), means, "naive")
            rows.append([title, *(cell(figures, model, metric) for metric in shown)])
    return grid("On the untouched test, with 95 % intervals", ["Model", *map(heading, shown)], rows)


def _pictures(facts: Facts) -> list[Picture]:
    family = facts.champion.family if facts.champion else ""
    order = metrics.models(facts)
    curves = facts[CURVES].assign(model=facts[CURVES]["model"].map(lambda model: metrics.name(str(model))))
    names, here = (
        [metrics.name(model) for model in order],
        set(curves[curves["model"] == metrics.name(family)]["curve"]),
    )
    base = metrics.measured(metrics.tested(facts), family, "base_rate")
    pictures = [_intervals(facts)]
    if "roc" in here:
        caption = (
            "How many leavers are found for the stayers contacted in vain. The further above the diagonal, the better."
        )
        pictures.append(Picture(model_charts.roc(curves, names), "ROC curve", caption))
    if "precision_recall" in here:
        caption = "How many of those contacted really leave. Read it at the number you can afford to contact."
        picture = model_charts.precision_recall(curves, names, base.value if base else None)
        pictures.append(Picture(picture, "Precision and recall", caption))
    if "gain" in here:
        caption = "Contact the riskiest tenth (0.1 across): the height is the share of all leavers among them."
        pictures.append(Picture(model_charts.gain(curves, names), "Cumulative gain", caption))
    if "reliability" in here:
        caption = "On the diagonal, of customers with a risk of 30 %, 30 % leave. Below it, the model cries wolf."
        pictures.append(Picture(model_charts.reliability(curves, names), "Reliability of the risks", caption))
    if "importance" in here:
        caption = "What the model leans on most. Importance is not cause: changing a feature need not keep a customer."
        pictures.append(Picture(model_charts.importances(curves, metrics.name(family)), "Most used features", caption))
    return pictures


def _intervals(facts: Facts) -> Picture:
    family = facts.champion.family if facts.champion else ""
    tested, naive = metrics.tested(facts), metrics.of_scope(facts, "naive")
    kinds = {
        model: "champion" if model == family else "baseline" if metrics.is_baseline(facts, model) else "candidate"
        for model in metrics.models(facts)
    }
    measured = [(metrics.measured(tested, model, "roc_auc"), kind, "") for model, kind in kinds.items()]
    measured += [(metrics.measured(naive, family, "roc_auc"), "naive", " (naive)")]
    rows = [(metrics.name(m.model) + suffix, m.value, m.low, m.high, kind) for m, kind, suffix in measured if m]
    figures = pd.DataFrame(rows, columns=["name", "value", "low", "high", "kind"])
    caption = (
        "Dots are measured, bars are 95 % intervals, all over the same customers. The model is called better than a"
        " simple score where its whole bar lies beyond the other's dot."
    )
    picture = model_charts.intervals(figures, list(figures["name"]), "ROC AUC")
    return Picture(picture, "The model beside simple scores", caption)


def _role(facts: Facts, model: str) -> str:
    if facts.champion and model == facts.champion.family:
        return f"in force, version {facts.champion.version}"
    return "no fitting" if metrics.is_baseline(facts, model) else "also tried"


MODEL = Section(
    "model",
    "How far to trust the model",
    performance,
    """
{% for sentence in content.sentences %}
<p>{{ sentence }}</p>
{% endfor %}
{{ table(content.models) }}
<div class="pictures">
{% for picture in content.pictures %}
{{ figure(picture) }}
{% endfor %}
{% if content.features and content.features.picture %}
{{ figure(content.features.picture) }}
{% endif %}
</div>
<details>
  <summary>What each split says, the backtest, and the test part by part</summary>
  {{ table(content.scopes) }}
  {% if content.backtest %}
  {{ table(content.backtest) }}
  {% endif %}
  {% if content.by_snapshot %}
  {{ table(content.by_snapshot) }}
  {% endif %}
  {% if content.by_segment %}
  {{ table(content.by_segment) }}
  {% endif %}
</details>
{% if content.features %}
<details>
  <summary>{{ content.features.sentence }}</summary>
  {% if content.features.dropped %}
  {{ table(content.features.dropped) }}
  {% endif %}
</details>
{% endif %}
""",
    (MODEL_METRICS, CURVES, FEATURES),
)
