"""The metrics of a model beside its baselines, and what may honestly be said of them."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from churn_spark.definitions.chance import no_better_than_chance
from churn_spark.definitions.modelling import SEGMENT
from churn_spark.report.facts import Facts
from churn_spark.report.shared_queries import MODEL_METRICS
from churn_spark.report.words import PERCENT, decimal, missing, percent

ALONE = " alone"
"""How the name of a baseline ends."""


@dataclass(frozen=True, slots=True)
class Metric:
    """How a metric is shown."""

    title: str
    means: str
    digits: int = 3
    share: bool = False

    def text(self, value: float | None) -> str:
        return percent(value) if self.share else decimal(value, self.digits)


DECIDING = ("roc_auc", "average_precision")
"""The metrics by which a model is compared with baselines."""

METRICS = {
    "roc_auc": Metric("ROC AUC", "How often a leaver is ranked above a stayer; 0.5 is chance."),
    "average_precision": Metric("Average precision", "Precision averaged over all depths; chance is the base rate."),
    "lift_at_1_percent": Metric("Lift at 1 %", "Leavers in the riskiest hundredth against a random hundredth.", 2),
    "lift_at_5_percent": Metric("Lift at 5 %", "Leavers in the riskiest twentieth against a random twentieth.", 2),
    "lift_at_decile": Metric("Lift at 10 %", "Leavers in the riskiest tenth against a random tenth.", 2),
    "lift_at_20_percent": Metric("Lift at 20 %", "Leavers in the riskiest fifth against a random fifth.", 2),
    "recall_at_1_percent": Metric("Gain at 1 %", "Share of all leavers in the riskiest hundredth.", share=True),
    "recall_at_5_percent": Metric("Gain at 5 %", "Share of all leavers in the riskiest twentieth.", share=True),
    "recall_at_decile": Metric("Gain at 10 %", "Share of all leavers in the riskiest tenth.", share=True),
    "recall_at_20_percent": Metric("Gain at 20 %", "Share of all leavers in the riskiest fifth.", share=True),
    "precision_at_decile": Metric("Precision at 10 %", "Share of the riskiest tenth that left.", share=True),
    "brier_score": Metric("Brier score", "Mean squared error of the probability; smaller is better.", 4),
    "log_loss": Metric("Log loss", "Mean negative log likelihood; smaller is better."),
    "expected_calibration_error": Metric(
        "Calibration error", "Mean gap between predicted and observed rate; smaller is better.", 4
    ),
    "calibration_noise_floor": Metric(
        "Noise floor", "The calibration error that chance alone gives risks that are right.", 4
    ),
    "base_rate": Metric("Base rate", "Share that left.", share=True),
    "threshold_by_f1": Metric("Threshold, by F1", "Raw score from which on a customer is called a leaver.", 4),
    "threshold_by_profit": Metric("Threshold, by profit", "Raw score from which on contacting pays.", 4),
    "threshold_risk": Metric("Risk at the threshold", "The threshold as a risk.", share=True),
    "contacted": Metric("Contacted", "Share of customers from the threshold on.", share=True),
    "profit": Metric("Profit", "Of contacting from the threshold on, per customer watched.", 2),
    "expected_maximum_profit": Metric(
        "Expected maximum profit",
        "Of the threshold best on the test, per customer watched, averaged over what acceptance may be.",
        2,
    ),
    "precision": Metric("Precision", "Share of those from the threshold on that left.", share=True),
    "recall": Metric("Recall", "Share of all leavers from the threshold on.", share=True),
    "f1": Metric("F1", "Harmonic mean of precision and recall at the threshold."),
    "accuracy": Metric("Accuracy", "Share called rightly at the threshold; deceptive where few leave."),
}
"""The metrics the report knows, in the order it shows them."""


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
    return of_scope(facts, "test")


def of_scope(facts: Facts, scope: str) -> pd.DataFrame:
    """The metrics of a scope over all its rows."""
    metrics = facts[MODEL_METRICS]
    return metrics[(metrics["scope"] == scope) & (metrics["segment"] == "all")]


def tested_on(facts: Facts) -> tuple[date, ...]:
    """The snapshots of the untouched test: the dates its metrics are given for; none where customers were held out."""
    parts = parts_of_test(facts)
    return tuple(map(date.fromisoformat, parts)) if facts.project.temporal else ()


def parts_of_test(facts: Facts) -> list[str]:
    """The parts of the untouched test but customer segments: its snapshots, or the one of customers held out."""
    rows = facts[MODEL_METRICS]
    parts = set(rows[(rows["scope"] == "test") & (rows["segment"] != "all")]["segment"])
    return sorted(part for part in parts if not part.startswith(SEGMENT))


def segments_of_test(facts: Facts) -> list[str]:
    """The customer segments that the champion's test was measured for, in the order of their numbers."""
    rows = facts[MODEL_METRICS]
    parts = set(rows[rows["scope"] == "test"]["segment"])
    return sorted((part for part in parts if part.startswith(SEGMENT)), key=lambda part: int(part[len(SEGMENT) :]))


