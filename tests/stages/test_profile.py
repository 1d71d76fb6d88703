"""Limits learnt for cleaning: again where another cleaning asks for others, and only there."""

from dataclasses import replace
from datetime import date

from churn_spark.definitions.sources import Cleaning, Delivered
from churn_spark.stages.profile import dates_to_learn, profile
from churn_spark.tables.contracts.models import CLEANING_LIMITS, DATA_PROFILE
from tests.stages.made_warehouse import do
from tests.stages.shop import Shop, shop

AS_OF = date(2024, 3, 10)


def taken_in(spark, root, **changes) -> Shop:
    """Three days of sales, limits learnt each day."""
    made = shop(spark, root, delivered=Delivered(history_until=AS_OF), **changes)
    place = Shop(replace(made.project, relearn_days=1), made.catalog, made.folder)
    for day in (7, 8, 9):
        rows = [f"c1,{day}{n},2024-03-0{day} 12:00:00,{n}" for n in range(5)]
        place.deliver(f"2024-03-0{day}.csv", rows)
    place.ingest(AS_OF)
    return place


def cleaned(place: Shop, cleaning: Cleaning) -> Shop:
    source = replace(place.source, measures=(replace(place.source.measures[0], cleaning=cleaning),))
    return replace(place, project=replace(place.project, sources=(source,)))


def learnt(place: Shop) -> set[tuple[object, ...]]:
    do(profile, place.project, place.catalog, AS_OF)
    place.catalog.refresh()
    return set(map(tuple, place.catalog.read(CLEANING_LIMITS).collect()))


def test_another_cleaning_is_learnt_anew_on_all_dates(spark, tmp_path):
    place = taken_in(spark, tmp_path)
    clipped, closer = (cleaned(place, Cleaning(outliers="clip", fence_factor=factor)) for factor in (3.0, 0.5))
    limits = learnt(clipped)
    assert dates_to_learn(clipped.project, clipped.catalog, AS_OF) == []
    days = dates_to_learn(closer.project, closer.catalog, AS_OF)
    assert len(days) == len(limits)
    others = learnt(closer)
    assert len(others) == len(limits)
    assert not others & limits


def test_a_source_without_measures_and_categories_has_nothing_to_profile(spark, tmp_path):
    place = taken_in(spark, tmp_path, measures=())
    assert do(profile, place.project, place.catalog, AS_OF).status == "nothing_to_do"
    assert not place.catalog.exists(DATA_PROFILE)
