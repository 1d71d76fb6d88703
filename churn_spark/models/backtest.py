"""The walk-forward backtest: a tuned candidate on dates within training, each learnt from what had matured by then.

Folds mix dates, so they do not show a candidate whose patterns go out of date; the backtest does, at the price of one
model per step. The parameters were tuned on folds that hold the dates of the steps too, alike for all candidates; so
were the features selected, and the rates of texts learnt.
"""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Training
from churn_spark.models.calibration import Calibrator
from churn_spark.models.families import named
from churn_spark.models.measures import Measure, mean
from churn_spark.models.split import Step
from churn_spark.models.tally import tallied
from churn_spark.models.training_set import FEWEST
from churn_spark.models.tuning import Tuned, fitted, ranking, scored


def with_enough(rows: DataFrame, steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps whose training and test have at least `FEWEST` rows of customers who left and of those who stayed.

    rows: as_of_date, label.
    """
    if not steps:
        return ()
    counts = rows.groupBy("as_of_date").agg(F.count("*").alias("rows"), F.sum("label").alias("left")).collect()
    by_day = {row["as_of_date"]: (row["left"], row["rows"] - row["left"]) for row in counts}

    def enough(days: Sequence[object]) -> bool:
        return min(sum(by_day[day][kind] for day in days if day in by_day) for kind in (0, 1)) >= FEWEST

    return tuple(step for step in steps if enough(step.train) and enough([step.test]))


def backtest(
    training: DataFrame, tuned: Tuned, steps: Sequence[Step], settings: Training
) -> dict[str, dict[str, Measure]]:
    """How a candidate ranks each step's snapshot, by its ISO date, and under `all` the mean; empty without steps.

    training: the rows of the training snapshots, as in `tune`.
    """
    family = named(tuned.family)
    by_date = {}
    for step in steps:
        taught = training.where(F.col("as_of_date").isin(*step.train))
        model = fitted(taught, family, tuned.parameters, settings.seed)
        tested = scored(training.where(F.col("as_of_date") == F.lit(step.test)), family, model, Calibrator("none"))
        by_date[str(step.test)] = ranking(tallied(tested), settings)
    if not by_date:
        return {}
    metrics = next(iter(by_date.values()))
    return {"all": {name: mean([each[name] for each in by_date.values()]) for name in metrics}, **by_date}
