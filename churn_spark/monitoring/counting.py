"""Blocks of counts, added up over all rows where they lie, in one pass."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

Counts = NDArray[np.int64]


def summed(read: DataFrame, sizes: Sequence[int], count: Callable[[pa.RecordBatch], Sequence[Counts]]) -> list[Counts]:
    """The blocks of all rows. sizes: cells of each block. count: the blocks of a batch of `read`, on the executors.

    What reaches the driver is one number for each cell that is not 0.
    """
    cells = read.mapInArrow(partial(_cells, size=sum(sizes), count=count), "cell long, rows long")
    sums = cells.groupBy("cell").agg(F.sum("rows").alias("rows")).toArrow()
    flat = np.zeros(sum(sizes), dtype=np.int64)
    flat[sums["cell"].to_numpy()] = sums["rows"].to_numpy()
    return np.split(flat, np.cumsum(sizes)[:-1])


def _cells(
    batches: Iterator[pa.RecordBatch], size: int, count: Callable[[pa.RecordBatch], Sequence[Counts]]
) -> Iterator[pa.RecordBatch]:
    """The counts of one partition that are not 0, by cell of all blocks one after another."""
    total = np.zeros(size, dtype=np.int64)
    for batch in batches:
        if batch.num_rows:
            total += np.concatenate(count(batch))
    (cells,) = np.nonzero(total)
    yield pa.RecordBatch.from_arrays([pa.array(cells), pa.array(total[cells])], ["cell", "rows"])
