"""The compact table that everything in a training run reads: prepared vectors, label, fold and group of every row."""

import math

from pyspark.ml import PipelineModel, Transformer
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ModelError
from churn_spark.models.measures import group_of
from churn_spark.models.preparation import INPUTS, Preparation

CELLS = 8_000_000
"""Numbers a partition: 64 MB of doubles, so that small data make few tasks and large ones fit in memory."""
FEWEST = 20
"""Churners, and stayers, that each fold and the test must have: with fewer the metrics say nothing."""


def fold_of(customer_id: str, folds: int, seed: int) -> Column:
    """The fold of a customer, 0 .. folds - 1: all of a customer's snapshots, being near copies, share it."""
    return F.pmod(F.xxhash64(F.lit(f"fold {seed}"), F.col(customer_id)), F.lit(folds)).cast("int")


def training_set(labelled: DataFrame, preparation: Preparation, folds: int, seed: int) -> DataFrame:
    """Prepare labelled snapshots: customer_id, as_of_date, label, fold, part (group of the bootstrap) and both vectors.

    labelled: customer_id, as_of_date, label, and the features. Rows are dealt to partitions by customer and sorted, and
    their number follows from the data alone: samples drawn by partition are then the same in every run and cluster.
    """
    partitions = max(1, math.ceil(preparation.rows * len(preparation.slots) / CELLS))
    placed = labelled.repartition(partitions, "customer_id").sortWithinPartitions("customer_id", "as_of_date")
    prepared = PipelineModel([*preparation.stages(logged=False), *_logged_only(preparation)]).transform(placed)
    return prepared.select(
        "customer_id",
        "as_of_date",
        F.col("label").cast("double").alias("label"),
        fold_of("customer_id", folds, seed).alias("fold"),
        group_of("customer_id", seed).alias("part"),
        *INPUTS.values(),
    )


def refuse_too_few(rows: DataFrame, folds: int, test: tuple[object, ...]) -> dict[str, int]:
    """Count rows and churners of training and test; ModelError with the numbers where a fold or the test has too few.

    rows: fold, as_of_date, label, `teaches` (true for the rows of the training snapshots).
    """
    cells = (
        rows.where(F.col("teaches") | F.col("as_of_date").isin(*test))
        .groupBy("teaches", F.when(F.col("teaches"), F.col("fold")).alias("fold"))
        .agg(F.count("*").alias("rows"), F.sum("label").cast("long").alias("churners"))
        .collect()
    )
    found = {("training fold " + str(cell["fold"]) if cell["teaches"] else "test"): cell for cell in cells}
    for name in (*(f"training fold {fold}" for fold in range(folds)), "test"):
        count, churners = (found[name]["rows"], found[name]["churners"]) if name in found else (0, 0)
        if min(churners, count - churners) < FEWEST:
            raise ModelError(
                f"too little to learn from: {name} has {count} labelled rows, {churners} of them churners; it needs at"
                f" least {FEWEST} churners and {FEWEST} others. More snapshots or fewer training.folds would give more."
            )
    return {
        "train_rows": sum(cell["rows"] for cell in cells if cell["teaches"]),
        "train_churners": sum(cell["churners"] for cell in cells if cell["teaches"]),
        "test_rows": found["test"]["rows"],
        "test_churners": found["test"]["churners"],
    }


def _logged_only(preparation: Preparation) -> tuple[Transformer, ...]:
    """The stages of the logged vector that those of the plain one did not run already."""
    return (preparation.stages(logged=True)[1], preparation.stages(logged=True)[-1])
