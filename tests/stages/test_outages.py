"""Labels say what happened, not what was heard of too late or is not compacted yet."""

from dataclasses import replace
from datetime import date

import pytest

from churn_spark.definitions.errors import DeliveryError, NotReadyError
from churn_spark.definitions.features import Feature, FeatureSet, Snapshots
from churn_spark.definitions.periods import Periods
from churn_spark.definitions.rules import LabelRule, Population
from churn_spark.definitions.sources import Calendar, Delivered
from churn_spark.pipelines.backfill import backfill
from churn_spark.pipelines.plan import everything_due
from churn_spark.stages.build_features import build_features
from churn_spark.stages.build_labels import build_labels
from churn_spark.stages.build_tiles import build_tiles
from churn_spark.stages.ingest import ingest
from churn_spark.stages.training.snapshots import for_training
from churn_spark.tables.contracts.snapshots import LABELS
from tests.stages.made_warehouse import do
from tests.stages.shop import Shop, shop

FIRST, SECOND = date(2024, 3, 9), date(2024, 3, 10)
MATURED = date(2024, 3, 14)


@pytest.fixture
def place(spark, tmp_path) -> Shop:
    """Daily sales of one customer, of which two days are known; labels look at two days and wait for one more."""
    made = shop(spark, tmp_path)
    project = replace(
        made.project,
        population=Population("active", ("sales",), days=7),
        features=FeatureSet((Feature("count", "sales", "count", window=2, hash="count-1"),)),
        label=LabelRule("inactivity", ("sales",)),
        periods=Periods(gap=0, performance=2, lateness=1),
        snapshots=Snapshots(FIRST, 1),
    )
    place = Shop(project, made.catalog, made.folder)
    for day in (8, 9):
        sold(place, day)
    for as_of in (FIRST, SECOND):
        do(ingest, project, place.catalog, as_of)
    do(build_tiles, project, place.catalog, SECOND)
    do(build_features, project, place.catalog, SECOND, dates=(FIRST, SECOND))
    return place


def sold(place: Shop, *days: int) -> None:
    """Deliver the files of some days of March, in each of which the customer bought something."""
    for day in days:
        place.deliver(f"2024-03-{day:02}.csv", [f"c1,{day},2024-03-{day:02} 12:00:00,1.50"])


def labels(place: Shop) -> dict[date, tuple[object, ...]]:
    place.catalog.refresh()
    rows = place.catalog.read(LABELS).collect()
    return {row["as_of_date"]: (row["label"], row["excluded"], row["matured_on"]) for row in rows}


def on(place: Shop, as_of: date, *options: str) -> None:
    """The way of a day up to its labels."""
    do(ingest, place.project, place.catalog, as_of, options=options)
    for work in (build_tiles, build_labels):
        do(work, place.project, place.catalog, as_of)


def march(day: int) -> date:
    return date(2024, 3, day)


def test_deliveries_that_come_after_the_labels_had_matured_correct_them_and_move_their_maturity(place, caplog):
    on(place, march(13))  # nothing new has come, and no calendar says that something should have
    assert labels(place) == {FIRST: (0, None, march(12)), SECOND: (1, None, march(13))}
    sold(place, 10, 11, 12)
    with caplog.at_level("WARNING"):
        on(place, MATURED)
    assert labels(place) == {FIRST: (0, None, MATURED), SECOND: (0, None, MATURED)}
    assert (
        "labels of 2024-03-10 matured on 2024-03-14 instead of 2024-03-13: sales of 2024-03-10, 2024-03-11"
        in caplog.text
    )
    assert do(build_labels, place.project, place.catalog, march(20)).status == "nothing_to_do"


def test_nothing_is_built_of_a_day_that_ingest_has_not_completed(place):
    sold(place, 10, 11)  # ingest fails from the 11th on; the other jobs go on
    do(build_labels, place.project, place.catalog, march(20))
    assert labels(place) == {}
    with pytest.raises(
        NotReadyError, match=r"2024-03-11 is not taken in yet: ingest has completed 2024-03-10, .*ingest"
    ):
        do(build_features, place.project, place.catalog, march(11))
    with pytest.raises(NotReadyError, match=r"ingest has completed 2024-03-10"):
        backfill(place.project, place.catalog, march(24))
    assert {due.day for due in everything_due(place.project, place.catalog, march(24))} == set()


