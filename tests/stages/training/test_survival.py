"""From which tables the days of leaving come, by each rule of the label that has them."""

from dataclasses import replace
from datetime import date

from pyspark.sql import types as T

from churn_spark.definitions.columns import Attribute
from churn_spark.definitions.rules import LabelRule
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.stages.training.survival import leaving_days
from churn_spark.tables.contracts.intake import customers, events
from tests.frames import rows
from tests.stages.made_warehouse import CALL, catalog_of, fill, project_at

S, AS_OF = date(2026, 3, 1), date(2026, 4, 1)
SNAPSHOT = {"customer_id": "a", "as_of_date": "2026-03-01", "followed": 28}


def left(catalog, project) -> dict[str, int | None]:
    snapshots = rows(catalog.spark, SNAPSHOT, *({"customer_id": name} for name in "abcd"))
    return {
        row["customer_id"]: row["left_after"] for row in leaving_days(project, catalog, snapshots, [S], AS_OF).collect()
    }


def test_events_that_pass_the_filter_and_were_known_in_time_count(spark, tmp_path):
    project = project_at(tmp_path, label=LabelRule("event", ("purchases",), filter="event_id LIKE 'end%'"))
    catalog = catalog_of(spark, project)
    base = CALL | {"event_id": "end", "event_date": "2026-03-09", "known_from": "2026-03-10"}
    fill(
        project, catalog, events(project.sources[0]), base,
        {"customer_id": "a"},
        {"customer_id": "a", "event_id": "end again", "event_date": "2026-03-12", "known_from": "2026-03-13"},
        {"customer_id": "b", "event_id": "order"},
        {"customer_id": "c", "known_from": "2026-04-02"},
        {"customer_id": "d", "event_date": "2026-03-28", "known_from": "2026-04-01"},
    )  # fmt: skip
    assert left(catalog, project) == {"a": 8, "b": None, "c": None, "d": 27}


def test_the_date_of_leaving_is_the_one_known_when_it_is_decided(spark, tmp_path):
    crm = Source(
        "crm", "customers", "csv", "none", (), "id", Delivered(), attributes=(Attribute("ends", "ends", "date"),)
    )
    made = project_at(tmp_path)
    project = replace(made, sources=(*made.sources, crm), label=LabelRule("attribute", ("crm",), attribute="ends"))
    catalog = catalog_of(spark, project)
    version = {
        "customer_id": "a", "source": "crm", "nominal_date": "2026-02-20", "known_from": "2026-02-21", "delivery": "1",
        "ends": T.DateType(),
    }  # fmt: skip
    later = {"nominal_date": "2026-03-20", "known_from": "2026-03-21", "delivery": "2"}
    fill(
        project, catalog, customers(project), version,
        {"customer_id": "a", "ends": "2026-03-15"},
        {"customer_id": "b", "ends": "2026-03-15"},
        {"customer_id": "b", **later},
        {"customer_id": "c"},
        {"customer_id": "c", "ends": "2026-03-05", **later, "known_from": "2026-04-02"},
        {"customer_id": "d", "ends": "2026-02-25"},
    )  # fmt: skip
    assert left(catalog, project) == {"a": 14, "b": None, "c": None, "d": None}
