"""Tables of what was measured of models, for the section on the model."""

from collections.abc import Sequence

import pandas as pd

from churn_spark.report import metrics
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Cell, Grid, grid
from churn_spark.report.metrics import METRICS, Measured
from churn_spark.report.shared_queries import MODEL_METRICS

COMPARED = (
    "roc_auc",
    "average_precision",
    "lift_at_decile",
    "recall_at_decile",
    "brier_score",
    "expected_calibration_error",
)
WALKED = ("base_rate", "roc_auc", "average_precision", "lift_at_decile")
BY_SNAPSHOT = ("base_rate", *COMPARED, "calibration_noise_floor", "log_loss")


def scopes(facts: Facts) -> Grid:
    family = facts.champion.family if facts.champion else ""
    mine = facts[MODEL_METRICS][facts[MODEL_METRICS]["model"] == family]
    means = mine[mine["scope"].isin(("train", "fold", "naive")) | (mine["segment"] == "all")]
    table = means.pivot_table(index="metric", columns="scope", values="value", aggfunc="mean")
    scopes = {
        "train": "Training rows",
        "fold": "Folds (mean)",
        "backtest": "Backtest (mean)",
        "test": "Untouched test",
        "naive": "Naive split",
        "plain": "Test with those acted upon",
    }
    shown = [scope for scope in scopes if scope in table.columns]
    listed = [metric for metric in METRICS if metric in table.index]
    tested = metrics.tested(facts)
    rows: list[list[Cell | str]] = [
        [
            Cell(METRICS[metric].title, METRICS[metric].means),
            *(
                cell(tested, family, metric) if scope == "test" else METRICS[metric].text(table[scope][metric])
                for scope in shown
            ),
        ]
        for metric in listed
    ]
    return grid(f"What each split says of the {metrics.name(family)}", ["Metric", *(scopes[s] for s in shown)], rows)


def backtest(facts: Facts) -> Grid | None:
    """Every candidate on the snapshots of the walk-forward backtest, the champion first."""
    rows = facts[MODEL_METRICS][facts[MODEL_METRICS]["scope"] == "backtest"]
    if rows.empty:
        return None
    shown = [metric for metric in WALKED if metric in set(rows["metric"])]
    walked = [
        (model, day, rows[(rows["model"] == model) & (rows["segment"] == day)])
        for model in metrics.models(facts)
        for day in sorted(set(rows["segment"]))
        if model in set(rows["model"])
    ]
    cells: list[list[Cell]] = [
        [Cell(metrics.name(model)), Cell("mean" if day == "all" else day), *(cell(of, model, m) for m in shown)]
        for model, day, of in walked
    ]
    caption = "Walk-forward backtest: within training, each snapshot ranked by what had matured on its date"
    return grid(caption, ["Model", "Snapshot", *map(heading, shown)], cells, words=(0, 1))


def by_snapshot(facts: Facts) -> Grid | None:
    """The champion's test by snapshot, or the one part of customers held out."""
    return _by_part(facts, metrics.parts_of_test(facts), "The test, part by part")


def by_segment(facts: Facts) -> Grid | None:
    """The champion's test by customer segment, of those with enough customers who left."""
    return _by_part(facts, metrics.segments_of_test(facts), "The test by customer segment")


def _by_part(facts: Facts, parts: Sequence[str], caption: str) -> Grid | None:
    family = facts.champion.family if facts.champion else ""
    mine = facts[MODEL_METRICS][facts[MODEL_METRICS]["model"] == family]
    rows = mine[(mine["scope"] == "test") & mine["segment"].isin(parts)]
    if rows.empty:
        return None
    shown = [metric for metric in BY_SNAPSHOT if metric in set(rows["metric"])]
    cells: list[list[str | Cell]] = [
        [part, *(cell(rows[rows["segment"] == part], family, metric) for metric in shown)] for part in parts
    ]
    return grid(caption, ["Part", *map(heading, shown)], cells)


def heading(metric: str) -> tuple[str, str]:
    return METRICS[metric].title, METRICS[metric].means


def cell(rows: pd.DataFrame, model: str, metric: str) -> Cell:
    measured: Measured | None = metrics.measured(rows, model, metric)
    if measured is None:
        return Cell("–")
    text = METRICS[metric].text
    ends = measured.low is not None and measured.high is not None
    return Cell(text(measured.value), f"{text(measured.low)} to {text(measured.high)}" if ends else "")
