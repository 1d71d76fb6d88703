"""A model's test by customer segment: where it ranks well, and where its risks are wrong."""

from dataclasses import replace

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import SEGMENT, Training
from churn_spark.models.measures import GROUPS, Measure, measured
from churn_spark.models.tally import tallied
from churn_spark.models.training_set import FEWEST


def by_segment(tested: DataFrame, settings: Training, threshold: float) -> dict[str, dict[str, Measure]]:
    """Every metric of each segment, by `segment 0` and so on, with intervals by bootstrap over customers.

    tested: as_of_date, label, score, risk, part (group of the bootstrap), segment (0 and up; null is left out), and
    WORTH where there are economics. Segments with fewer than `FEWEST` rows of customers who left, or who stayed, are
    left out: their figures would say nothing.
    """
    known = tested.where(F.col("segment").isNotNull())
    every = tallied(known.withColumn("part", (F.col("segment") * GROUPS + F.col("part")).cast("int")))
    found = {}
    for number in np.unique(every.part // GROUPS):
        mine = every.where(every.part // GROUPS == number)
        left = mine.churners.sum()
        if min(left, mine.rows.sum() - left) >= FEWEST:
            one = replace(mine, part=mine.part % GROUPS)
            found[f"{SEGMENT}{number}"] = measured(
                one, settings.bootstrap, settings.seed, threshold, settings.economics
            )
    return found
