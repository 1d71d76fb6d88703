"""Texts of many values as numbers: the churn rate of each value, learnt without the label of the row that reads it.

Rates are smoothed towards the base rate: (churners + m × base rate) / (rows + m), as MLlib's TargetEncoder does
(D. Micci-Barreca, 2001). That class itself writes a branch of CASE WHEN for every value and marks its result as a
category, and it encodes the rows it has learnt from with their own labels. Here customers are dealt into `PARTS`, and a
row that teaches a model sees the rate over the other parts; where a fold is kept out, over the other parts of the
other folds. A row that is only scored sees the rate over all parts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pyspark.ml import Transformer
from pyspark.ml.feature import SQLTransformer, StringIndexer, VectorAssembler, VectorSlicer
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.expressions import quoted
from churn_spark.definitions.modelling import Training
from churn_spark.models.families.family import VECTORS
from churn_spark.models.folds import fold_of
from churn_spark.models.metrics import Array
from churn_spark.models.slots import INDEXED, RATE, READ

PARTS = 5
"""Groups of customers, beside the folds, whose rows are encoded without their own labels."""


ALL = "all"
"""The context in which every row teaches."""


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """The churn rates of one text.

    indexer: gives the place of a value (null is the empty text), one beyond the last for values unseen. table: context
    x part x place; contexts are all training rows, then these without each fold; the last part is all of them. rows: of
    each value.
    """

    indexer: Transformer
    table: Array
    rows: Array

    @property
    def known(self) -> Array:
        """The rate of each value, and last that of a value unseen, by all training rows."""
        rates: Array = self.table[0, -1]
        return rates

    def quantiles(self, shares: Sequence[float]) -> tuple[float, ...]:
        """Of the rates of the training rows."""
        order = np.argsort(self.known[:-1], kind="stable")
        reached = np.cumsum(self.rows[order]) / self.rows.sum()
        return tuple(self.known[order[np.searchsorted(reached, share)]].item() for share in shares)

    def stages(self, name: str) -> tuple[Transformer, ...]:
        """The fitted stages that add the rate of the feature `name` of which the text has been read."""
        # One literal, which Spark reads once: an element is looked up, where a CASE would try value after value.
        rates = f"CAST(SPLIT('{','.join(map(repr, self.known.tolist()))}', ',') AS ARRAY<DOUBLE>)"
        place = f"CAST({quoted(name + INDEXED)} AS INT) + 1"
        return (
            self.indexer,
            SQLTransformer(statement=f"SELECT *, ELEMENT_AT({rates}, {place}) AS {quoted(name + RATE)} FROM __THIS__"),
        )


def rates(counts: Array, smoothing: float) -> Array:
    """The table of `Rates`: (folds + 1) x (parts + 1) x (values + 1).

    counts: rows and churners by value, fold and part: values x folds x parts x 2.
    """
    whole = counts.sum(axis=1)
    contexts = np.stack([whole, *(whole - counts[:, fold] for fold in range(counts.shape[1]))])
    together = contexts.sum(axis=2)
    without = [together - contexts[:, :, part] for part in range(counts.shape[2])]
    rows, churners = np.moveaxis(np.stack([*without, together], axis=1), -1, 0)
    base = churners.sum(axis=-1, keepdims=True) / np.maximum(rows.sum(axis=-1, keepdims=True), 1)
    return np.concatenate([(churners + smoothing * base) / (rows + smoothing), base], axis=-1)


def learn_rates(snapshots: DataFrame, name: str, settings: Training, smoothing: float) -> Rates:
    """Learn the rates of one text in a pass for its values and one for its counts, which grow with the values only.

    snapshots: customer_id, label (0 or 1) and the feature, of the training rows.
    """
    read = snapshots.select("customer_id", "label", F.expr(text_or_empty(name)).alias(name + READ))
    order = StringIndexer(inputCols=[name + READ], outputCols=[name + INDEXED], stringOrderType="frequencyDesc")
    indexer = order.fit(read).setHandleInvalid("keep")
    fold, part = fold_of("customer_id", settings.folds, settings.seed), part_of("customer_id", settings.seed)
    cells = (
        indexer.transform(read)
        .groupBy(F.col(name + INDEXED).cast("int").alias("place"), fold.alias("fold"), part.alias("part"))
        .agg(F.count("*").cast("double").alias("rows"), F.sum(F.col("label").cast("double")).alias("churners"))
        .toArrow()
    )
    place, fold_no, part_no = (cells[key].to_numpy() for key in ("place", "fold", "part"))
    counts = np.zeros((len(indexer.labelsArray[0]), settings.folds, PARTS, 2))
    counts[place, fold_no, part_no] = np.stack([cells["rows"].to_numpy(), cells["churners"].to_numpy()], axis=1)
    return Rates(indexer, rates(counts, smoothing), counts[..., 0].sum(axis=(1, 2)))


def part_of(customer_id: str, seed: int) -> Column:
    """The part of a customer, 0 .. PARTS - 1."""
    return F.pmod(F.xxhash64(F.lit(f"encoded together {seed}"), F.col(customer_id)), F.lit(PARTS)).cast("int")


def text_or_empty(name: str) -> str:
    """SQL that reads a text, null as the empty one, which has a rate of its own where it is in training."""
    return f"COALESCE({quoted(name)}, '')"


def out_of_part(prepared: DataFrame, learnt: Mapping[str, Rates], teaches: Column, settings: Training) -> DataFrame:
    """Rows whose vectors hold rates without the row's own label, with a column of each rate for each fold kept out.

    prepared: customer_id, the vectors and the index of each text, by the stages of `Rates`. teaches: whether a row is
    one that rates were learnt from.
    """
    if not learnt:
        return prepared
    fold = fold_of("customer_id", settings.folds, settings.seed)
    part = part_of("customer_id", settings.seed)
    rows = prepared
    for name, of in learnt.items():
        rows = _looked_up(rows, name, of)
        contexts = {"": teaches} | {str(n): teaches & (fold != n) for n in range(settings.folds)}
        contexts[ALL] = F.lit(True)
        for n, (context, mine) in enumerate(contexts.items()):
            seen = F.when(mine, part).otherwise(F.lit(PARTS))
            place = F.lit((n if context != ALL else 0) * (PARTS + 1) + 1) + seen
            rows = rows.withColumn(column(name, context), F.element_at(F.col(f"{name} rates"), place))
        rows = rows.drop(f"{name} rates")
    return _with_rates(rows, [column(name, "") for name in learnt])


def keeping_out(rows: DataFrame, fold: int) -> DataFrame:
    """The rows as a model sees them that is measured on this fold: no rate was learnt from it."""
    return _in_context(rows, str(fold))


def learning(rows: DataFrame) -> DataFrame:
    """The rows as a model sees them that learns from all of them, purged ones and those of the test too: no rate was
    learnt from the row's own customer.
    """
    return _in_context(rows, ALL)


def _in_context(rows: DataFrame, context: str) -> DataFrame:
    columns = [name for name in rows.columns if name.endswith(column("", context))]
    return _with_rates(rows, columns) if columns else rows


def kept(columns: Sequence[str], features: Sequence[str]) -> list[str]:
    """The columns of prepared rows without the rates of other features than these."""
    return [name for name in columns if RATE not in name or name.rsplit(RATE, 1)[0] in features]


def column(name: str, context: str) -> str:
    """The column with the rate of a feature, without the fold that `context` names."""
    return f"{name}{RATE} {context}"


def _looked_up(rows: DataFrame, name: str, of: Rates) -> DataFrame:
    """Add an array of the rates of the row's value, by context and part."""
    by_place = np.moveaxis(of.table, -1, 0).reshape(of.table.shape[-1], -1)
    table = rows.sparkSession.createDataFrame(
        [(float(place), rates) for place, rates in enumerate(by_place.tolist())],
        f"{quoted(name + INDEXED)} double, {quoted(name + ' rates')} array<double>",
    )
    return rows.join(F.broadcast(table), on=[name + INDEXED], how="left")


def _with_rates(rows: DataFrame, columns: Sequence[str]) -> DataFrame:
    """Rows with these columns in place of the last elements of the vectors."""
    for vector in (name for name in VECTORS if name in rows.columns):
        others = rows.schema[vector].metadata["ml_attr"]["num_attrs"] - len(columns)
        inputs = list(columns)
        if others:
            first = VectorSlicer(inputCol=vector, outputCol=f"{vector} others", indices=list(range(others)))
            rows, inputs = first.transform(rows), [f"{vector} others", *columns]
        rows = VectorAssembler(inputCols=inputs, outputCol=f"{vector} anew").transform(rows)
        rows = rows.drop(vector, f"{vector} others").withColumnRenamed(f"{vector} anew", vector)
    return rows
