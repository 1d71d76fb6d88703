"""`python -m benchmarks.scale`: seconds of training, and of scoring with reasons, as customers grow.

It multiplies the customers that `make demo` leaves below demo/: copies differ by a few per cent, so that they are no
ties. What is measured is cost, not quality. A family is fitted with its defaults as `train` does: over folds, for the
test, and again on all snapshots.
"""

import argparse
import sys
import time
from dataclasses import replace
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from benchmarks.quality import CONF, FOLDS
from churn_spark.cli.demo import AS_OF
from churn_spark.definitions.modelling import Candidate
from churn_spark.definitions.phrases import phrases
from churn_spark.definitions.project import Project
from churn_spark.lineage.maturity import matured_on
from churn_spark.models.experiment import compare, deploy, training_data
from churn_spark.models.explaining.explained import explained
from churn_spark.models.families import FAMILIES
from churn_spark.models.risk_model import RiskModel
from churn_spark.models.split import split
from churn_spark.runtime.session import session
from churn_spark.settings import load
from churn_spark.stages.training import snapshots
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.location import Location

OURS = tuple(family.name for family in FAMILIES)
SPREAD = 0.05


def main() -> int:
    """Print a line per family."""
    chosen = _options()
    spark = session("bench-scale", extra={"spark.driver.memory": chosen.memory})
    project = load(CONF)
    catalog = Catalog(spark, Location(project.warehouse.path), f"--conf {CONF}")
    ready = snapshots.ready(project, catalog, snapshots.for_training(project, catalog, AS_OF))
    matured: dict[date, date] = {day: matured_on(project, catalog.ledger, day) for day in ready}
    settings = replace(project.training, folds=FOLDS, selection=None, backtest_snapshots=0)
    parts = split(matured, project.periods, AS_OF, settings.test_snapshots, project.snapshots)
    used, left_out = snapshots.equal_features(project, catalog, parts.refit)
    labelled = snapshots.labelled(project, catalog, parts.refit, used)
    day, newest = snapshots.newest_population(project, catalog, AS_OF, used)
    customers = newest.count()
    many = multiplied(labelled, -(-chosen.train // customers)).persist()
    for family in chosen.only:
        clock = _Clock(family)
        data = training_data(many, parts, used, left_out, settings)
        clock.lap(
            f"prepared {data.counts['train_rows'] + data.counts['test_rows']:,} rows of {len(data.features)} features"
        )
        winner = compare(data, replace(settings, candidates=(Candidate(family),)), {}).winner
        clock.lap("fitted over the folds and measured on the test")
        model, _ = deploy(data, winner, settings, newest, {}, None)
        clock.lap("fitted on all snapshots")
        data.rows.unpersist()
        for wanted in chosen.score:
            _score(project, model, multiplied(newest, -(-wanted // customers)), day, clock)
    return 0


def multiplied(rows: DataFrame, copies: int) -> DataFrame:
    """Each row `copies` times: other customers with numbers that differ by a few per cent."""
    many = rows.repartition(16).crossJoin(F.broadcast(rows.sparkSession.range(copies).toDF("copy")))
    noise = (F.pmod(F.xxhash64("customer_id", "copy"), F.lit(1000)) / 1000 - 0.5) * 2 * SPREAD + 1
    numbers = {
        field.name: F.col(field.name) * noise for field in rows.schema if isinstance(field.dataType, T.DoubleType)
    }
    return many.withColumns(numbers).withColumn("customer_id", F.concat_ws("-", "customer_id", "copy")).drop("copy")


def _score(project: Project, model: RiskModel, population: DataFrame, day: date, clock: "_Clock") -> None:
    rows = population.persist()
    customers = rows.count()
    clock.restart()
    for shown in (0, project.reasons):
        scores = model.predict(rows, vectors=shown > 0)
        kept = ("customer_id", "as_of_date", "raw_score", "risk")
        made = explained(scores, kept, model, {day: customers}, phrases(project), shown)
        made.write.format("noop").mode("overwrite").save()
        clock.lap(f"scored {customers:,} customers {'with' if shown else 'without'} reasons")
    rows.unpersist()


class _Clock:
    """Prints how long each step of a family took."""

    def __init__(self, family: str) -> None:
        self._family = family
        self.restart()

    def restart(self) -> None:
        self._at = time.monotonic()

    def lap(self, done: str) -> None:
        print(f"{self._family}: {time.monotonic() - self._at:.1f} s: {done}", flush=True)
        self.restart()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=int, default=20_000, help="customers of a snapshot to learn from; 20,000")
    parser.add_argument("--score", type=int, nargs="*", default=[100_000], help="customers to score; 100,000")
    parser.add_argument("--only", nargs="+", choices=OURS, default=list(OURS), help="families; all")
    parser.add_argument("--memory", default="8g", help="memory of the driver; 8g")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
