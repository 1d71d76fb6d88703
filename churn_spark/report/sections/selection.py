"""Which features the model in force reads, what became of the others, and what fewer of them would have cost."""

from dataclasses import dataclass

import pandas as pd

from churn_spark.report import model_charts
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Grid, Picture, grid
from churn_spark.report.query import Query
from churn_spark.report.shared_queries import MODEL_METRICS, of_training
from churn_spark.report.words import NOTHING, decimal, missing, percent

FEATURES = Query(
    "model_features",
    ("feature", "used", "step", "reason", "strength", "stability"),
    lambda available: {"model_features": available.until("model_features")},
    lambda facts, tables: of_training(facts, tables["model_features"]),
)
"""What the training run of the model in force made of each feature."""

STEPS = ("unusable", "variance", "association", "correlation", "elimination", "stability")


@dataclass(frozen=True, slots=True)
class Selection:
    """How many features are used, in a sentence; each dropped one with its reason; the quality by their number."""

    sentence: str
    dropped: Grid | None
    picture: Picture | None


def selection(facts: Facts) -> Selection | None:
    """The features of the model in force; None where its training left none in model_features."""
    rows = facts[FEATURES]
    if rows.empty:
        return None
    used = rows["used"].astype(bool)
    sentence = f"The model reads {used.sum()} features; {(~used).sum()} are not used."
    return Selection(sentence, _dropped(rows[~used]), _picture(facts))


def _dropped(rows: pd.DataFrame) -> Grid | None:
    if rows.empty:
        return None
    order = rows.assign(place=rows["step"].map(STEPS.index)).sort_values(["place", "feature"])
    cells = (
        (
            str(row["feature"]),
            str(row["step"]),
            str(row["reason"]),
            NOTHING if missing(row["strength"]) else decimal(row["strength"]),
            NOTHING if missing(row["stability"]) else percent(row["stability"], 0),
        )
        for row in order.to_dict("records")
    )
    headings = (
        "Feature",
        ("Step", "What ruled it out, in the order in which this is done."),
        "Why",
        ("Strength", "Cramér's V with the label on the training rows: 0 nothing, 1 everything."),
        ("Folds", "Share of the folds that chose it too, or one that says the same."),
    )
    return grid("Features that the model does not use, and why", headings, cells, words=(0, 1, 2))


def _picture(facts: Facts) -> Picture | None:
    rows = facts[MODEL_METRICS]
    sets = rows[(rows["scope"] == "selection") & (rows["segment"] != "chosen")]
    if sets.empty:
        return None
    points = sets[["value", "low", "high"]].assign(features=sets["segment"].astype(int))
    chosen = rows[(rows["scope"] == "selection") & (rows["segment"] == "chosen")]["value"].iloc[0]
    caption = (
        "The smallest set that is as good as the best was chosen, within one standard error of the difference or the"
        " loss allowed. Measured with a logistic regression, on folds that had no say in it."
    )
    return Picture(model_charts.sets_of_features(points, float(chosen)), "Quality by the number of features", caption)
