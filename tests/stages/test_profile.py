"""Limits learnt for cleaning: in force from the run that learnt them, so that nothing built before is made anew."""

from dataclasses import replace
from datetime import date

from churn_spark.definitions.columns import Cleaning
from churn_spark.definitions.features import Feature, FeatureSet, Snapshots
from churn_spark.definitions.periods import Periods
from churn_spark.definitions.rules import LabelRule, Population
from churn_spark.definitions.sources import Delivered
from churn_spark.pipelines.plan import everything_due
from churn_spark.stages.build_features import build_features
from churn_spark.stages.build_tiles import build_tiles
from churn_spark.stages.profile import dates_to_learn, profile
from churn_spark.stages.training.snapshots import for_training, uncleaned
from churn_spark.tables.contracts.profile import CLEANING_LIMITS, DATA_PROFILE
from tests.stages.made_warehouse import do
from tests.stages.shop import Shop, shop

AS_OF = date(2024, 3, 10)
CLIPPED = Cleaning(outliers="clip")
TOTAL = FeatureSet((Feature("total", "sales", "sum", column="amount", window=1, hash="1"),))


def march(day: int) -> date:
    return date(2024, 3, day)


def taken_in(spark, root, history=AS_OF, every=1, **changes) -> Shop:
    """Three days of sales; limits are learnt every day, or another number of days."""
    made = shop(spark, root, delivered=Delivered(history_until=history), **changes)
    project = replace(
        made.project,
        relearn_days=every,
        population=Population("active", ("sales",), days=1),
        features=TOTAL,
        label=LabelRule("inactivity", ("sales",)),
        periods=Periods(0, 1),
        snapshots=Snapshots(march(8), 1),
    )
    place = Shop(project, made.catalog, made.folder)
    for day in (7, 8, 9):
        sold(place, day)
    place.ingest(AS_OF)
    return place


def sold(place: Shop, day: int) -> None:
    place.deliver(f"2024-03-{day:02}.csv", [f"c1,{day}{n},2024-03-{day:02} 12:00:00,{n}" for n in range(5)])


def cleaned(place: Shop, cleaning: Cleaning = CLIPPED) -> Shop:
    source = replace(place.source, measures=(replace(place.source.measures[0], cleaning=cleaning),))
    return replace(place, project=replace(place.project, sources=(source,)))


def learnt(place: Shop, as_of: date = AS_OF, *options: str) -> set[tuple[object, ...]]:
    do(profile, place.project, place.catalog, as_of, options=options)
    place.catalog.refresh()
    return set(map(tuple, place.catalog.read(CLEANING_LIMITS).collect()))


def due(place: Shop, as_of: date) -> set[tuple[str, date]]:
    return {(found.table, found.day) for found in everything_due(place.project, place.catalog, as_of)}


def test_another_cleaning_is_learnt_anew_on_all_dates(spark, tmp_path):
    place = taken_in(spark, tmp_path)
    clipped, closer = (cleaned(place, Cleaning(outliers="clip", fence_factor=factor)) for factor in (3.0, 0.5))
    limits = learnt(clipped)
    assert {row[0] for row in limits} == {march(9), march(10)}
    assert dates_to_learn(clipped.project, clipped.catalog.ledger, AS_OF) == []
    assert dates_to_learn(closer.project, closer.catalog.ledger, AS_OF) == [march(9), march(10)]
    others = learnt(closer)
    assert len(others) == len(limits)
    assert not others & limits


def test_limits_learnt_later_are_in_force_from_the_next_tiles_and_make_nothing_due(spark, tmp_path):
    place = cleaned(taken_in(spark, tmp_path, every=2))
    assert {row[0] for row in learnt(place)} == {march(10)}
    do(build_tiles, place.project, place.catalog, AS_OF)
    do(build_features, place.project, place.catalog, AS_OF, dates=[march(9), march(10)])
    for day in (10, 11, 12):
        sold(place, day)
        place.ingest(march(day + 1))
        do(build_tiles, place.project, place.catalog, march(day + 1))
    before = due(place, march(13))
    limits = learnt(place, march(13))  # the tiles of the 13th are built already
    assert {row[0] for row in limits} == {march(10), march(14)}
    assert due(place, march(13)) == before
    assert learnt(place, march(13)) == limits  # again on the same day: nothing to learn
    assert learnt(place, march(12)) == limits  # at an earlier date: neither


def test_snapshots_that_reach_uncleaned_rows_are_not_used_for_training(spark, tmp_path, caplog):
    place = cleaned(taken_in(spark, tmp_path))
    learnt(place)
    do(build_tiles, place.project, place.catalog, AS_OF)
    do(build_features, place.project, place.catalog, AS_OF, dates=[march(8), march(9)])
    place.catalog.refresh()
    days = [march(8), march(9), march(10)]
    assert uncleaned(place.project, place.catalog, days) == {march(8)}
    assert for_training(place.project, place.catalog, AS_OF) == (march(9),)
    reason = "rows within their windows were known before there were cleaning limits"
    assert f"snapshots not used for training, as {reason}" in caplog.text
    wider = replace(place.project, features=FeatureSet((replace(TOTAL.windowed[0], window=2),)))
    assert uncleaned(wider, place.catalog, days) == {march(8), march(9)}
    other = replace(place.project, features=FeatureSet((Feature("count", "sales", "count", window=7, hash="2"),)))
    assert uncleaned(other, place.catalog, days) == set()
    left_out = replace(place.project, training=replace(place.project.training, exclude=("total",)))
    assert uncleaned(left_out, place.catalog, days) == set()


def test_a_source_without_measures_and_categories_has_nothing_to_profile(spark, tmp_path):
    place = taken_in(spark, tmp_path, measures=())
    assert do(profile, place.project, place.catalog, AS_OF).status == "nothing_to_do"
    assert not place.catalog.exists(DATA_PROFILE)
