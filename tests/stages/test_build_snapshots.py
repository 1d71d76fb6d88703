"""Features and labels with a real catalog: who is in a snapshot, when its label is known, what ended contracts do."""

from dataclasses import replace
from datetime import date

import pytest
from pyspark.sql import types as T

from churn_spark.definitions.columns import Attribute
from churn_spark.definitions.errors import NotReadyError
from churn_spark.definitions.features import AttributeFeature, Feature, FeatureSet
from churn_spark.definitions.periods import Periods
from churn_spark.definitions.rules import LabelRule, Population
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.stages.build_features import build_features
from churn_spark.stages.build_labels import build_labels
from churn_spark.stages.build_tiles import build_tiles
from churn_spark.tables.contracts.intake import customers, events
from churn_spark.tables.contracts.snapshots import LABELS, features
from tests.stages.made_warehouse import CALL, catalog_of, do, fill, project_at

CALLS = Source("calls", "events", "csv", "none", (), "id", Delivered())
CRM = Source(
    "crm", "customers", "csv", "none", (), "id", Delivered(), attributes=(Attribute("open", "open", "boolean"),)
)
FEATURES = FeatureSet(
    windowed=(Feature("calls_count_7d", "calls", "count", window=7, hash="count-1"),),
    attributes=(AttributeFeature("open", "open", "boolean", hash="open-1"),),
)
S = date(2026, 3, 10)
"""The as-of date; with a gap of 2, a performance window of 5 and a lateness of 1 its label matures on the 18th."""
PERIODS = Periods(gap=2, performance=5, lateness=1)
MATURED = date(2026, 3, 18)
CONTRACT = {
    "customer_id": "a",
    "source": "crm",
    "known_from": "2026-03-01",
    "nominal_date": "2026-02-28",
    "delivery": "d",
    "open": True,
}


def called(day: int, customer: str = "a", known: int | None = None) -> dict[str, str]:
    return {
        "customer_id": customer,
        "event_id": f"{customer}{day}",
        "event_date": f"2026-03-{day:02d}",
        "event_time": f"2026-03-{day:02d}T10:00:00",
        "known_from": f"2026-03-{known or day + 1:02d}",
    }


@pytest.fixture
def made(spark, tmp_path):
    project = project_at(
        tmp_path,
        sources=(CALLS, CRM),
        population=Population("active", ("calls",), days=7),
        periods=PERIODS,
        features=FEATURES,
        label=replace(project_at(tmp_path).label, sources=("calls",)),
    )
    return project, catalog_of(spark, project)


def snapshot(project, catalog, day=S):
    catalog.refresh()
    rows = catalog.read(features(project.features), [day]).collect()
    return {row["customer_id"]: (row["calls_count_7d"], row["open"]) for row in rows}


def labels(catalog):
    catalog.refresh()
    return {row["customer_id"]: (row["label"], row["excluded"]) for row in catalog.read(LABELS, [S]).collect()}


def test_a_snapshot_holds_what_was_known_at_its_date(made):
    project, catalog = made
    late = called(9, "late", known=11)
    old = called(2, "old")
    fill(project, catalog, events(CALLS), CALL, called(9), called(3, "edge"), old, late)
    fill(project, catalog, customers(project), CONTRACT, {}, {"known_from": "2026-03-11", "open": False})
    do(build_tiles, project, catalog, date(2026, 3, 11))
    do(build_features, project, catalog, date(2026, 3, 11), dates=[S, date(2026, 3, 11)])
    assert snapshot(project, catalog) == {"a": (1, True), "edge": (1, None)}
    assert snapshot(project, catalog, date(2026, 3, 11)) == {"a": (1, False), "late": (1, None)}


def test_nothing_was_known_before_the_first_delivery(made):
    project, catalog = made
    fill(project, catalog, events(CALLS), CALL, {})
    do(build_tiles, project, catalog, S)
    with pytest.raises(NotReadyError, match="the earliest possible as-of date is 2026-03-10"):
        do(build_features, project, catalog, date(2026, 3, 9))


def test_a_snapshot_is_labelled_on_the_day_it_matures_and_once(made):
    project, catalog = made
    window = [
        called(12, "first"),
        called(16, "last"),
        called(11, "gap"),
        called(17, "after"),
        called(16, "slow", known=19),
    ]
    present = [called(9, name) for name in ("first", "last", "gap", "after", "slow")]
    fill(project, catalog, events(CALLS), CALL, *present, *window)
    do(build_tiles, project, catalog, date(2026, 3, 19))
    do(build_features, project, catalog, S)
    assert do(build_labels, project, catalog, date(2026, 3, 17)).status == "nothing_to_do"
    do(build_labels, project, catalog, MATURED)
    expected = {"first": (0, None), "last": (0, None), "gap": (1, None), "after": (1, None), "slow": (1, None)}
    assert labels(catalog) == expected
    assert do(build_labels, project, catalog, date(2026, 3, 30)).status == "nothing_to_do"


