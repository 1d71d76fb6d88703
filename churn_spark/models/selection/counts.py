"""The training rows of every feature counted by fold, bin and label, in one pass.

Counts of folds add up, so the same pass serves the whole training set and every part of it that leaves one fold out.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.models.bins import Binned
from churn_spark.models.families.family import PLAIN
from churn_spark.monitoring.counting import Counts, summed


def counted_by_fold(rows: DataFrame, features: Mapping[str, Binned], folds: int) -> dict[str, Counts]:
    """Rows of every feature: folds x bins x 2 labels each.

    rows: fold, label (0 or 1) and the vector `PLAIN`.
    """
    read = rows.select(
        F.col("fold").cast("int").alias("fold"),
        F.col("label").cast("int").alias("label"),
        vector_to_array(F.col(PLAIN)).alias("vector"),
    )
    each = tuple(features.values())
    blocks = summed(read, [folds * one.bins * 2 for one in each], partial(_counted, features=each, folds=folds))
    return {
        name: block.reshape(folds, one.bins, 2) for (name, one), block in zip(features.items(), blocks, strict=True)
    }


def coarser(counts: Counts, least: float) -> Counts:
    """Neighbouring bins of a number together, until each has at least a share of the rows where it is known.

    counts: folds x bins x 2, the last bin that of null, which stays as it is. No label is looked at.
    """
    rows = counts.sum(axis=(0, 2))[:-1]
    starts, reached = [0], 0
    for place, count in enumerate(rows):
        if reached >= least * rows.sum() > 0:
            starts.append(place)
            reached = 0
        reached += count
    return np.concatenate([np.add.reduceat(counts[:, :-1], starts, axis=1), counts[:, -1:]], axis=1)


def _counted(batch: pa.RecordBatch, features: Sequence[Binned], folds: int) -> list[Counts]:
    fold, label = (batch.column(n).to_numpy().astype(np.int64) for n in range(2))
    vectors = batch.column(2).flatten().to_numpy().reshape(batch.num_rows, -1)
    return [
        np.bincount((fold * one.bins + one.of(vectors)) * 2 + label, minlength=folds * one.bins * 2) for one in features
    ]
