"""What became of the scores of each week, by the labels as they matured: figures of weeks, their means, and when what
was lost came back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import reduce
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from benchmarks.loop_company import AFTER, Company
from churn_spark.definitions.modelling import Candidate
from churn_spark.models.calibration import Calibrator
from churn_spark.models.experiment import training_data
from churn_spark.models.families import named
from churn_spark.models.measures import Measure, by_snapshot, difference, group_of, mean, measured
from churn_spark.models.split import Split
from churn_spark.models.tally import EXACT, Tally, tallied
from churn_spark.models.tuning import fitted, grid, scored
from churn_spark.stages.training import snapshots
from churn_spark.tables.contracts.snapshots import KEY, LABELS, RISK_SCORES

METRICS = ("roc_auc", "average_precision", "lift_at_decile", "expected_calibration_error")
REPLICATES, SEED = 100, 1
OVER = 4
"""Weeks whose mean says whether something has come back: one week has too few customers who leave."""
WITHIN = 0.02
"""ROC AUC is back where it lies at most so far below that of the model which knows the new regime."""
LEVEL = 1.25
"""The level of the risks is back where customers who left are at most so many times those expected, or the inverse."""
FAMILY = "logistic_regression"

Week = dict[str, Any]
Measured = Mapping[str, Mapping[str, Measure]]
"""By date, then by metric."""


def weeks_of(scores: DataFrame, company: Company) -> tuple[list[Week], Measured]:
    """The figures of each week. scores: customer_id, as_of_date, score, risk of the company's weeks."""
    weeks, found = list[Week](), dict[str, Mapping[str, Measure]]()
    for day, tally in _tallies(scores, company):
        found[day] = measured(tally, REPLICATES, SEED)
        weeks.append(
            {
                "day": day,
                "rows": int(tally.rows.sum()),
                "left": int(tally.churners.sum()),
                "expected": round(float(tally.predicted.sum()), 1),
                **{name: shown(found[day][name]) for name in METRICS},
                "calibration_by_chance": round(found[day]["calibration_noise_floor"].value, 4),
            }
        )
    return weeks, found


def _tallies(scores: DataFrame, company: Company) -> Iterator[tuple[str, Tally]]:
    """The tally of each week with labels; as many weeks at once as a tally keeps every score apart of."""
    labels = company.catalog.read(LABELS, company.weeks).where(F.col("label").isNotNull()).select(*KEY, "label")
    rows = scores.join(labels, on=list(KEY), how="inner").withColumn("part", group_of("customer_id", SEED))
    most = max(labels.groupBy("as_of_date").count().toPandas()["count"])
    at_once = max(1, EXACT // int(most))
    for start in range(0, len(company.weeks), at_once):
        days = company.weeks[start : start + at_once]
        yield from by_snapshot(tallied(rows.where(F.col("as_of_date").isin(*days)))).items()


def of_warehouse(company: Company) -> DataFrame:
    """The scores that a company's warehouse has of its weeks."""
    rows = company.catalog.read(RISK_SCORES, company.weeks)
    return rows.select(*KEY, F.col("raw_score").alias("score"), "risk")


def of_truth(company: Company) -> DataFrame:
    """The hazard of the evening before each week, that the simulation notes: nobody could rank better."""
    states = company.folder.parent / "shared" / "company" / "truth" / "states"
    days = [
        company.catalog.spark.read.parquet(str(states / str(day - timedelta(days=1))))
        .select(F.col("customer").cast("string").alias("customer_id"), F.col("hazard").cast("double").alias("score"))
        .withColumn("as_of_date", F.lit(day))
        for day in company.weeks
    ]
    horizon = company.project.periods.performance
    rows = reduce(DataFrame.unionByName, days)
    return rows.withColumn("risk", 1 - F.pow(1 - F.col("score"), F.lit(horizon)))


def of_reference(company: Company) -> DataFrame:
    """Scores by a model that knows the new regime: all weeks after the change teach it, those to come included.

    Half of the customers are scored by what the other half taught, so nobody's own weeks did.
    """
    project, catalog = company.project, company.catalog
    settings, days = replace(project.training, folds=2), tuple(day for day in company.weeks if day >= AFTER)
    used, left_out = snapshots.equal_features(project, catalog, days)
    labelled = snapshots.labelled(project, catalog, days, used)
    data = training_data(labelled, Split(days[:-OVER], days[-OVER:], days), used, left_out, settings)
    family, parameters = named(FAMILY), grid(_candidate(settings.candidates))[0]
    halves = []
    for fold in range(2):
        model = fitted(data.rows.where(F.col("fold") != fold), family, parameters, SEED)
        halves.append(scored(data.rows.where(F.col("fold") == fold), family, model, Calibrator("none")))
    rows = halves[0].unionByName(halves[1])
    return rows.select(*KEY, "score", "risk")


def _candidate(candidates: Sequence[Candidate]) -> Candidate:
    return next(candidate for candidate in candidates if candidate.family == FAMILY)


def after(found: Measured) -> dict[str, Measure]:
    """By metric, the mean of the weeks after the change."""
    days = [day for day in found if date.fromisoformat(day) >= AFTER]
    return {name: mean([found[day][name] for day in days]) for name in METRICS if name in found[days[0]]}


def gap(one: Measure, other: Measure) -> list[float]:
    """The difference of two measures of the same customers, with its 95 % interval by common resampling."""
    value, error = difference(one, other)
    return [round(each, 4) for each in (value, value - 1.96 * error, value + 1.96 * error)]


def shown(measure: Measure) -> list[float | None]:
    return [None if end is None else round(end, 4) for end in (measure.value, measure.low, measure.high)]


def auc_back(weeks: Sequence[Week], reference: Sequence[Week]) -> int | None:
    """From which week after the change on, counted from 0, the mean ROC AUC of OVER weeks is back; None: it is not."""
    theirs = {week["day"]: week["roc_auc"][0] for week in reference}
    mine = [week["roc_auc"][0] - theirs[week["day"]] for week in _after(weeks)]
    return _since([sum(mine[n : n + OVER]) / OVER >= -WITHIN for n in range(len(mine) - OVER + 1)])


def level_back(weeks: Sequence[Week]) -> int | None:
    """From which week after the change on the level of the risks of OVER weeks together is back; None: it is not."""
    known = _after(weeks)
    ratios = [level(known[n : n + OVER]) for n in range(len(known) - OVER + 1)]
    return _since([1 / LEVEL <= ratio <= LEVEL for ratio in ratios])


def level(weeks: Sequence[Week]) -> float:
    """Customers who left by those expected by the risks."""
    return float(sum(week["left"] for week in weeks) / sum(week["expected"] for week in weeks))


def _after(weeks: Sequence[Week]) -> list[Week]:
    return [week for week in weeks if date.fromisoformat(week["day"]) >= AFTER]


def _since(holds: Sequence[bool]) -> int | None:
    """The first place from which on it holds to the end."""
    broken = [n for n, each in enumerate(holds) if not each]
    first = broken[-1] + 1 if broken else 0
    return first if first < len(holds) else None