def test_a_contract_that_ended_too_early_takes_the_label(made):
    project, catalog = made
    crm = replace(CRM, attributes=(*CRM.attributes, Attribute("until", "until", "date")))
    rule = Population("contract", expression="open AND (until IS NULL OR until >= as_of_date)")
    project = replace(project, sources=(CALLS, crm), population=rule)
    fill(project, catalog, events(CALLS), CALL, called(9, "silent"))
    ended = {"open": False}
    fill(
        project,
        catalog,
        customers(project),
        CONTRACT | {"until": T.DateType()},
        *({"customer_id": name} for name in ("open", "silent", "lost", "gap", "window")),
        *({"customer_id": f"until {day}", "until": f"2026-03-{day:02}"} for day in (9, 11, 12)),
        {"customer_id": "lost", "known_from": "2026-03-11", "nominal_date": "2026-03-09", **ended},
        {"customer_id": "gap", "known_from": "2026-03-12", "nominal_date": "2026-03-11", **ended},
        {"customer_id": "window", "known_from": "2026-03-15", "nominal_date": "2026-03-14", **ended},
        {"customer_id": "never", **ended},
    )
    do(build_tiles, project, catalog, S)
    do(build_features, project, catalog, S)
    assert set(snapshot(project, catalog)) == {"open", "silent", "lost", "gap", "window", "until 11", "until 12"}
    do(build_labels, project, catalog, MATURED)
    assert labels(catalog) == {
        "open": (1, None),
        "silent": (1, None),
        "window": (1, None),
        "until 11": (None, "churned_in_gap"),
        "until 12": (1, None),
        "lost": (None, "already_lost"),
        "gap": (None, "churned_in_gap"),
    }


def test_who_is_known_to_have_left_by_an_event_is_in_no_population_and_has_no_label(made):
    project, catalog = made
    ended = Source("ended", "events", "csv", "none", (), "id", Delivered())
    project = replace(project, sources=(CALLS, CRM, ended), label=LabelRule("event", ("ended",)))
    names = ("stays", "left", "found_later", "leaves")
    fill(project, catalog, events(CALLS), CALL, *(called(9, name) for name in names))
    fill(
        project,
        catalog,
        events(ended),
        CALL,
        called(8, "left"),
        called(8, "found_later", known=12),
        called(13, "leaves"),
    )
    do(build_tiles, project, catalog, MATURED)
    do(build_features, project, catalog, S)
    assert set(snapshot(project, catalog)) == {"stays", "found_later", "leaves"}
    do(build_labels, project, catalog, MATURED)
    assert labels(catalog) == {"stays": (0, None), "leaves": (1, None), "found_later": (None, "already_lost")}


def test_a_date_of_the_customer_is_a_label_as_known_when_it_matures(made):
    project, catalog = made
    crm = replace(CRM, attributes=(*CRM.attributes, Attribute("left_on", "left_on", "date")))
    project = replace(project, sources=(CALLS, crm), label=LabelRule("attribute", ("crm",), attribute="left_on"))
    names = ("stays", "left", "found_later", "gap", "leaves", "prolonged", "told_too_late")
    fill(project, catalog, events(CALLS), CALL, *(called(9, name) for name in names))
    versions = [
        {"customer_id": "left", "left_on": "2026-03-09"},
        {"customer_id": "found_later", "known_from": "2026-03-12", "left_on": "2026-03-08"},
        {"customer_id": "gap", "known_from": "2026-03-12", "left_on": "2026-03-11"},
        {"customer_id": "leaves", "left_on": "2026-03-16"},
        {"customer_id": "prolonged", "left_on": "2026-03-14"},
        {"customer_id": "prolonged", "known_from": "2026-03-14", "left_on": "2027-03-14"},
        {"customer_id": "told_too_late", "known_from": "2026-03-19", "left_on": "2026-03-14"},
    ]
    fill(project, catalog, customers(project), CONTRACT | {"left_on": T.DateType()}, *versions)
    do(build_tiles, project, catalog, MATURED)
    do(build_features, project, catalog, S)
    assert set(snapshot(project, catalog)) == set(names) - {"left"}
    do(build_labels, project, catalog, MATURED)
    assert labels(catalog) == {
        "stays": (0, None),
        "found_later": (None, "already_lost"),
        "gap": (None, "churned_in_gap"),
        "leaves": (1, None),
        "prolonged": (0, None),
        "told_too_late": (0, None),
    }
