"""Snapshots whose label would take an outage for silence: days of it were delivered only after it had matured.

Such rows are stored, but were not known when the label came to be: it would count their customers as lost. What is late
by itself, within the label's lateness or beside deliveries that came, is no outage.
"""

from collections.abc import Collection
from datetime import date

from pyspark.sql import functions as F

from churn_spark.definitions.project import Project
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import DELIVERIES

Late = tuple[str, date, date]
"""Source, nominal date, and the first day on which any of a delivery's rows was known."""


def spoiled(project: Project, catalog: Catalog, days: Collection[date]) -> dict[date, str]:
    """Those of some as-of dates whose label an outage spoils, each with a sentence."""
    late = _beyond_lateness(project, catalog)
    found = {}
    for day in days:
        window, matured = project.periods.performance_window(day), project.periods.matured_on(day)
        for source, nominal, known in late:
            if nominal in window and known > matured:
                found[day] = (
                    f"{source} of {nominal} was known only on {known}, after {matured}"
                    " (an outage, or label.lateness is too short)"
                )
                break
    return found


def _beyond_lateness(project: Project, catalog: Catalog) -> list[Late]:
    """Deliveries of the label's sources that were later than a label waits: a few values each."""
    first = F.element_at("known_from", 1)
    rows = (
        catalog.read(DELIVERIES)
        .where(F.col("source").isin(list(project.label.sources)) & (F.size("known_from") > 0))
        .where(F.date_diff(first, "nominal_date") > project.periods.lateness)
        .select("source", "nominal_date", first)
    )
    return sorted(tuple(row) for row in rows.collect())
