"""Features of an as-of date and of the dates they are compared with, counted by bin."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from churn_spark.definitions.periods import listed
from churn_spark.definitions.project import Project
from churn_spark.models.preparation import number_of
from churn_spark.monitoring.bins import Bins, counted, of_numbers, of_texts
from churn_spark.monitoring.drift import Against, feature_signals
from churn_spark.monitoring.signal import ALL, Signal, unknown
from churn_spark.stages.monitoring.versions import Version
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.snapshots import features

SAMPLE = 20_000
"""Rows of the reference that bins are learnt on; they reach the driver."""
MOST_ROWS = 100_000
"""Customers of a date that are counted, drawn by a hash of the customer: more would say nothing new."""
MOST_DATES = 12
"""Dates of the reference, spread over those there are."""
BACK = range(28, 85)
"""Days before the as-of date, of the reference where there is no model whose snapshots stand."""
DRAWS = 1_000_000


def signals_of_features(project: Project, catalog: Catalog, as_of: date, version: Version | None) -> list[Signal]:
    """Drift of every feature, and features that the model reads and that are gone."""
    table, number = features(project.features), version.number if version else None
    stored = catalog.ledger.partitions(table.name)
    compared = reference(project, catalog, as_of, version)
    days = compared.days
    if not days:
        why = f"no earlier features stand to compare those of {as_of} with (from {BACK[-1]} to {BACK[0]} days before)"
        return [unknown("reference", ALL, why, number), *_gone(project, catalog, as_of, version)]
    now = stored[as_of].definitions
    against = {
        name: replace(compared, days=tuple(day for day in days if stored[day].definitions.get(name) == now.get(name)))
        for name in project.features.hashes
    }
    rows = catalog.read(table, [*days, as_of])
    numbers = {
        field.name: F.expr(number_of(field.name, field.dataType))
        for field in rows.schema
        if field.name in against and not isinstance(field.dataType, T.StringType)
    }
    sizes = {day: stored[day].rows for day in (*days, as_of)}
    bins = _learnt(rows, numbers, {name: one.days for name, one in against.items()}, sizes)
    drawn = rows.where(_within(sizes, MOST_ROWS))
    found = feature_signals(counted(drawn, bins, numbers, [*days, as_of]), as_of, against, project.monitoring, number)
    return [*found, *_gone(project, catalog, as_of, version)]


def reference(project: Project, catalog: Catalog, as_of: date, version: Version | None) -> Against:
    """The dates to compare with: the snapshots that the model learnt from, if one of them is of the same weekday, else
    dates before that are; where there are none, of other weekdays.
    """
    stored = catalog.ledger.partitions(features(project.features).name)
    there = {day for day, state in stored.items() if state.rows and day < as_of}
    there -= {day for day in catalog.ledger.open(features(project.features).name) if day}
    learnt = sorted(there.intersection(version.described.learnt)) if version else []
    before = sorted(there.intersection(as_of - timedelta(days=n) for n in BACK))
    alike = [day for day in before if day.weekday() == as_of.weekday()]
    snapshots = spread(learnt, MOST_DATES)
    seen = any(day.weekday() == as_of.weekday() for day in snapshots)
    if version and snapshots and (seen or not alike):
        return Against(snapshots, f"at the snapshots that version {version.number} learnt from")
    days = spread(alike or before, MOST_DATES)
    return Against(days, f"at {listed(days, most=3)}")


def spread(days: Collection[date], most: int) -> tuple[date, ...]:
    """At most so many of some ordered dates, at even distances, the last one among them."""
    ordered = list(days)
    places = np.linspace(len(ordered) - 1, 0, min(most, len(ordered))).round().astype(int)
    return tuple(ordered[place] for place in sorted({*places.tolist()}))


def _learnt(
    rows: DataFrame, numbers: Mapping[str, Column], days: Mapping[str, tuple[date, ...]], sizes: Mapping[date, int]
) -> list[Bins]:
    """The bins of every feature, from at most `SAMPLE` rows of its reference."""
    then = sorted({day for each in days.values() for day in each})
    sample = rows.where(F.col("as_of_date").isin(*then))
    total = sum(sizes[day] for day in then)
    read = [numbers[name].alias(name) if name in numbers else F.col(f"`{name}`") for name in days]
    if total > SAMPLE:
        sample = sample.where(_draw() < int(1.2 * DRAWS * SAMPLE / total)).orderBy(_draw(), "customer_id", "as_of_date")
    drawn = sample.limit(SAMPLE).select(F.col("as_of_date").alias("(day)"), *read).toArrow()
    return [_bins(drawn, name, name in numbers, days[name]) for name in days]


def _bins(drawn: pa.Table, name: str, number: bool, days: Collection[date]) -> Bins:
    mine = np.isin(drawn["(day)"].to_numpy(), np.array(sorted(days), dtype="datetime64[D]"))
    values = drawn[name].filter(pa.array(mine))
    return of_numbers(name, values.to_numpy().astype(float)) if number else of_texts(name, values.to_pylist())


def _within(sizes: Mapping[date, int], most: int) -> Column:
    """Whether a row is among those of its date that are counted."""
    large = [day for day, rows in sizes.items() if rows > most]
    whole = ~F.col("as_of_date").isin(*large) if large else F.lit(True)
    for day in large:
        whole |= (F.col("as_of_date") == F.lit(day)) & (_draw() < int(DRAWS * most / sizes[day]))
    return whole


def _draw() -> Column:
    """A number of the customer, the same at every date, from 0 up to but below `DRAWS`."""
    return F.pmod(F.xxhash64(F.lit("monitored"), F.col("customer_id")), F.lit(DRAWS))


def _gone(project: Project, catalog: Catalog, as_of: date, version: Version | None) -> list[Signal]:
    """Features that the model reads and that are not there as it learnt them."""
    state = catalog.ledger.partition(features(project.features).name, as_of)
    if version is None or state is None:
        return []
    other = [name for name, known in version.described.features.items() if state.definitions.get(name) != known]
    if not other:
        return []
    text = f"version {version.number} reads {', '.join(sorted(other))}, not there at {as_of} as the model learnt them"
    advice = "configure them as before, or train a new model"
    return [Signal("model", "features", "act", text, float(len(other)), 0.0, 0.0, 0.0, advice, version.number)]
