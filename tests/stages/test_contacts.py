"""Contacts with a real catalog: what is built when a source gets a counterparty, what a snapshot sees of partners."""

from dataclasses import replace
from datetime import date

import pytest

from churn_spark.definitions.columns import Category
from churn_spark.definitions.features import Feature, FeatureSet
from churn_spark.definitions.periods import Days, days_up_to
from churn_spark.definitions.rules import LabelRule, Leaving, Population
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.lineage.ledger import Ledger
from churn_spark.stages.build_features import BUILD_FEATURES, build_features
from churn_spark.stages.build_tiles import build_tiles, dates_to_build
from churn_spark.tables.contracts.intake import events
from churn_spark.tables.contracts.snapshots import features
from churn_spark.tables.contracts.tiles import contacts
from tests.stages.made_warehouse import CALL, catalog_of, do, fill, project_at

CALLS = Source("calls", "events", "csv", "none", (), "id", Delivered(), counterparty="partner")
ENDED = Source("ended", "events", "csv", "none", (), "id", Delivered(), categories=(Category("why", "why"),))
FEATURES = FeatureSet(
    (
        Feature("degree", "calls", "degree", window=7, hash="degree-1"),
        Feature("left", "calls", "left_partners", window=7, hash="left-1"),
    ),
    leaving=Leaving(("ended",), filter="why = 'moved'"),
)
S, NEXT = date(2026, 3, 10), date(2026, 3, 11)
BETWEEN = CALL | {"counterparty": "b"}
END = CALL | {"customer_id": "b", "why": "moved"}


@pytest.fixture
def made(spark, tmp_path):
    project = project_at(
        tmp_path,
        sources=(CALLS, ENDED),
        population=Population("active", ("calls",), days=7),
        features=FEATURES,
        label=LabelRule("event", ("ended",), filter="why = 'moved'"),
    )
    return project, catalog_of(spark, project)


def test_a_snapshot_sees_the_partners_and_the_leaving_known_by_its_date(made):
    """b, whose leaving is known on the second date, still counts as a partner, but no more as a customer."""
    project, catalog = made
    called = [("a", "b"), ("a", "c"), ("a", None), ("b", "a"), ("c", "a"), ("c", "c")]
    calls = [{"customer_id": a, "counterparty": b, "event_id": str(n)} for n, (a, b) in enumerate(called)]
    fill(project, catalog, events(CALLS), BETWEEN, *calls)
    fill(project, catalog, events(ENDED), END, {"known_from": "2026-03-11"}, {"customer_id": "c", "why": "error"})
    do(build_tiles, project, catalog, NEXT)
    assert {tuple(row)[:2] for row in catalog.read(contacts(CALLS)).collect()} == set(called) - {
        ("a", None),
        ("c", "c"),
    }
    do(build_features, project, catalog, NEXT, [S, NEXT])
    catalog.refresh()
    found = catalog.read(features(FEATURES)).collect()
    assert {(row["customer_id"], row["as_of_date"]): (row["degree"], row["left"]) for row in found} == {
        ("a", S): (2, 0.0),
        ("b", S): (1, 0.0),
        ("c", S): (1, 0.0),
        ("a", NEXT): (2, 0.5),
        ("c", NEXT): (1, 0.0),
    }


def test_a_source_that_gets_a_counterparty_has_its_dates_built_once_more(made):
    project, catalog = made
    alone = replace(project, sources=(replace(CALLS, counterparty=None), ENDED))
    fill(project, catalog, events(CALLS), BETWEEN, {}, {"event_id": "2", "known_from": "2026-03-11"})
    do(build_tiles, alone, catalog, NEXT)
    assert dates_to_build(alone, catalog.ledger, alone.sources[0], NEXT) == []
    assert dates_to_build(project, catalog.ledger, CALLS, NEXT) == [S, NEXT]
    do(build_tiles, project, catalog, NEXT)
    assert dates_to_build(project, catalog.ledger, CALLS, NEXT) == []
    other = replace(CALLS, counterparty="upper(partner)")
    assert dates_to_build(replace(project, sources=(other, ENDED)), catalog.ledger, other, NEXT) == [S, NEXT]


def test_features_read_all_churn_events_or_tiles_as_far_back_as_silence_reaches(made):
    project, _ = made
    assert BUILD_FEATURES.reads(project, Ledger(), "features", S)["events_ended"] == days_up_to(S)
    silent = replace(
        project,
        features=replace(FEATURES, leaving=Leaving(("calls",), after=30)),
        label=LabelRule("inactivity", ("calls",)),
    )
    found = BUILD_FEATURES.reads(silent, Ledger(), "features", S)
    assert "events_ended" not in found
    assert found["tiles_calls"] == Days(date(2026, 2, 9), NEXT)
