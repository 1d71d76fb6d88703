"""The compact table that everything in a training run reads: prepared vectors, label, fold and group of every row."""

import math
from collections.abc import Sequence

from pyspark.ml import PipelineModel
from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.modelling import Training
from churn_spark.models.families.family import VECTORS, WEIGHT
from churn_spark.models.folds import fold_of
from churn_spark.models.measures import group_of
from churn_spark.models.preparation import Preparation
from churn_spark.models.split import Split
from churn_spark.models.tally import WORTH
from churn_spark.models.target_encoding import ALL, column, out_of_part

CELLS = 8_000_000
"""Numbers per partition: 64 MB of doubles, so that small data make few tasks and large ones fit in memory."""
FEWEST = 20
"""Customers who left, and who stayed, that each fold and the test must have: with fewer the metrics mean nothing."""
COUNTS = {"rows": "rows", "churners": "churners", "customers_left": "left"}
"""What is counted of training and test: rows, rows with label 1, and the customers these are of."""
HELD_OUT = 0.3
"""The share of customers kept for the test where there is one date only."""


def held_out(customer_id: str, seed: int) -> Column:
    """Whether a customer is kept for the test where there is one date only."""
    drawn = F.pmod(F.xxhash64(F.lit(f"held out {seed}"), F.col(customer_id)), F.lit(1000))
    return drawn < round(1000 * HELD_OUT)


def in_training(split: Split, seed: int) -> Column:
    """Whether a row (customer_id, as_of_date) is one that the tested model is trained on."""
    mine = F.col("as_of_date").isin(*split.train)
    return mine if split.temporal else mine & ~held_out("customer_id", seed)


def in_test(split: Split, seed: int) -> Column:
    """Whether a row (customer_id, as_of_date) belongs to the untouched test."""
    mine = F.col("as_of_date").isin(*split.test)
    return mine if split.temporal else mine & held_out("customer_id", seed)


def training_set(labelled: DataFrame, preparation: Preparation, split: Split, settings: Training) -> DataFrame:
    """Prepare labelled snapshots: customer_id, as_of_date, label, fold, part (group of the bootstrap) and both vectors,
    and what `target_encoding` needs to keep labels out of the rates.

    labelled: customer_id, as_of_date, label, the features, and where there are such WORTH and WEIGHT, which are kept.
    Rows are dealt to partitions by customer and sorted, and their number follows from the data alone: samples drawn by
    partition are then the same in every run and cluster.
    """
    seed = settings.seed
    partitions = max(1, math.ceil(preparation.rows * len(preparation.slots) / CELLS))
    placed = labelled.repartition(partitions, "customer_id").sortWithinPartitions("customer_id", "as_of_date")
    prepared = PipelineModel([*preparation.stages(VECTORS)]).transform(placed)
    encoded = out_of_part(prepared, preparation.rates, in_training(split, seed), settings)
    return encoded.select(
        "customer_id",
        "as_of_date",
        F.col("label").cast("double").alias("label"),
        fold_of("customer_id", settings.folds, seed).alias("fold"),
        group_of("customer_id", seed).alias("part"),
        *(name for name in (WORTH, WEIGHT) if name in labelled.columns),
        *VECTORS,
        *(column(name, each) for each in (*map(str, range(settings.folds)), ALL) for name in preparation.rates),
    )


def refuse_unlabelled(labels: DataFrame, split: Split, settings: Training) -> None:
    """ModelError with the counts by reason where no training row has a label.

    labels: customer_id, as_of_date, label, excluded.
    """
    reason = F.when(F.col("label").isNull(), F.coalesce("excluded", F.lit("no reason")))
    cells = labels.where(in_training(split, settings.seed)).groupBy(reason.alias("reason")).count().collect()
    counts = {cell["reason"]: cell["count"] for cell in cells}
    if None in counts:
        return
    listed = ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "there are none"
    why = (
        "There label.attribute is null, or neither 0 nor 1 (true or false): its expression can make it so, such as"
        " churn = 'Yes' or churn = 2"
        if "no_label" in counts
        else "What each reason means: docs/tables.md, labels.excluded"
    )
    raise ModelError(f"nothing to learn from: no training row has a label ({listed}). {why}")


def refuse_too_few(rows: DataFrame, split: Split, settings: Training) -> dict[str, int]:
    """Count rows, churners and customers who left of training and test; ModelError with the numbers where a fold or the
    test has too few customers of either kind.

    rows: customer_id, fold, as_of_date, label.
    """
    training, test = in_training(split, settings.seed), in_test(split, settings.seed)
    left, stayed = (F.when(F.col("label") == label, F.col("customer_id")) for label in (1, 0))
    cells = (
        rows.select("*", training.alias("training"), test.alias("test"))
        .where("training OR test")
        .groupBy("training", F.when(F.col("training"), F.col("fold")).alias("fold"))
        .agg(
            F.count("*").alias("rows"),
            F.sum("label").cast("long").alias("churners"),
            F.count_distinct(left).alias("left"),
            F.count_distinct(stayed).alias("stayed"),
        )
        .collect()
    )
    by_part = {("training fold " + str(cell["fold"]) if cell["training"] else "test"): cell for cell in cells}
    for name in (*(f"training fold {fold}" for fold in range(settings.folds)), "test"):
        count, left_there, stayed_there = (
            (by_part[name]["rows"], by_part[name]["left"], by_part[name]["stayed"]) if name in by_part else (0, 0, 0)
        )
        if min(left_there, stayed_there) < FEWEST:
            raise ModelError(
                f"too little to learn from: {name} has {count} labelled rows, of {left_there} customers who left and"
                f" {stayed_there} who stayed; it needs at least {FEWEST} of each."
                f" {_one_kind(cells) or _more(name, split, settings)}."
            )
    training_cells = [cell for cell in cells if cell["training"]]
    # A customer has one fold, so customers of several folds are not counted twice.
    return {
        **{f"train_{name}": sum(cell[key] for cell in training_cells) for name, key in COUNTS.items()},
        **{f"test_{name}": by_part["test"][key] for name, key in COUNTS.items()},
    }


def _one_kind(cells: Sequence[Row]) -> str:
    """Where all labelled rows are of one kind, what to look at: more of the same would not help."""
    kinds = {kind for kind in ("left", "stayed") if any(cell[kind] for cell in cells)}
    if len(kinds) != 1:
        return ""
    return (
        f"All labelled rows are of customers who {kinds.pop()}: see whether label says what is meant"
        " (label.attribute or label.filter: churn = 'yes' is true for nobody where the data have 'Yes')"
    )


def _more(name: str, split: Split, settings: Training) -> str:
    """What would give a fold or the test more rows."""
    fewer = f" or fewer training.folds (now {settings.folds})" if settings.folds > 2 and name != "test" else ""
    if not split.temporal:
        return f"More customers with a label{fewer} would give more"
    if name == "test":
        return (
            f"More training.test_snapshots (now {settings.test_snapshots}) would give more, where enough have matured"
        )
    return f"More snapshots that have matured before the test{fewer} would give more"
