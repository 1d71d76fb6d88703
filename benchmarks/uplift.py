"""`python -m benchmarks.uplift`: what the uplift model finds of simulated customers whose uplift is known.

A tenth is withheld. What an action does grows with one of the inputs as far as `--varies` says (log odds; 0: the action
does the same for everybody, so that nothing should be found). Printed are the verdict and its figures, the mean true
uplift of each band, and how much better than at random the true uplift says that the bands are.
"""

import argparse
import time

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from churn_spark.actions.comparable import LEFT, PLAN, RISK, TREATED, WEIGHT, sides
from churn_spark.actions.uplift import BANDS
from churn_spark.definitions.modelling import Training
from churn_spark.models.uplift.learning import learn, refused
from churn_spark.models.uplift.t_learner import BAND
from churn_spark.runtime.session import session

CONTROL, KEPT, SEED = 0.1, 0.3, 1


def main() -> None:
    """Simulate, learn and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--inputs", type=int, default=30)
    parser.add_argument("--varies", type=float, nargs="+", default=[0.0, 0.5, 1.0])
    asked = parser.parse_args()
    spark = session("benchmark")
    names = {f"input_{n}": str(n) for n in range(asked.inputs)}
    for varies in asked.varies:
        rows = simulated(spark, asked.customers, asked.inputs, varies).persist()
        of = sides(rows)["coupon"]
        start = time.monotonic()
        learnt = refused(of, 100) or learn(rows, names, of, KEPT, Training(candidates=()))
        print(f"{asked.customers:,} customers, {asked.inputs} inputs, uplift varies by {varies:g}: {learnt.verdict}")
        print(f"  {learnt.finding}; {time.monotonic() - start:.1f} s")
        if learnt.model and learnt.evaluated and learnt.times is not None:
            by_band = learnt.model.band(rows).groupBy(BAND).agg(F.avg("true").alias("true")).orderBy(BAND).collect()
            true = "  ".join(f"{row['true']:+.3f}" for row in by_band)
            print(f"  slope {learnt.evaluated.slope:.2f}; true uplift by band {true}")
            print(f"  times the effect, by band: {'  '.join(f'{x:.2f}' for x in learnt.times[:BANDS])}")
        rows.unpersist()


def simulated(spark: SparkSession, customers: int, inputs: int, varies: float) -> DataFrame:
    """Comparable customers (see `actions.comparable`) with inputs and `true`, the uplift of each."""
    drawn = np.random.default_rng(SEED)
    values = drawn.normal(size=(customers, inputs))
    treated = drawn.random(customers) >= CONTROL
    log_odds = -1.5 + 0.7 * values[:, 0] + 0.4 * values[:, 1]
    risk, acted_upon = (1 / (1 + np.exp(-odds)) for odds in (log_odds, log_odds - 0.3 - varies * values[:, 2]))
    made = pd.DataFrame(values, columns=[f"input_{n}" for n in range(inputs)])
    made["customer_id"] = [f"c{n}" for n in range(customers)]
    made[TREATED], made[PLAN], made["true"] = treated, "coupon", risk - acted_upon
    made[LEFT] = (drawn.random(customers) < np.where(treated, acted_upon, risk)).astype(float)
    made[RISK], made[WEIGHT] = log_odds, 1 / np.where(treated, 1 - CONTROL, CONTROL)
    return spark.createDataFrame(made).withColumn("as_of_date", F.to_date(F.lit("2026-03-01")))


if __name__ == "__main__":
    main()
