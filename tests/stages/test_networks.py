"""Networks with a real catalog: one partition per month, built when it is due, that the snapshots of the month take."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from churn_spark.definitions.columns import Category
from churn_spark.definitions.errors import NotReadyError
from churn_spark.definitions.features import Feature, FeatureSet, Snapshots
from churn_spark.definitions.periods import Days, days_up_to, single_day
from churn_spark.definitions.rules import LabelRule, Leaving, Population
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.lineage.ledger import Ledger
from churn_spark.pipelines.backfill import backfill
from churn_spark.pipelines.daily import daily
from churn_spark.pipelines.plan import everything_due
from churn_spark.stages.all_stages import BUILD_NETWORKS, daily_stages
from churn_spark.stages.build_features import BUILD_FEATURES, build_features
from churn_spark.stages.build_networks import build_networks
from churn_spark.stages.build_tiles import build_tiles
from churn_spark.tables.contracts.intake import events
from churn_spark.tables.contracts.snapshots import NETWORKS, features
from tests.features import network_oracle as oracle
from tests.stages.made_warehouse import CALL, catalog_of, do, fill, project_at

CALLS = Source("calls", "events", "csv", "none", (), "id", Delivered(), counterparty="partner")
ENDED = Source("ended", "events", "csv", "none", (), "id", Delivered(), categories=(Category("why", "why"),))
OPS = ("pagerank", "community_size", "community_left")
FEATURES = FeatureSet(
    tuple(Feature(op, "calls", op, window=28, hash=f"{op}-1") for op in OPS),
    leaving=Leaving(("ended",), filter="why = 'moved'"),
)
FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)
IN_JANUARY = {"event_time": "2026-01-20T10:00:00", "event_date": "2026-01-20", "known_from": "2026-01-21"}
BETWEEN = CALL | IN_JANUARY | {"counterparty": "b"}
END = CALL | IN_JANUARY | {"customer_id": "c", "why": "moved"}


@pytest.fixture(scope="module")
def made(spark, tmp_path_factory):
    """a and b call each other and c, who leaves; d only calls a number elsewhere. Each test has months of its own."""
    project = project_at(
        tmp_path_factory.mktemp("networks"),
        sources=(CALLS, ENDED),
        population=Population("active", ("calls",), days=90),
        features=FEATURES,
        label=LabelRule("event", ("ended",), filter="why = 'moved'"),
        snapshots=Snapshots(date(2026, 3, 10), 365),
    )
    catalog = catalog_of(spark, project)
    called = [("a", "b"), ("b", "a"), ("a", "c"), ("b", "c"), ("c", "a"), ("d", "x")]
    calls = [{"customer_id": a, "counterparty": b, "event_id": str(n)} for n, (a, b) in enumerate(called)]
    later = _on(date(2026, 2, 28), "9", "2026-03-01")
    also = {**later, "event_id": "10", "counterparty": "c"}
    unknown = {**_on(date(2026, 2, 27), "11", "2026-03-02"), "counterparty": "d"}
    fill(project, catalog, events(CALLS), BETWEEN, *calls, later, also, unknown)
    fill(project, catalog, events(ENDED), END, {"known_from": "2026-02-10"}, {"customer_id": "b", "why": "error"})
    do(build_tiles, project, catalog, date(2026, 3, 10))
    return project, catalog


def _on(day, event_id, known_from):
    time = datetime(day.year, day.month, day.day, 10).isoformat()
    return {"event_date": day.isoformat(), "event_time": time, "event_id": event_id, "known_from": known_from}


def test_the_snapshots_of_a_month_take_its_one_network(made):
    project, catalog = made
    days = [date(2026, 2, 1), date(2026, 2, 28), MARCH, date(2026, 3, 10)]
    with pytest.raises(NotReadyError, match=r"networks of 2026-02-01: never built; .* churn-spark build-networks "):
        do(build_features, project, catalog, days[-1], days)
    assert _written(do(build_networks, project, catalog, days[-1], days)) == [FEBRUARY, MARCH]
    do(build_features, project, catalog, days[-1], days)
    catalog.refresh()
    found = {(r["customer_id"], r["as_of_date"]): tuple(r)[2:] for r in catalog.read(features(FEATURES)).collect()}
    ranks = oracle.ranks_in_billionths(dict.fromkeys([("a", "b"), ("b", "a"), ("a", "c"), ("b", "c"), ("c", "a")], 1))
    assert found["a", days[0]] == found["a", days[1]] == (ranks["a"], 3, 0.0)
    assert found["d", days[0]] == (None, None, None)
    ranks = oracle.ranks_in_billionths({("a", "b"): 1, ("a", "c"): 1})
    assert found["b", MARCH] == found["b", days[3]] == (ranks["b"], 3, 0.5)
    assert catalog.read(NETWORKS, [MARCH]).count() == 3, "that a called d became known after the first day"


def _written(entry):
    return [written.partition for written in entry.writes]


def test_daily_builds_a_month_once_and_again_only_when_it_is_stale(made, monkeypatch):
    project, catalog = made
    ran = []
    stages = [stage for stage in daily_stages(project) if stage is BUILD_NETWORKS]
    monkeypatch.setattr("churn_spark.stages.all_stages.daily_stages", lambda project: stages)
    monkeypatch.setattr(
        "churn_spark.pipelines.daily.run_stage", lambda stage, *given: ran.append(do(stage.work, *given[:3]))
    )
    for day in (date(2026, 4, 29), date(2026, 4, 30), date(2026, 5, 1), date(2026, 5, 2)):
        daily(project, catalog, day)
    assert [_written(entry) for entry in ran] == [[date(2026, 4, 1)], [date(2026, 5, 1)]]
    fill(project, catalog, events(CALLS), BETWEEN, _on(date(2026, 4, 26), "12", "2026-04-27"))
    do(build_tiles, project, catalog, date(2026, 5, 2))
    daily(project, catalog, date(2026, 5, 3))
    assert [_written(entry) for entry in ran[2:]] == [[date(2026, 5, 1)]]


def test_the_stage_itself_builds_a_month_once_and_again_only_when_it_is_stale(made):
    project, catalog = made
    days = (date(2026, 8, 30), date(2026, 8, 31), date(2026, 9, 1), date(2026, 9, 2), date(2026, 9, 3))
    ran = []
    for day in days[:4]:
        ran.append(do(build_networks, project, catalog, day))
        catalog.refresh()
    assert [_written(entry) for entry in ran] == [[date(2026, 8, 1)], [], [date(2026, 9, 1)], []]
    assert [entry.status for entry in ran] == ["ok", "nothing_to_do", "ok", "nothing_to_do"]
    fill(project, catalog, events(CALLS), BETWEEN, _on(date(2026, 8, 26), "13", "2026-08-27"))
    do(build_tiles, project, catalog, days[4])
    catalog.refresh()
    assert _written(do(build_networks, project, catalog, days[4], days)) == [date(2026, 9, 1)]


def test_what_is_due_is_told_with_its_reason(made):
    project, catalog = made
    june, asked = date(2026, 6, 1), Days(date(2026, 6, 10), date(2026, 6, 11))
    plan = backfill(project, catalog, asked.first, asked, dry_run=True)
    assert _reasons(plan, "networks")[june] == _reasons(plan, "features")[asked.first] == "missing"
    do(build_networks, project, catalog, asked.first)
    catalog.refresh()
    assert june not in _reasons(everything_due(project, catalog, asked.first, asked), "networks")
    other = replace(FEATURES, windowed=(replace(FEATURES.windowed[0], hash="pagerank-2"), *FEATURES.windowed[1:]))
    plan = everything_due(replace(project, features=other), catalog, asked.first, asked)
    assert _reasons(plan, "networks")[june] == "columns"


def _reasons(plan, table):
    return {due.day: due.kind for due in plan if due.table == table}


def test_nothing_is_computed_that_no_feature_asks_for(made):
    project, catalog = made
    alone = replace(project, features=FeatureSet((Feature("degree", "calls", "degree", window=28, hash="degree-1"),)))
    assert BUILD_NETWORKS not in daily_stages(alone)
    assert do(build_networks, alone, catalog, MARCH).status == "nothing_to_do"
    assert not _reasons(everything_due(alone, catalog, date(2026, 3, 10)), "networks")
    assert "networks" not in BUILD_FEATURES.reads(alone, Ledger(), "features", MARCH)


def test_a_month_reads_what_its_first_day_can_know(made):
    project, _ = made
    span = Days(date(2026, 2, 2), date(2026, 3, 2))
    before = days_up_to(MARCH)
    assert BUILD_NETWORKS.reads(project, Ledger(), "networks", MARCH) == {
        "first_seen": before,
        "contacts_calls": span,
        "events_ended": before,
    }
    silent = replace(project, features=replace(FEATURES, leaving=Leaving(("calls",), after=14)))
    assert BUILD_NETWORKS.reads(silent, Ledger(), "networks", MARCH) == {
        "first_seen": before,
        "contacts_calls": span,
        "tiles_calls": Days(MARCH - timedelta(days=13), date(2026, 3, 2)),
    }
    assert BUILD_FEATURES.reads(project, Ledger(), "features", date(2026, 3, 31))["networks"] == single_day(MARCH)
