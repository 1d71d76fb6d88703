"""Answers to actions as they are in the tables of their source, and who has asked not to be acted upon."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.actions.outcomes import meant
from churn_spark.definitions.feedback import UNSUBSCRIBED
from churn_spark.definitions.periods import Days, days_up_to
from churn_spark.definitions.project import Project
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import events

COLUMNS = "customer_id string, event_date date, event_id string, known_from date, answered_action string"


def answers_on(project: Project, catalog: Catalog, days: Days) -> DataFrame:
    """The answers given on some days, as `meant` says; none without a source of them."""
    known = project.feedback.answers
    if known is None:
        return catalog.spark.createDataFrame([], f"{COLUMNS}, meaning string")
    return meant(catalog.read(events(project.source(known.source)), days), known)


def unsubscribed(project: Project, catalog: Catalog, day: date) -> DataFrame:
    """customer_id of those of whom it is known at a date that they want no more messages, whatever they said later."""
    said = answers_on(project, catalog, days_up_to(day))
    known = (F.col("meaning") == UNSUBSCRIBED) & (F.col("known_from") <= F.lit(day))
    return said.where(known).select("customer_id").distinct()