def test_a_day_accepted_as_missing_is_an_outage_until_it_is_delivered(place, caplog):
    expected(place)
    sold(place, 10, 12, 13)
    with pytest.raises(DeliveryError, match=r"but missing: 2024-03-11; .*--option accept-incomplete=sales@2024-03-11$"):
        on(place, march(14))
    with caplog.at_level("WARNING"):
        on(place, march(14), "accept-incomplete=sales@2024-03-11")
    assert "no delivery of 2024-03-11, as accepted" in caplog.text
    assert "2024-03-10 is an outage and teaches nothing: sales is without 2024-03-11" in caplog.text
    assert labels(place) == {FIRST: (0, None, march(14)), SECOND: (None, "outage", march(14))}
    with pytest.raises(DeliveryError, match=r"expected but missing: 2024-03-14;"):
        on(place, march(15))  # the 11th is not asked for again, and no other hole is forgiven
    assert for_training(place.project, place.catalog, march(14)) == (FIRST,)
    sold(place, 11, 14, 15)
    on(place, march(16))
    assert labels(place) == {FIRST: (0, None, march(14)), SECOND: (0, None, march(16))}


@pytest.mark.parametrize(
    ("periods", "left"),
    [
        pytest.param(Periods(gap=0, performance=3, lateness=1), march(13), id="a longer performance window"),
        pytest.param(Periods(gap=1, performance=2, lateness=1), march(13), id="a longer gap"),
        pytest.param(Periods(gap=0, performance=2, lateness=2), march(13), id="more lateness"),
    ],
)
def test_labels_that_mature_later_by_another_configuration_are_removed_until_then(place, periods, left):
    on(place, march(13))
    assert set(labels(place)) == {FIRST, SECOND}
    place.project = replace(place.project, periods=periods)
    due = everything_due(place.project, place.catalog, march(13))
    assert [(item.day, item.kind) for item in due if item.table == "labels"] == [
        (FIRST, "state"),
        (SECOND, "early"),
    ]
    on(place, march(13))
    assert labels(place) == {FIRST: (1 if periods.gap else 0, None, left)}
    assert not [item for item in everything_due(place.project, place.catalog, march(13)) if item.table == "labels"]
    on(place, MATURED)
    assert set(labels(place)) == {FIRST, SECOND}


def test_labels_whose_window_gets_a_delivery_known_only_tomorrow_are_removed_until_then(place):
    sources = (replace(place.source, delivered=Delivered(clock_skew_days=1)),)
    place.project = replace(place.project, sources=sources, periods=Periods(gap=0, performance=2))
    on(place, march(12))
    assert labels(place) == {FIRST: (0, None, march(11)), SECOND: (1, None, march(12))}
    place.deliver("2024-03-11.csv", ["c1,12,2024-03-12 12:00:00,1.50"])
    on(place, march(12))
    assert labels(place) == {FIRST: (0, None, march(11))}
    on(place, march(13))
    assert labels(place) == {FIRST: (0, None, march(11)), SECOND: (1, None, march(13))}


def test_an_earlier_as_of_date_removes_no_labels(place):
    on(place, march(13))
    do(build_labels, place.project, place.catalog, march(12))
    assert set(labels(place)) == {FIRST, SECOND}


def expected(place: Shop) -> None:
    """Have a file each day from now on."""
    delivered = Delivered(expected=Calendar(first=march(8)))
    place.project = replace(place.project, sources=(replace(place.source, delivered=delivered),))


def test_labels_are_refused_where_events_have_no_tiles_yet(place):
    sold(place, 10)
    do(ingest, place.project, place.catalog, MATURED)
    with pytest.raises(NotReadyError, match=r"tiles_sales of 2024-03-14: never built; .* build-tiles"):
        do(build_labels, place.project, place.catalog, MATURED)