def learnt_from(facts: Facts) -> tuple[date, ...]:
    """The snapshots that the model in force was refitted on; none where its training run left no metrics."""
    return facts.champion.snapshots if facts.champion and len(facts[MODEL_METRICS]) else ()


def models(facts: Facts) -> list[str]:
    """Models measured on the test: the champion, then other candidates, then baselines."""
    if facts.champion is None:
        return []
    family = facts.champion.family
    return sorted(set(tested(facts)["model"]), key=lambda model: (model != family, is_baseline(facts, model), model))


def baselines(facts: Facts) -> list[str]:
    """Models measured on the test that are scores without fitting."""
    return [model for model in models(facts) if is_baseline(facts, model)]


def is_baseline(facts: Facts, model: str) -> bool:
    """Whether a model measured on the test is a score without fitting; rows of earlier versions tell it by its name."""
    rows = tested(facts)
    roles = set(rows[rows["model"] == model]["role"].dropna())
    return "baseline" in roles if roles else model.endswith(ALONE)


def measured(metrics: pd.DataFrame, model: str, metric: str) -> Measured | None:
    """One metric of one model among rows of one scope and segment; None where it was not measured."""
    rows = metrics[(metrics["model"] == model) & (metrics["metric"] == metric)]
    if rows.empty or missing(rows.iloc[0]["value"]):
        return None
    low, high = (None if missing(rows.iloc[0][end]) else float(rows.iloc[0][end]) for end in ("low", "high"))
    return Measured(model, float(rows.iloc[0]["value"]), low, high)


def verdicts(facts: Facts) -> list[Verdict]:
    """The champion against the best baseline, by every metric measured of both."""
    return [verdict for metric in DECIDING if (verdict := _verdict(facts, metric))]


def chance(facts: Facts) -> str:
    """A sentence where the champion is no better than chance on its test or over its folds; else nothing."""
    if facts.champion is None:
        return ""
    family, rows = facts.champion.family, facts[MODEL_METRICS]
    scopes = {
        "on the test": tested(facts),
        "over its folds": rows[(rows["scope"] == "fold") & (rows["segment"] == "all")],
    }
    clauses = []
    for where, of_scope in scopes.items():
        auc, precision, rate = (measured(of_scope, family, metric) for metric in (*DECIDING, "base_rate"))
        if auc and precision and rate:
            clause = no_better_than_chance(auc.value, auc.low, precision.value, rate.value, where)
            clauses += [clause] if clause else []
    if not clauses:
        return ""
    return f"The model {', and '.join(clauses)}. Its ranks and risks say next to nothing of who will leave."


def interval(measured: Measured, metric: Metric) -> str:
    """` (95 % interval 0.84 to 0.87)`, or nothing where none was measured."""
    if measured.low is None or measured.high is None:
        return ""
    return f" (95{PERCENT} interval {metric.text(measured.low)} to {metric.text(measured.high)})"


def sentence(verdict: Verdict) -> str:
    """The verdict in words."""
    metric = METRICS[verdict.metric]
    outcomes = {
        "better": "the model beats the best score without fitting",
        "tie": "the model is not better than a score without fitting within its interval",
        "worse": "the model is worse than a score without fitting",
        "unknown": "without an interval it is not known whether the model beats a score without fitting",
    }
    mine = f"{metric.text(verdict.model.value)}{interval(verdict.model, metric)}"
    theirs = f"{name(verdict.baseline.model)} reaches {metric.text(verdict.baseline.value)}"
    by = metric.title if metric.title.isupper() else metric.title.lower()
    return f"By {by}, {outcomes[verdict.outcome]}: {mine}; {theirs}."


def _verdict(facts: Facts, metric: str) -> Verdict | None:
    """The champion against the best baseline: better only when even the low end of its interval is above it."""
    if facts.champion is None:
        return None
    model = measured(tested(facts), facts.champion.family, metric)
    rivals = [rival for baseline in baselines(facts) if (rival := measured(tested(facts), baseline, metric))]
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
