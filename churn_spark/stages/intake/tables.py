"""The tables that ingest writes."""

from churn_spark.definitions.project import Project
from churn_spark.tables.contracts.intake import DELIVERIES, QUARANTINE, customers, events
from churn_spark.tables.table import Table


def intake_tables(project: Project) -> tuple[Table, ...]:
    """Events of each source, customers, quarantine, and last `deliveries`, which marks deliveries as taken."""
    attributes = (customers(project),) if project.customer_sources else ()
    return (*map(events, project.event_sources), *attributes, QUARANTINE, DELIVERIES)
