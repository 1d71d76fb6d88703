"""A source added to a project that runs: its history counts or not, as is said and chosen; none is lost in silence."""

from dataclasses import replace
from datetime import date

import pytest

from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.features import Feature, FeatureSet, Snapshots
from churn_spark.definitions.periods import Periods
from churn_spark.definitions.rules import LabelRule, Population
from churn_spark.definitions.sources import Delivered
from churn_spark.pipelines.plan import everything_due
from churn_spark.stages.build_features import build_features
from churn_spark.stages.build_tiles import build_tiles
from churn_spark.stages.training.snapshots import equal_features
from churn_spark.tables.contracts.snapshots import features
from tests.stages.made_warehouse import do
from tests.stages.shop import Shop, shop

HISTORY, TODAY, TOMORROW = date(2024, 3, 10), date(2024, 3, 20), date(2024, 3, 21)
"""A snapshot of a past date; the day on which the new source comes, and the next one."""
SALES = Feature("sales_count", "sales", "count", window=30, hash="1")
VISITS = Feature("visits_count", "visits", "count", window=30, hash="1")


@pytest.fixture
def place(spark, tmp_path) -> Shop:
    """A shop with snapshots of its sales; files of visits of 5 and 12 March lie there, but are not configured yet."""
    made = shop(spark, tmp_path, delivered=Delivered(history_until=date(2024, 3, 1)))
    project = replace(
        made.project,
        population=Population("active", ("sales",), days=30),
        features=FeatureSet((SALES,)),
        label=LabelRule("inactivity", ("sales",)),
        periods=Periods(0, 60),
        snapshots=Snapshots(HISTORY, 10),
    )
    place = Shop(project, made.catalog, made.folder)
    place.deliver("2024-03-01.csv", ["c1,1,2024-03-01 12:00:00,1.50"])
    place.deliver("2024-03-05.csv", [])
    place.ingest(HISTORY)
    built(place, HISTORY)
    (tmp_path / "visits").mkdir()
    visits = Shop(project, made.catalog, tmp_path / "visits")
    for day in ("05", "12"):
        visits.deliver(f"2024-03-{day}.csv", [f"c1,{day},2024-03-{day} 12:00:00,1.50"])
    return place


def built(place: Shop, *days: date) -> None:
    do(build_tiles, place.project, place.catalog, max(days))
    do(build_features, place.project, place.catalog, max(days), dates=days)


def with_visits(place: Shop, delivered: Delivered) -> Shop:
    visits = replace(place.source, name="visits", path=str(place.folder.parent / "visits"), delivered=delivered)
    return replace(
        place,
        project=replace(place.project, sources=(*place.project.sources, visits), features=FeatureSet((SALES, VISITS))),
    )


def counts(place: Shop) -> dict[date, tuple[int, int | None]]:
    place.catalog.refresh()
    rows = place.catalog.read(features(place.project.features)).collect()
    return {row["as_of_date"]: (row["sales_count"], row["visits_count"]) for row in rows}


def test_the_history_of_a_new_source_is_known_on_its_own_dates_and_that_is_said(place, caplog):
    place = with_visits(place, Delivered(history_until=date(2024, 3, 12)))
    place.ingest(TODAY)
    assert "visits is new in a running project: its deliveries up to 2024-03-12 count as known" in caplog.text
    assert "--option no-history=visits" in caplog.text
    place.catalog.refresh()
    due = {
        partition.day
        for partition in everything_due(place.project, place.catalog, TODAY)
        if partition.table == "features"
    }
    assert due == {HISTORY, TODAY}
    built(place, HISTORY, TODAY)
    assert counts(place) == {HISTORY: (1, 1), TODAY: (1, 2)}
    place.ingest(TOMORROW, "no-history=visits")
    built(place, HISTORY, TODAY)
    assert counts(place) == {HISTORY: (1, None), TODAY: (1, 2)}


def test_a_new_source_without_history_is_null_before_it_was_known_and_teaches_nothing(place):
    bare, place = place, with_visits(place, Delivered())
    with pytest.raises(ConfigError, match=r"goes back to 2024-03-05: .* history_until: 2024-03-12.* no-history=visits"):
        place.ingest(TODAY)
    place.ingest(TODAY, "no-history=visits")
    built(place, HISTORY, TODAY)
    assert counts(place) == {HISTORY: (1, None), TODAY: (1, 2)}
    used, left_out = equal_features(place.project, place.catalog, [HISTORY, TODAY])
    assert (set(used), set(left_out)) == ({"sales_count"}, {"visits_count"})
    place = with_visits(bare, Delivered(history_until=date(2024, 3, 12)))
    place.ingest(TOMORROW, "add-history=visits")
    built(place, HISTORY, TODAY)
    assert counts(place) == {HISTORY: (1, 1), TODAY: (1, 2)}


def test_a_source_that_is_there_from_the_start_but_silent_is_zero_not_null(place):
    delivered = Delivered(history_until=date(2024, 3, 1))
    started = with_visits(place, delivered)
    fresh = replace(started.project, warehouse=replace(started.project.warehouse, path=f"{place.folder}_fresh"))
    catalog = type(place.catalog)(place.catalog.spark, replace(place.catalog.location, root=f"{place.folder}_fresh"))
    new = Shop(fresh, catalog, place.folder)
    new.ingest(HISTORY)
    new.ingest(TODAY)
    built(new, date(2024, 3, 3), TODAY)
    assert counts(new) == {date(2024, 3, 3): (1, 0), TODAY: (1, 2)}
