"""How well the model does on customers and dates it had not seen, beside scores that need no fitting."""

from dataclasses import dataclass

import pandas as pd

from churn_spark.report import metrics, model_charts
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, Picture, grid
from churn_spark.report.metrics import FAMILIES, METRICS, Measured
from churn_spark.report.risk_charts import churn_rates
from churn_spark.report.words import day, percent, whole

COMPARED = (
    "roc_auc",
    "average_precision",
    "lift_at_decile",
    "recall_at_decile",
    "brier_score",
    "expected_calibration_error",
)


@dataclass(frozen=True, slots=True)
class Rates:
    """The churn rate of every snapshot with labels."""

    picture: Picture
    table: Grid


@dataclass(frozen=True, slots=True)
class Performance:
    """Verdicts in words, models side by side, scopes side by side, test by snapshot, pictures."""

    sentences: tuple[str, ...]
    models: Grid
    scopes: Grid
    by_snapshot: Grid | None
    pictures: tuple[Picture, ...]


def rates(facts: Facts) -> Rates | Absent:
    """The share that left, snapshot by snapshot, and who got no label."""
    rows = facts.snapshots
    if rows.empty or not rows["labelled"].sum():
        matured = facts.project.periods.newest_matured(facts.run.as_of)
        why = f"No snapshot has labels yet; snapshots up to {matured} are old enough to have some."
        return Absent(why, facts.how("build_labels"))
    tested = facts.champion.tested_on if facts.champion else ()
    caption = (
        "The base rate a model has to live with. A rate that moves with the seasons, or jumps, says that the past"
        " teaches the present less. The snapshots marked as test were kept from training until the model had been"
        " judged on them."
    )
    headings = ("As-of date", "Customers", "With a label", "Left", "Churn rate", ("No label", "Excluded, by reason."))
    cells = [
        (
            Cell(day(row["as_of_date"]), "test" if row["as_of_date"] in tested else ""),
            *(Cell(whole(row[count])) for count in ("customers", "labelled", "churned")),
            Cell(percent(row["churned"] / row["labelled"] if row["labelled"] else None)),
            Cell(str(row["excluded"]) or "none", kind="long"),
        )
        for row in rows.sort_values("as_of_date", ascending=False).to_dict("records")
    ]
    picture = Picture(churn_rates(rows, tested), "Churn rate by snapshot", caption)
    return Rates(picture, grid("Snapshots with labels", headings, cells, words=(0, 5)))


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
    sentences = [metrics.sentence(found) for found in verdicts]
    if not verdicts:
        sentences.append("No score without fitting was measured on the same test, so the figures stand alone.")
    return Performance(
        (*sentences, *_naive(facts), *_caveats(facts)),
        _models(facts),
        _scopes(facts),
        _by_snapshot(facts),
        tuple(_pictures(facts)),
    )


def _naive(facts: Facts) -> list[str]:
    family = facts.champion.family if facts.champion else ""
    naive = facts.metrics[facts.metrics["scope"] == "naive"]
    flattering = metrics.measured(naive, family, "roc_auc")
    honest = metrics.measured(metrics.tested(facts), family, "roc_auc")
    if flattering is None or honest is None:
        return []
    told = METRICS["roc_auc"].told
    why = "then copies of the same customer sit on both sides. Only the honest figure tells what to expect."
    if flattering.value <= honest.value:
        why = "usually that flatters, because copies of the same customer sit on both sides; here it does not show."
    return [
        f"Splitting the same rows at random would have promised a ROC AUC of {told(flattering.value)} instead of"
        f" {told(honest.value)}: {why}"
    ]


def _caveats(facts: Facts) -> list[str]:
    tried = [model for model in metrics.models(facts) if model in FAMILIES]
    found = ["These figures belong to the model as tested; the one in force learnt the same way from newer dates too."]
    if len(tried) > 1:
        found[0] += f" {len(tried)} candidates were compared on this test, so the winner's figures flatter it a little."
    return found


def _models(facts: Facts) -> Grid:
    tested = metrics.tested(facts)
    shown = [metric for metric in COMPARED if metric in set(tested["metric"])]
    rows: list[list[Cell]] = [
        [Cell(metrics.name(model), _role(facts, model)), *(_cell(tested, model, metric) for metric in shown)]
        for model in metrics.models(facts)
    ]
    naive = facts.metrics[facts.metrics["scope"] == "naive"]
    for model in sorted(set(naive["model"])):
        title = Cell(metrics.name(model), "naive: rows split at random, do not trust", "naive")
        rows.append([title, *(_cell(naive, model, metric) for metric in shown)])
    return grid("On the untouched test, with 95 % intervals", ["Model", *map(_heading, shown)], rows)


