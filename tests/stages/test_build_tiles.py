"""Tiles of several knowledge dates, with a real catalog: what is built, what is left alone, what is cleaned."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from churn_spark.definitions.columns import Category, Cleaning, Measure
from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.stages.build_tiles import build_tiles
from churn_spark.tables.contracts.intake import events
from churn_spark.tables.contracts.profile import CLEANING_LIMITS
from churn_spark.tables.contracts.tiles import FIRST_SEEN, tiles
from tests.stages.made_warehouse import catalog_of, do, fill, project_at

D3, D4, D5 = (date(2026, 3, day) for day in (3, 4, 5))
PURCHASES = Source(
    "purchases",
    "events",
    "csv",
    "none",
    (),
    "id",
    Delivered(),
    measures=(Measure("amount", "amount", 2),),
    categories=(Category("shop", "shop", values=("A",), measures=("amount",), distinct=True),),
)
EVENT = {
    "customer_id": "a",
    "event_id": "1",
    "event_time": "2026-03-02T10:00:00",
    "event_date": "2026-03-02",
    "known_from": "2026-03-03",
    "delivery": "d",
    "amount": Decimal("1.50"),
    "shop": "A",
}
LIMIT = {"learnt_on": "2026-03-04", "source": "purchases", "column": "amount", "rows": 9, "lower": 0.0, "upper": 2.0}


@pytest.fixture
def made(spark, tmp_path):
    project = project_at(tmp_path, sources=(PURCHASES,))
    return project, catalog_of(spark, project)


def deliver(project, catalog, *overrides, table=None, base=EVENT):
    """Replace the partitions that the rows lie in."""
    fill(project, catalog, table or events(project.sources[0]), base, *overrides)


def built(project, catalog, *columns):
    catalog.refresh()
    found = catalog.read(tiles(project.sources[0])).select("customer_id", "known_from", *columns).collect()
    return {(row["customer_id"], row["known_from"].day): tuple(row)[2:] for row in found}


def written(entry, table="tiles_purchases"):
    return [one.partition for one in entry.writes if one.table == table]


def test_a_tile_sums_up_one_customer_day_and_knowledge_date(made):
    project, catalog = made
    deliver(
        project,
        catalog,
        {},
        {"event_id": "2", "amount": Decimal("-0.25"), "shop": "B"},
        {"event_id": "3", "amount": None, "shop": None},
        {"event_id": "4", "known_from": "2026-03-05"},
        {"event_id": "5", "known_from": "2026-03-04", "event_date": "2026-03-03", "customer_id": "b"},
    )
    do(build_tiles, project, catalog, D4)
    columns = ("events", "amount_n", "amount_sum", "amount_sumsq_low", "amount_min", "amount_max", "amount_missing")
    assert built(project, catalog, *columns, "shop__a", "shop__a__amount", "shop_values") == {
        ("a", 3): (3, 2, 125, 23125, -25, 150, 1, 1, 150, ["A", "B"]),
        ("b", 4): (1, 1, 150, 22500, 150, 150, 0, 1, 150, ["A"]),
    }
    firsts = {tuple(row) for row in catalog.read(FIRST_SEEN).collect()}
    assert firsts == {("a", "purchases", date(2026, 3, 2), D3), ("b", "purchases", D3, D4)}


def test_only_what_is_missing_or_stale_is_built(made):
    project, catalog = made
    deliver(project, catalog, {}, {"event_id": "2", "known_from": "2026-03-04"})
    assert written(do(build_tiles, project, catalog, D4)) == [D3, D4]
    assert do(build_tiles, project, catalog, D4).status == "nothing_to_do"
    deliver(
        project, catalog, {"event_id": "2", "known_from": "2026-03-04"}, {"event_id": "9", "known_from": "2026-03-05"}
    )
    assert written(do(build_tiles, project, catalog, D5)) == [D5]
    deliver(
        project, catalog, {"event_id": "3", "known_from": "2026-03-04"}, {"event_id": "2", "known_from": "2026-03-04"}
    )
    assert written(do(build_tiles, project, catalog, D5)) == [D4]
    assert built(project, catalog, "events") == {("a", 3): (1,), ("a", 4): (2,), ("a", 5): (1,)}


def test_another_definition_rebuilds_every_date(made):
    project, catalog = made
    deliver(project, catalog, {"amount": None}, {"event_id": "2", "known_from": "2026-03-04"})
    do(build_tiles, project, catalog, D4)
    filled = replace(PURCHASES.measures[0], cleaning=Cleaning("constant", 2))
    other = replace(project, sources=(replace(PURCHASES, measures=(filled,)),))
    assert written(do(build_tiles, other, catalog, D4)) == [D3, D4]
    assert built(other, catalog, "amount_sum", "amount_missing") == {("a", 3): (200, 1), ("a", 4): (150, 0)}


def test_tiles_that_keep_more_than_is_asked_for_stay_and_those_that_keep_less_are_made_again(made):
    project, catalog = made
    deliver(project, catalog, {}, {"event_id": "2", "known_from": "2026-03-04", "shop": "B"})
    do(build_tiles, project, catalog, D4)

    def asking(**changes):
        return replace(
            project, sources=(replace(PURCHASES, categories=(replace(PURCHASES.categories[0], **changes),)),)
        )

    assert written(do(build_tiles, asking(distinct=False, measures=()), catalog, D4)) == []
    more = asking(values=("A", "B"))
    assert written(do(build_tiles, more, catalog, D4)) == [D3, D4]
    assert built(more, catalog, "shop__b", "shop__b__amount") == {("a", 3): (0, 0), ("a", 4): (1, 150)}


def test_limits_clean_from_the_day_they_were_learnt_on_and_earlier_rows_are_counted(made):
    project, catalog = made
    clipped = replace(PURCHASES.measures[0], cleaning=Cleaning(outliers="clip"))
    project = replace(project, sources=(replace(PURCHASES, measures=(clipped,)),))
    far = {"amount": Decimal("99.00")}
    deliver(project, catalog, far, {"event_id": "2", "known_from": "2026-03-04", **far})
    deliver(project, catalog, {}, table=CLEANING_LIMITS, base=LIMIT)
    do(build_tiles, project, catalog, D4)
    columns = ("amount_sum", "amount_outlier", "uncleaned")
    assert built(project, catalog, *columns) == {("a", 3): (9900, 0, 1), ("a", 4): (200, 1, 0)}


def test_a_last_known_value_comes_from_events_of_dates_that_are_not_rebuilt(made):
    project, catalog = made
    last_known = replace(PURCHASES.measures[0], cleaning=Cleaning("last_known"))
    project = replace(project, sources=(replace(PURCHASES, measures=(last_known,)),))
    deliver(project, catalog, {})
    do(build_tiles, project, catalog, D3)
    gap = {"event_id": "2", "event_time": "2026-03-03T10:00:00", "event_date": "2026-03-03", "amount": None}
    deliver(project, catalog, {**gap, "known_from": "2026-03-04"})
    assert written(do(build_tiles, project, catalog, D4)) == [D4]
    assert built(project, catalog, "amount_sum")[("a", 4)] == (150,)
    deliver(project, catalog, {"amount": Decimal("7.00")})
    assert written(do(build_tiles, project, catalog, D4)) == [D3, D4]
    assert built(project, catalog, "amount_sum")[("a", 4)] == (700,)


def test_a_first_day_is_written_when_it_is_learnt_and_corrected_by_rows_that_come_late_or_go(made):
    project, catalog = made
    later = {"event_id": "2", "event_date": "2026-03-03", "known_from": "2026-03-04"}
    late = {"event_id": "3", "event_date": "2026-03-01", "known_from": "2026-03-05"}
    d2, d1 = date(2026, 3, 2), date(2026, 3, 1)

    def firsts():
        catalog.refresh()
        return {(row["first_seen"], row["known_from"]) for row in catalog.read(FIRST_SEEN).collect()}

    deliver(project, catalog, {})
    do(build_tiles, project, catalog, D3)
    deliver(project, catalog, later, late)
    do(build_tiles, project, catalog, D5)
    assert firsts() == {(d2, D3), (d1, D5)}
    deliver(project, catalog, {"customer_id": "b"})
    do(build_tiles, project, catalog, D5)
    assert firsts() == {(d2, D3), (D3, D4), (d1, D5)}, "the first day of `a` was learnt on D4 once D3 has no row of it"


def test_too_many_values_for_exact_counting_are_refused_and_the_old_tiles_stand(made):
    project, catalog = made
    deliver(project, catalog, {})
    do(build_tiles, project, catalog, D3)
    deliver(project, catalog, {}, {"event_id": "2", "shop": "B"}, {"event_id": "3", "shop": "C"})
    few = replace(PURCHASES.categories[0], max_values=2)
    with pytest.raises(
        ConfigError, match=r"3 different values on one day, more than max_values \(2\).*approximate: true"
    ):
        do(build_tiles, replace(project, sources=(replace(PURCHASES, categories=(few,)),)), catalog, D3)
    assert built(project, catalog, "events") == {("a", 3): (1,)}
