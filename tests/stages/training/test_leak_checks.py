"""What is computed again, what happened after leaving, and what stops a training before anything is learnt."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.gate import Finding
from churn_spark.definitions.periods import Days
from churn_spark.definitions.rules import LabelRule
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.models.split import Split
from churn_spark.stages.build_features import BUILD_FEATURES
from churn_spark.stages.training import leak_checks
from churn_spark.stages.training.after_churn import active_after_churn, share_found
from churn_spark.stages.training.recomputation import recomputed
from churn_spark.tables.contracts.snapshots import features
from churn_spark.tables.contracts.tiles import tiles
from tests.faults.conftest import _shared
from tests.stages.made_warehouse import do, project_at, run_of
from tests.trained_shop import OpenShop, copied, opened, stocked_shop


@pytest.fixture(scope="module")
def shop(spark, tmp_path_factory) -> OpenShop:
    stocked = stocked_shop(spark, _shared(tmp_path_factory))
    return opened(copied(stocked, tmp_path_factory.mktemp("recomputed") / "shop"))


def again(shop: OpenShop, *accepted: str) -> Finding:
    """What is found of the newest snapshot."""
    training = shop.project.training
    project = replace(shop.project, training=replace(training, leaks=replace(training.leaks, accept=accepted)))
    day = max(shop.catalog.ledger.partitions("features"))
    run = run_of(project, "train", shop.files.start)
    return recomputed(run, project, shop.catalog, project.features.hashes, day)


def test_stored_features_that_nothing_explains_are_refused_unless_accepted(shop):
    """One shop, one story: as built, with a value from the future, and without tiles."""
    found = again(shop)
    names = len(shop.project.features.hashes)
    assert (found.check, found.outcome, found.value) == ("recomputed", "passed", 0)
    assert found.text.startswith(f"{names} features of 20 customers on {found.subject}, computed again from")

    def foresee(run, project, catalog):
        table = features(project.features)
        seen = catalog.read(table, run.dates).withColumn("purchases_count_7d", F.col("purchases_count_7d") + 1)
        with catalog.transaction(run, {table: run.dates}, definitions=BUILD_FEATURES.definitions(project)) as tx:
            tx.replace(table, seen.localCheckpoint(), run.dates)

    day = date.fromisoformat(found.subject)
    do(foresee, shop.project, shop.catalog, shop.files.start, dates=[day])
    shop.catalog.refresh()
    found = again(shop)
    assert (found.outcome, found.value) == ("refused", 20)
    assert "differ from those stored: purchases_count_7d of 20. They may hold what was not known" in found.text
    assert f"churn-spark build-features {shop.catalog.arguments} --as-of {day}" in found.text
    found = again(shop, "purchases_count_7d")
    assert (found.outcome, found.text[-32:]) == ("warning", "accepted (training.leaks.accept)")

    def lose(run, project, catalog):
        table = tiles(project.source("purchases"))
        days = sorted(catalog.ledger.partitions(table.name))
        with catalog.transaction(run, {table: days}) as tx:
            tx.remove(table, days)

    do(lose, shop.project, shop.catalog, shop.files.start)
    shop.catalog.refresh()
    found = again(shop)
    assert found.outcome == "warning"
    assert found.text == f"{day} was not computed again: there are no tiles within its windows (tiles_purchases)"


def test_customers_with_later_events_are_counted_once_and_the_day_itself_is_not_later(spark, tmp_path):
    project = project_at(tmp_path, label=LabelRule("event", ("closings",)))
    left = [("a", date(2026, 2, 1)), ("b", date(2026, 2, 1)), ("c", date(2026, 2, 1)), ("d", date(2026, 2, 1))]
    seen = [("a", date(2026, 2, 2)), ("a", date(2026, 3, 1)), ("b", date(2026, 2, 1)), ("c", date(2026, 1, 1))]
    seen += [("stayed", date(2026, 3, 1))]
    frames = [
        spark.createDataFrame(rows, f"customer_id string, {day} date").coalesce(1)
        for rows, day in ((left, "churned_on"), (seen, "event_date"))
    ]
    (found,) = share_found(*frames, "purchases", project)
    assert (found.check, found.subject, found.outcome) == ("active_after_churn", "closings", "warning")
    assert (found.value, found.limit) == (0.25, 0.05)
    assert found.text.startswith("25.0% of the 4 customers who left have events of purchases after the day they left")
    lenient = replace(project.training, leaks=replace(project.training.leaks, max_active_after_churn=0.25))
    (found,) = share_found(*frames, "purchases", replace(project, training=lenient))
    assert found.outcome == "passed"
    assert share_found(frames[0].limit(0), frames[1], "purchases", project) == []


def test_who_left_is_read_from_the_labels_and_later_events_from_the_tiles_of_other_sources(spark, tmp_path):
    closings = Source("closings", "events", "csv", "none", (), "id", Delivered())
    project = project_at(tmp_path, label=LabelRule("event", ("closings",)))
    project = replace(project, sources=(*project.sources, closings))
    first, second = date(2026, 1, 1), date(2026, 2, 1)
    labels = [
        ("twice", first, 1, date(2026, 1, 9)), ("twice", second, 1, date(2026, 2, 20)),
        ("back", first, 1, date(2026, 1, 9)), ("stayed", first, 0, None), ("gone", first, None, date(2026, 1, 2)),
    ]  # fmt: skip
    seen = [("twice", date(2026, 2, 1)), ("back", date(2026, 1, 10)), ("stayed", first), ("gone", second)]
    frames = {
        "labels": spark.createDataFrame(labels, "customer_id string, as_of_date date, label int, churned_on date"),
        "tiles_purchases": spark.createDataFrame(seen, "customer_id string, event_date date"),
    }
    read = {}

    def note(table, days):
        read[table.name] = days
        return frames[table.name].coalesce(1)

    (found,) = active_after_churn(project, SimpleNamespace(read=note), [first, second], date(2026, 3, 1))
    assert found.value == 0.5
    assert "of the 2 customers who left have events of purchases after the day they left (1)" in found.text
    assert read == {"labels": [first, second], "tiles_purchases": Days(first, date(2026, 3, 2))}


def test_silence_and_a_single_source_have_no_later_events_to_look_for(tmp_path):
    silent = project_at(tmp_path)
    assert active_after_churn(silent, None, [date(2026, 1, 1)], date(2026, 2, 1)) == []
    alone = replace(silent, label=LabelRule("event", ("purchases",)))
    assert active_after_churn(alone, None, [date(2026, 1, 1)], date(2026, 2, 1)) == []


def test_what_is_refused_stops_the_training_and_everything_is_logged(tmp_path, monkeypatch, caplog):
    first, last = date(2026, 1, 1), date(2026, 2, 1)
    found = {
        "of_counts": [Finding("single_feature", "closed", "refused", "closed alone nearly decides the label")],
        "again": [],
    }

    def note(run, project, catalog, used, day):
        found["again"].append(day)
        return Finding("recomputed", str(day), "passed", f"{day} is as stored")

    monkeypatch.setattr(leak_checks, "_of_counts", lambda project, data: list(found["of_counts"]))
    monkeypatch.setattr(leak_checks, "active_after_churn", lambda *_: [])
    monkeypatch.setattr(leak_checks, "recomputed", note)
    data = SimpleNamespace(split=Split((first, last), (), ()), features={})
    project, run = project_at(tmp_path), SimpleNamespace(as_of=last)
    with pytest.raises(ModelError, match=r"^nothing was learnt: closed alone .*training\.exclude: \[closed\]"):
        leak_checks.leak_findings(run, project, None, data)
    assert "leak checks: closed alone" in caplog.text
    assert found["again"] == [first, last]
    found["of_counts"] = []
    off = replace(project.training, leaks=replace(project.training.leaks, recomputed_customers=0))
    assert leak_checks.leak_findings(run, replace(project, training=off), None, data) == []
