"""The metrics of a model beside its baselines, and what may honestly be said of them."""

from dataclasses import dataclass
from typing import get_args

import pandas as pd

from churn_spark.definitions.modelling import Family
from churn_spark.report.facts import Facts
from churn_spark.report.words import PERCENT, decimal, missing, percent

FAMILIES = frozenset(get_args(Family))


@dataclass(frozen=True, slots=True)
class Metric:
    """How a metric is told."""

    title: str
    means: str
    digits: int = 3
    share: bool = False

    def told(self, value: float | None) -> str:
        return percent(value) if self.share else decimal(value, self.digits)


JUDGED = ("roc_auc", "average_precision")
"""The metrics a model is judged by against baselines."""

METRICS = {
    "roc_auc": Metric("ROC AUC", "How often a leaver is ranked above a stayer; 0.5 is chance."),
    "average_precision": Metric("Average precision", "Precision averaged over all depths; chance is the base rate."),
    "lift_at_decile": Metric("Lift at 10 %", "Leavers in the riskiest tenth against a random tenth.", 2),
    "precision_at_decile": Metric("Precision at 10 %", "Share of the riskiest tenth that left.", share=True),
    "recall_at_decile": Metric("Recall at 10 %", "Share of all leavers in the riskiest tenth.", share=True),
    "brier_score": Metric("Brier score", "Mean squared error of the probability; smaller is better.", 4),
    "log_loss": Metric("Log loss", "Mean negative log likelihood; smaller is better."),
    "expected_calibration_error": Metric(
        "Calibration error", "Mean gap between predicted and observed rate; smaller is better.", 4
    ),
    "base_rate": Metric("Base rate", "Share that left.", share=True),
    "f1": Metric("F1", "Harmonic mean of precision and recall at the best threshold of the folds."),
    "accuracy": Metric("Accuracy", "Share told right; deceptive where few leave."),
}
"""The metrics the report knows, in the order it tells them."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One metric with its interval; an end is None where none was measured."""

    model: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the model beats the best baseline on a metric: `better`, `tie`, `worse` or `unknown`."""

    metric: str
    model: Measured
    baseline: Measured
    outcome: str


def name(model: str) -> str:
    """A model as a person reads it."""
    return model.replace("_", " ")


def tested(facts: Facts) -> pd.DataFrame:
    """The metrics on the whole untouched test."""
    metrics = facts.metrics
    return metrics[(metrics["scope"] == "test") & (metrics["segment"] == "all")]


def models(facts: Facts) -> list[str]:
    """Models measured on the test: the champion, then other candidates, then baselines."""
    if facts.champion is None:
        return []
    family = facts.champion.family
    return sorted(set(tested(facts)["model"]), key=lambda model: (model != family, model not in FAMILIES, model))


def baselines(facts: Facts) -> list[str]:
    """Models measured on the test that are no fitted family."""
    return [model for model in models(facts) if model not in FAMILIES]


def measured(metrics: pd.DataFrame, model: str, metric: str) -> Measured | None:
    """One metric of one model among rows of one scope and segment; None where it was not measured."""
    rows = metrics[(metrics["model"] == model) & (metrics["metric"] == metric)]
    if rows.empty or missing(rows.iloc[0]["value"]):
        return None
    low, high = (None if missing(rows.iloc[0][end]) else float(rows.iloc[0][end]) for end in ("low", "high"))
    return Measured(model, float(rows.iloc[0]["value"]), low, high)


def verdicts(facts: Facts) -> list[Verdict]:
    """The champion against the best baseline, by every metric measured of both."""
    return [found for metric in JUDGED if (found := _verdict(facts, metric))]


def interval(found: Measured, metric: Metric) -> str:
    """` (95 % interval 0.84 to 0.87)`, or nothing where none was measured."""
    if found.low is None or found.high is None:
        return ""
    return f" (95{PERCENT} interval {metric.told(found.low)} to {metric.told(found.high)})"


def sentence(found: Verdict) -> str:
    """The verdict in words."""
    metric = METRICS[found.metric]
    told = {
        "better": "the model beats the best score without fitting",
        "tie": "the model is not better than a score without fitting within its interval",
        "worse": "the model is worse than a score without fitting",
        "unknown": "it cannot be told, without an interval, whether the model beats a score without fitting",
    }
    mine = f"{metric.told(found.model.value)}{interval(found.model, metric)}"
    theirs = f"{name(found.baseline.model)} reaches {metric.told(found.baseline.value)}"
    by = metric.title if metric.title.isupper() else metric.title.lower()
    return f"By {by}, {told[found.outcome]}: {mine}; {theirs}."


def _verdict(facts: Facts, metric: str) -> Verdict | None:
    """The champion against the best baseline: better only when even the low end of its interval is above it."""
    if facts.champion is None:
        return None
    model = measured(tested(facts), facts.champion.family, metric)
    rivals = [found for rival in baselines(facts) if (found := measured(tested(facts), rival, metric))]
    if model is None or not rivals:
        return None
    best = max(rivals, key=lambda rival: rival.value)
    return Verdict(metric, model, best, _outcome(model, best))


def _outcome(model: Measured, baseline: Measured) -> str:
    if model.low is None or model.high is None:
        return "unknown"
    if model.low > baseline.value:
        return "better"
    return "worse" if model.high < baseline.value else "tie"
