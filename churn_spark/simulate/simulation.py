"""A simulation: batches of whole districts, each simulated by one Spark task and written day by day.

A customer's day follows from the seed, the day, and the past of the customer and its partners, who are all in the same
district. So batches are independent, and a killed or prolonged run simulates the days again (which is cheap) and writes
only the missing parts (which is expensive).
"""

import logging
import shutil
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from churn_spark.simulate import interventions as acts
from churn_spark.simulate.deliveries import Deliveries, arrivals
from churn_spark.simulate.domains import DOMAINS, FEEDS
from churn_spark.simulate.draws import Draws
from churn_spark.simulate.life import Life
from churn_spark.simulate.manifest import Simulation, note
from churn_spark.simulate.people import people
from churn_spark.simulate.truth import write_lives, write_state

log = logging.getLogger("churn_spark.simulate")

SOURCES, TRUTH, ACTS = "sources", "truth", "interventions"


def simulate(spark: SparkSession, wanted: Simulation, folder: Path, interventions: str | None = None) -> dict[str, int]:
    """Write the deliveries below `folder`/sources and the truth below `folder`/truth; gives the rows written by source.

    Existing days stay as they are. interventions: see `interventions.read`. ConfigError: the folder has another
    simulation, or the same one with other interventions up to its last day.
    """
    folder = folder.resolve()
    made = acts.read(spark, interventions, wanted.customers, wanted.first) if interventions else None
    note(wanted, folder, made)
    shutil.rmtree(folder / TRUTH / ACTS, ignore_errors=True)
    if made is not None:
        acts.write(made, wanted.ends, folder / TRUTH / ACTS)
    batches = len(wanted.ends)
    live = partial(_live_batches, wanted, folder)
    tallies = spark.range(batches, numPartitions=batches).mapInArrow(live, "source string, rows bigint")
    totals = tallies.groupBy("source").agg(F.sum("rows").alias("rows")).collect()
    rows = {row["source"]: row["rows"] for row in totals}
    log.info("simulated %s: %d rows, %d batches of customers", wanted.domain, sum(rows.values()), batches)
    return {feed.name: rows[feed.name] for feed in FEEDS[wanted.domain]}


def _live_batches(wanted: Simulation, folder: Path, ids: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for numbers in ids:
        for batch in numbers.column(0).to_pylist():
            written = _live(wanted, folder, batch)
            yield pa.RecordBatch.from_pydict({"source": list(written), "rows": list(written.values())})


def _live(wanted: Simulation, folder: Path, batch: int) -> dict[str, int]:
    """Simulate all days of one batch and write the missing parts; gives the rows written by source."""
    domain, feeds, draws = DOMAINS[wanted.domain], FEEDS[wanted.domain], Draws(wanted.seed)
    ends = [0, *wanted.ends]
    those = people(domain, draws, ends[batch] + 1, ends[batch + 1] + 1)
    life = Life(domain, draws, those, wanted.first, (wanted.regime_change - wanted.first).days)
    actions = acts.planned(folder / TRUTH / ACTS, batch, those, wanted.first)
    deliveries = Deliveries(folder / SOURCES, feeds, batch, len(wanted.ends), wanted.first, wanted.days)
    for t in range(wanted.days):
        today = life.live(t, actions.get(t, acts.NOTHING))
        write_state(folder / TRUTH, batch, today)
        if t >= deliveries.needed_from:
            for feed in feeds:
                deliveries.take(feed, t, arrivals(feed, feed.rows(domain, today), draws, t))
        deliveries.write(t)
    write_lives(folder / TRUTH, batch, life)
    return deliveries.written
