"""Centres of segments are those of the month's first day, whichever dates were built before and in which order."""

from dataclasses import replace
from datetime import date

import pytest

from churn_spark.definitions.errors import NotReadyError
from churn_spark.definitions.features import Feature, FeatureSet, Snapshots
from churn_spark.definitions.modelling import Segmentation
from churn_spark.definitions.rules import LabelRule, Population
from churn_spark.definitions.sources import Delivered
from churn_spark.pipelines.plan import everything_due
from churn_spark.stages.build_centres import build_centres, fitted_on
from churn_spark.stages.build_features import build_features
from churn_spark.stages.build_tiles import build_tiles
from churn_spark.tables.contracts.snapshots import SEGMENTS
from tests.stages.made_warehouse import do
from tests.stages.shop import Shop, shop

FIRST, SECOND, THIRD = date(2024, 3, 9), date(2024, 3, 10), date(2024, 3, 11)
FEATURES = FeatureSet(tuple(Feature(op, "sales", op, window=1, hash=op) for op in ("count", "recency", "active_days")))
RULE = Segmentation("recency", "count", "count", clusters=2)


@pytest.fixture
def place(spark, tmp_path) -> Shop:
    """Sales on the days before the first and the third date, none on that before the second."""
    made = shop(spark, tmp_path, delivered=Delivered(history_until=SECOND))
    active = Population("active", ("sales",), days=1)
    place = Shop(
        replace(made.project, population=active, features=FEATURES, label=LabelRule("inactivity", ("sales",))),
        made.catalog,
        made.folder,
    )
    for day in ("2024-03-08", "2024-03-10"):
        rows = [f"c{n},{day}{n}{k},{day} 12:00:00,1.50" for n in range(4) for k in range(n + 1)]
        place.deliver(f"{day}.csv", rows)
    place.ingest(THIRD)
    do(build_tiles, place.project, place.catalog, THIRD)
    return place


def segments(place: Shop, rule: Segmentation, day: date) -> list[tuple[object, ...]]:
    """The segments of a day, after centres and features of it were built as `daily` does."""
    project = replace(place.project, segmentation=rule)
    do(build_centres, project, place.catalog, day)
    do(build_features, project, place.catalog, day)
    place.catalog.refresh()
    rows = place.catalog.read(SEGMENTS, [day]).orderBy("customer_id").collect()
    return [(row["customer_id"], row["segment"], row["rfm"]) for row in rows]


def numbers(found: list[tuple[object, ...]]) -> set[object]:
    return {row[1] for row in found}


def centres(place: Shop) -> dict[date, int]:
    return {day: part.rows for day, part in place.catalog.ledger.partitions("segment_centres").items()}


def test_segments_do_not_depend_on_the_order_in_which_dates_were_built(place):
    later = segments(place, RULE, THIRD)
    assert numbers(later) == {0, 1}
    earlier = segments(place, RULE, FIRST)
    assert segments(place, RULE, THIRD) == later
    assert segments(place, RULE, FIRST) == earlier
    assert set(centres(place)) == {date(2024, 3, 1)}


def test_a_date_without_customers_takes_nothing_from_the_others(place):
    assert segments(place, RULE, SECOND) == []
    assert numbers(segments(place, RULE, THIRD)) == {0, 1}


def test_centres_of_another_segmentation_are_not_taken(place):
    wide = replace(RULE, features=("count", "active_days"))
    assert numbers(segments(place, wide, FIRST)) == {0, 1}
    project = replace(place.project, segmentation=RULE)
    with pytest.raises(NotReadyError, match=r"segment_centres of 2024-03-01: definition changed .* build-centres"):
        do(build_features, project, place.catalog, THIRD)
    assert numbers(segments(place, RULE, THIRD)) == {0, 1}
    assert numbers(segments(place, wide, THIRD)) == {0, 1}


def test_centres_that_are_there_are_not_fitted_again(place):
    segments(place, RULE, FIRST)
    project = replace(place.project, segmentation=RULE)
    assert do(build_centres, project, place.catalog, THIRD).status == "nothing_to_do"


def test_another_population_on_the_first_day_makes_centres_and_segments_of_the_month_due(place):
    segments(place, RULE, FIRST)
    segments(place, RULE, THIRD)
    place.deliver("2024-03-08.csv", ["c9,new,2024-03-08 12:00:00,1.50"])
    place.ingest(THIRD, "restate")
    do(build_tiles, place.project, place.catalog, THIRD)
    project = replace(place.project, segmentation=RULE, snapshots=Snapshots(date(2024, 6, 1)))
    due = {(found.table, found.day) for found in everything_due(project, place.catalog, THIRD)}
    assert due == {("segment_centres", date(2024, 3, 1)), ("features", FIRST), ("features", THIRD)}


def test_the_first_month_is_fitted_on_the_first_day_that_anything_is_known(place):
    project = replace(place.project, segmentation=RULE)
    assert fitted_on(project, place.catalog.ledger, THIRD) == FIRST
    assert fitted_on(project, place.catalog.ledger, date(2024, 4, 9)) == date(2024, 4, 1)
