"""Centres of segments hold for a month: not those of another segmentation, nor those of a date without customers."""

from dataclasses import replace
from datetime import date

import pytest

from churn_spark.definitions.features import Feature, FeatureSet
from churn_spark.definitions.modelling import Segmentation
from churn_spark.definitions.rules import Population
from churn_spark.definitions.sources import Delivered
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
    place = Shop(replace(made.project, population=active, features=FEATURES), made.catalog, made.folder)
    for day in ("2024-03-08", "2024-03-10"):
        rows = [f"c{n},{day}{n}{k},{day} 12:00:00,1.50" for n in range(4) for k in range(n + 1)]
        place.deliver(f"{day}.csv", rows)
    place.ingest(THIRD)
    do(build_tiles, place.project, place.catalog, THIRD)
    return place


def segments(place: Shop, rule: Segmentation, day: date) -> set[int | None]:
    do(build_features, replace(place.project, segmentation=rule), place.catalog, day)
    place.catalog.refresh()
    return {row["segment"] for row in place.catalog.read(SEGMENTS, [day]).collect()}


def test_centres_of_another_segmentation_are_not_taken(place):
    wide = replace(RULE, features=("count", "active_days"))
    assert segments(place, wide, FIRST) == {0, 1}
    assert segments(place, RULE, THIRD) == {0, 1}
    assert segments(place, wide, THIRD) == {0, 1}


def test_a_date_without_customers_leaves_the_fit_to_the_next(place):
    assert segments(place, RULE, SECOND) == set()
    assert segments(place, RULE, THIRD) == {0, 1}
