"""What the ledger and `deliveries` know of the sources at an as-of date."""

from collections.abc import Mapping
from datetime import date, timedelta

from pyspark.sql import functions as F

from churn_spark.definitions.periods import Days
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source
from churn_spark.events.arrivals import missing
from churn_spark.lineage.acceptance import accepted_dates
from churn_spark.lineage.ledger import Ledger
from churn_spark.monitoring.sources import LOOKED_BACK, WEEK, WEEKS, Deliveries
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import DELIVERIES

SPAN = WEEK * (WEEKS + 1)


def deliveries_of(project: Project, catalog: Catalog, as_of: date) -> list[Deliveries]:
    """Every source as it stood at an as-of date."""
    of_customers = _customer_rows(project, catalog, as_of) if project.customer_sources else {}
    return [_deliveries(catalog.ledger, source, as_of, of_customers) for source in project.sources]


def _deliveries(ledger: Ledger, source: Source, as_of: date, of_customers: Mapping[str, dict[date, int]]) -> Deliveries:
    lag = timedelta(days=source.delivered.lag_days)
    known = {
        day: nominal
        for day, nominal in ledger.nominal_dates(source.name).items()
        if day + lag <= as_of and (nominal.known is None or nominal.known <= as_of)
    }
    accepted, calendar = accepted_dates(ledger, source), source.delivered.expected
    last = max(known, default=as_of)
    after = (last + timedelta(days=n) for n in range(1, (as_of - last).days + 1))
    since = as_of - lag - timedelta(days=LOOKED_BACK - 1)
    first = min(known, default=None)
    gone = {*missing(source.delivered, known, as_of, first), *(accepted - known.keys())}
    gone |= {day for day, nominal in known.items() if nominal.incomplete}
    return Deliveries(
        source=source.name,
        nominal=frozenset(known),
        quiet=frozenset(day for day in after if day in accepted or (calendar and not calendar.expects(day))),
        missing=sorted(day for day in gone if since <= day <= as_of - lag and (first is None or day >= first)),
        weeks=_weeks(_event_rows(ledger, source) if source.kind == "events" else of_customers[source.name], as_of),
        lag_days=source.delivered.lag_days,
    )


def _event_rows(ledger: Ledger, source: Source) -> dict[date, int]:
    return {day: state.rows for day, state in ledger.partitions(source.events_table).items()}


def _customer_rows(project: Project, catalog: Catalog, as_of: date) -> dict[str, dict[date, int]]:
    """Rows read of each source of customers by the day on which they were due."""
    until = max(as_of, catalog.ledger.completed("ingest") or as_of)
    taken = Days(as_of - timedelta(days=SPAN), until + timedelta(days=1))
    rows = (
        catalog.read(DELIVERIES, taken)
        .where(F.col("source").isin(*(source.name for source in project.customer_sources)))
        .groupBy("source", F.coalesce("nominal_date", "taken_on").alias("day"))
        .agg(F.sum("read").alias("rows"))
        .where(F.col("day").between(F.lit(as_of - timedelta(days=SPAN)), F.lit(as_of)))
        .collect()
    )
    found: dict[str, dict[date, int]] = {source.name: {} for source in project.customer_sources}
    for row in rows:
        lag = timedelta(days=project.source(row["source"]).delivered.lag_days)
        found[row["source"]][row["day"] + lag] = row["rows"]
    return found


def _weeks(rows: Mapping[date, int], as_of: date) -> list[int]:
    """Rows of the last weeks, the newest first, back to the first that has any and lies wholly within what is known."""
    begun = min((day for day, count in rows.items() if count), default=as_of)
    sums = []
    for n in range(WEEKS + 1):
        end = as_of - timedelta(days=WEEK * n)
        first = end - timedelta(days=WEEK - 1)
        if n and first < begun:
            break
        sums.append(sum(rows.get(first + timedelta(days=day), 0) for day in range(WEEK)))
    return sums
