"""The number of alerts that were sent on, today and at the last dates that had any."""

from datetime import date

from pyspark.sql import functions as F

from churn_spark.definitions.project import Project
from churn_spark.monitoring.alerts import DATES, alert_volume
from churn_spark.monitoring.signal import Signal
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.actions import ALERTS


def signals_of_alerts(project: Project, catalog: Catalog, as_of: date) -> list[Signal]:
    """One signal; none where no alerts were made for the date."""
    ledger, begun = catalog.ledger, catalog.ledger.open(ALERTS.name)
    if ledger.partition(ALERTS.name, as_of) is None:
        return []
    stored = ledger.partitions(ALERTS.name)
    before = sorted(day for day, state in stored.items() if day < as_of and state.rows and day not in begun)[-DATES:]
    rows = (
        catalog.read(ALERTS, [*before, as_of])
        .where(F.col("suppressed").isNull())
        .groupBy("as_of_date")
        .agg(F.count("*").alias("rows"))
        .collect()
    )
    sent = {row["as_of_date"]: row["rows"] for row in rows}
    return [alert_volume(sent.get(as_of, 0), [sent.get(day, 0) for day in before], project.monitoring)]