def _scopes(facts: Facts) -> Grid:
    family = facts.champion.family if facts.champion else ""
    mine = facts.metrics[facts.metrics["model"] == family]
    means = mine[mine["scope"].isin(("train", "fold", "naive")) | (mine["segment"] == "all")]
    table = means.pivot_table(index="metric", columns="scope", values="value", aggfunc="mean")
    scopes = {"train": "Training rows", "fold": "Folds (mean)", "test": "Untouched test", "naive": "Naive split"}
    shown = [scope for scope in scopes if scope in table.columns]
    listed = [metric for metric in METRICS if metric in table.index]
    rows: list[list[Cell | str]] = [
        [Cell(METRICS[metric].title, METRICS[metric].means), *(METRICS[metric].told(table[s][metric]) for s in shown)]
        for metric in listed
    ]
    return grid(f"What each split says of the {metrics.name(family)}", ["Metric", *(scopes[s] for s in shown)], rows)


def _by_snapshot(facts: Facts) -> Grid | None:
    family = facts.champion.family if facts.champion else ""
    rows = facts.metrics[
        (facts.metrics["scope"] == "test") & (facts.metrics["model"] == family) & (facts.metrics["segment"] != "all")
    ]
    if rows.empty:
        return None
    shown = [metric for metric in METRICS if metric in set(rows["metric"])]
    parts = sorted(set(rows["segment"]))
    cells = ([part, *(_cell(rows[rows["segment"] == part], family, metric) for metric in shown)] for part in parts)
    return grid("The test, part by part", ["Part", *map(_heading, shown)], cells)


def _pictures(facts: Facts) -> list[Picture]:
    family = facts.champion.family if facts.champion else ""
    order = metrics.models(facts)
    curves = facts.curves.assign(model=facts.curves["model"].map(lambda model: metrics.name(str(model))))
    names, here = (
        [metrics.name(model) for model in order],
        set(curves[curves["model"] == metrics.name(family)]["curve"]),
    )
    base = metrics.measured(metrics.tested(facts), family, "base_rate")
    found = [_intervals(facts)]
    if "roc" in here:
        told = (
            "How many leavers are found for the stayers contacted in vain. The further above the diagonal, the better."
        )
        found.append(Picture(model_charts.roc(curves, names), "ROC curve", told))
    if "precision_recall" in here:
        told = "How many of those contacted really leave. Read it at the number you can afford to contact."
        picture = model_charts.precision_recall(curves, names, base.value if base else None)
        found.append(Picture(picture, "Precision and recall", told))
    if "gain" in here:
        told = "Contact the riskiest tenth (0.1 across): the height is the share of all leavers among them."
        found.append(Picture(model_charts.gain(curves, names), "Cumulative gain", told))
    if "reliability" in here:
        told = "On the diagonal, of customers told a risk of 30 %, 30 % leave. Below it, the model cries wolf."
        found.append(Picture(model_charts.reliability(curves, names), "Reliability of the risks", told))
    if "importance" in here:
        told = "What the model leans on most. Importance is not cause: changing a feature need not keep a customer."
        found.append(Picture(model_charts.importances(curves, metrics.name(family)), "Most used features", told))
    return found


def _intervals(facts: Facts) -> Picture:
    family = facts.champion.family if facts.champion else ""
    tested, naive = metrics.tested(facts), facts.metrics[facts.metrics["scope"] == "naive"]
    kinds = {
        model: "champion" if model == family else "candidate" if model in FAMILIES else "baseline"
        for model in metrics.models(facts)
    }
    found = [(metrics.measured(tested, model, "roc_auc"), kind, "") for model, kind in kinds.items()]
    found += [(metrics.measured(naive, family, "roc_auc"), "naive", " (naive)")]
    rows = [(metrics.name(m.model) + suffix, m.value, m.low, m.high, kind) for m, kind, suffix in found if m]
    figures = pd.DataFrame(rows, columns=["name", "value", "low", "high", "kind"])
    told = (
        "Dots are measured, bars are 95 % intervals, all over the same customers. The model is called better than a"
        " simple score where its whole bar lies beyond the other's dot."
    )
    picture = model_charts.intervals(figures, list(figures["name"]), "ROC AUC")
    return Picture(picture, "The model beside simple scores", told)


def _heading(metric: str) -> tuple[str, str]:
    return METRICS[metric].title, METRICS[metric].means


def _role(facts: Facts, model: str) -> str:
    if facts.champion and model == facts.champion.family:
        return f"in force, version {facts.champion.version}"
    return "also tried" if model in FAMILIES else "no fitting"


def _cell(rows: pd.DataFrame, model: str, metric: str) -> Cell:
    found: Measured | None = metrics.measured(rows, model, metric)
    if found is None:
        return Cell("–")
    told = METRICS[metric].told
    ends = found.low is not None and found.high is not None
    return Cell(told(found.value), f"{told(found.low)} to {told(found.high)}" if ends else "")
