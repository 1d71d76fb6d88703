"""Labels say what happened, not what was heard of too late or is not compacted yet."""

from dataclasses import replace
from datetime import date

import pytest

from churn_spark.definitions.errors import NotReadyError
from churn_spark.definitions.features import Feature, FeatureSet, Snapshots
from churn_spark.definitions.periods import Periods
from churn_spark.definitions.rules import LabelRule, Population
from churn_spark.stages import outages
from churn_spark.stages.build_features import build_features
from churn_spark.stages.build_labels import build_labels
from churn_spark.stages.build_tiles import build_tiles
from churn_spark.stages.ingest import ingest
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
    for day in days:
        place.deliver(f"2024-03-{day:02}.csv", [f"c1,{day},2024-03-{day:02} 12:00:00,1.50"])


def labels(place: Shop) -> dict[date, int]:
    place.catalog.refresh()
    return {row["as_of_date"]: row["label"] for row in place.catalog.read(LABELS).collect()}


def test_labels_that_take_an_outage_for_silence_are_named(place):
    sold(place, 10, 11, 12)
    for work in (ingest, build_tiles, build_labels):
        do(work, place.project, place.catalog, MATURED)
    # The 9th came in time; the 10th and 11th on the 14th, after the 12th and 13th, when the labels had matured.
    assert labels(place) == {FIRST: 0, SECOND: 1}
    first, second = outages.told(place.project, place.catalog, [FIRST, SECOND])
    assert "the labels of 2024-03-09 hold" in first
    assert "sales tells otherwise: its 2024-03-10 was known only on 2024-03-14, after 2024-03-13" in second


def test_a_delay_within_the_lateness_changes_nothing(place):
    sold(place, 10)
    do(ingest, place.project, place.catalog, date(2024, 3, 12))
    for work in (build_tiles, build_labels):
        do(work, place.project, place.catalog, MATURED)
    assert labels(place) == {FIRST: 0, SECOND: 0}
    assert list(outages.told(place.project, place.catalog, [FIRST, SECOND])) == []


def test_labels_are_refused_where_events_have_no_tiles_yet(place):
    sold(place, 10)
    do(ingest, place.project, place.catalog, date(2024, 3, 11))
    with pytest.raises(NotReadyError, match=r"tiles_sales of 2024-03-11: never built; .* build-tiles"):
        do(build_labels, place.project, place.catalog, MATURED)
