"""Snapshots whose label takes an outage for silence: days of it were delivered only after it had matured.

Such rows are stored, but were not known when the label came to be, which counts their customers as lost. What is late
by itself, beside deliveries of the same day that came in time, is no outage.
"""

from collections.abc import Collection, Iterator
from datetime import date

from pyspark.sql import functions as F

from churn_spark.definitions.project import Project
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import DELIVERIES

Late = tuple[str, date, date]
"""Source, nominal date, and the first day on which any row of that date's deliveries was known."""


def told(project: Project, catalog: Catalog, days: Collection[date]) -> Iterator[str]:
    """A sentence for each of some as-of dates whose label an outage spoils."""
    late = _beyond_lateness(project, catalog)
    for day in days:
        window, matured = project.periods.performance_window(day), project.periods.matured_on(day)
        for source, nominal, known in late:
            if nominal in window and known > matured:
                yield (
                    f"the labels of {day} hold customers for lost of whom {source} tells otherwise: its {nominal} was"
                    f" known only on {known}, after {matured} (an outage, or label.lateness is too short)"
                )
                break


def _beyond_lateness(project: Project, catalog: Catalog) -> list[Late]:
    """The dates of the label's sources that were heard of later than a label waits: a few values each."""
    first = F.min(F.element_at("known_from", 1))
    rows = (
        catalog.read(DELIVERIES)
        .where(F.col("source").isin(list(project.label.sources)) & (F.size("known_from") > 0))
        .groupBy("source", "nominal_date")
        .agg(first.alias("known"))
        .where(F.date_diff("known", "nominal_date") > project.periods.lateness)
    )
    return sorted(tuple(row) for row in rows.collect())
