"""A column configured later: null where rows were taken before, never a zero, until they are taken again."""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from churn_spark.definitions.columns import Attribute, Cleaning, Measure
from churn_spark.definitions.errors import ConfigError, DeliveryError, NotReadyError
from churn_spark.definitions.features import AttributeFeature, DerivedFeature, Feature, FeatureSet, Snapshots
from churn_spark.definitions.rules import LabelRule, Population
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.lineage import unavailable
from churn_spark.lineage.ledger import Entry, Written
from churn_spark.pipelines.plan import everything_due
from churn_spark.stages.build_features import build_features
from churn_spark.stages.build_labels import build_labels
from churn_spark.stages.build_tiles import build_tiles
from churn_spark.stages.ingest import ingest
from churn_spark.stages.training.snapshots import equal_features
from churn_spark.tables.contracts.snapshots import LABELS, features
from churn_spark.tables.contracts.tiles import tiles
from tests.stages.made_warehouse import do
from tests.stages.shop import Shop, shop

FIRST, SECOND, THIRD = date(2024, 3, 9), date(2024, 3, 10), date(2024, 3, 11)
MATURED = date(2024, 4, 20)
COUNT = Feature("count", "sales", "count", window=2, hash="count-1")
BIG = Measure("big", "if(amount > 2, 1, 0)")
BIG_SUM = Feature("big_sum", "sales", "sum", column="big", window=2, hash="big-1")
PART = DerivedFeature("part", "coalesce(big_sum, 0) / count", inputs=("big_sum", "count"), hash="part-1")


@pytest.fixture(scope="module")
def built_once(spark, tmp_path_factory) -> Path:
    """Two days of sales, each with one above 2, taken and built before that could be asked."""
    root = tmp_path_factory.mktemp("built_once") / "shop"
    made = opened(spark, root)
    for day in (8, 9):
        rows = [f"c1,{day}0,2024-03-0{day} 12:00:00,1.50", f"c1,{day}1,2024-03-0{day} 13:00:00,3"]
        made.deliver(f"2024-03-0{day}.csv", rows)
    built(made, FIRST, SECOND)
    return root


@pytest.fixture
def place(spark, built_once, tmp_path) -> Shop:
    """A copy of it."""
    shutil.copytree(built_once, tmp_path / "shop")
    return opened(spark, tmp_path / "shop")


def opened(spark, root: Path) -> Shop:
    made = shop(spark, root, delivered=Delivered(history_until=date(2024, 3, 9)))
    project = replace(
        made.project,
        population=Population("active", ("sales",), days=7),
        features=FeatureSet((COUNT,)),
        label=LabelRule("inactivity", ("sales",)),
        snapshots=Snapshots(FIRST, 365),
    )
    return Shop(project, made.catalog, made.folder)


def built(place: Shop, *days: date, options: tuple[str, ...] = ()) -> None:
    """Everything up to the last of some dates, and their snapshots."""
    do(ingest, place.project, place.catalog, days[-1], options=options)
    do(build_tiles, place.project, place.catalog, days[-1])
    do(build_features, place.project, place.catalog, days[-1], dates=days)


def with_big(place: Shop) -> Shop:
    source = replace(place.source, measures=(*place.source.measures, BIG))
    wanted = FeatureSet((COUNT, BIG_SUM), derived=(PART,))
    return Shop(replace(place.project, sources=(source,), features=wanted), place.catalog, place.folder)


def features_by_date(place: Shop) -> dict[date, tuple[object, ...]]:
    place.catalog.refresh()
    rows = place.catalog.read(features(place.project.features)).collect()
    return {row["as_of_date"]: (row["count"], row["big_sum"], row["part"]) for row in rows}


def due(place: Shop, as_of: date = THIRD) -> set[tuple[str, date]]:
    place.catalog.refresh()
    return {(item.table, item.day) for item in everything_due(place.project, place.catalog, as_of)}


def test_nothing_stops_and_what_reaches_old_rows_is_null_until_they_are_taken_again(place):
    later = with_big(place)
    later.deliver("2024-03-10.csv", ["c1,100,2024-03-10 12:00:00,5"])
    built(later, FIRST, SECOND, THIRD)
    assert features_by_date(later) == {FIRST: (2, None, None), SECOND: (4, None, None), THIRD: (3, None, None)}
    assert due(later) == set(), "what cannot be had is not due for ever"
    used, left_out = equal_features(later.project, later.catalog, [FIRST, SECOND, THIRD])
    assert (set(used), set(left_out)) == ({"count"}, {"big_sum", "part"})
    (line,) = unavailable.warnings(later.project, later.catalog.ledger)
    assert "events_sales: big is null in 2 partitions (4 rows)" in line

    do(ingest, later.project, later.catalog, THIRD, options=["add-columns"])
    assert ("features", FIRST) in due(later)
    built(later, FIRST, SECOND, THIRD)
    assert features_by_date(later) == {FIRST: (2, 1, 0.5), SECOND: (4, 2, 0.5), THIRD: (3, 2, 2 / 3)}
    assert set(equal_features(later.project, later.catalog, [FIRST, SECOND, THIRD])[0]) == {"count", "big_sum", "part"}
    assert list(unavailable.warnings(later.project, later.catalog.ledger)) == []


def test_a_counterparty_configured_later_is_not_nobody(place):
    degree = Feature("degree", "sales", "degree", window=2, hash="degree-1")
    source = replace(place.source, counterparty="concat('partner ', id)")
    project = replace(place.project, sources=(source,), features=FeatureSet((COUNT, degree)))
    later = Shop(project, place.catalog, place.folder)
    later.deliver("2024-03-10.csv", ["c1,100,2024-03-10 12:00:00,5"])
    built(later, FIRST, SECOND, THIRD)
    assert degrees(later) == {FIRST: None, SECOND: None, THIRD: None}
    assert due(later) == set()
    # The network of a snapshot is that of the first day of its month.
    ranked = replace(project, features=FeatureSet((Feature("rank", "sales", "pagerank", window=30, hash="rank-1"),)))
    unknown = {d: unavailable.features(ranked, later.catalog.ledger, "features", d) for d in (THIRD, MATURED)}
    assert unknown == {THIRD: set(), MATURED: {"rank"}}
    built(later, FIRST, SECOND, THIRD, options=("add-columns",))
    assert degrees(later) == {FIRST: 2, SECOND: 4, THIRD: 3}


def degrees(place: Shop) -> dict[date, int | None]:
    place.catalog.refresh()
    rows = place.catalog.read(features(place.project.features)).collect()
    return {row["as_of_date"]: row["degree"] for row in rows}


def test_a_window_that_no_longer_reaches_old_rows_has_the_feature(place):
    later = with_big(place)
    later.deliver("2024-03-10.csv", ["c1,100,2024-03-10 12:00:00,5"])
    built(later, THIRD)
    later.deliver("2024-03-11.csv", ["c1,110,2024-03-11 12:00:00,1"])
    built(later, date(2024, 3, 12))
    assert features_by_date(later)[THIRD] == (3, None, None)
    assert features_by_date(later)[date(2024, 3, 12)] == (2, 1, 0.5)


def test_deliveries_that_are_gone_leave_their_days_without_the_column(place):
    (place.folder / "2024-03-08.csv").unlink()
    later = with_big(place)
    built(later, FIRST, SECOND, options=("add-columns",))
    assert features_by_date(later) == {FIRST: (2, None, None), SECOND: (4, None, None)}
    rows = later.catalog.read(tiles(later.source)).select("known_from", "big_sum").collect()
    assert dict(rows) == {FIRST: None, SECOND: 1}
    assert unavailable.tiles(later.project, later.catalog.ledger, "tiles_sales", FIRST) >= {"big"}
    assert unavailable.tiles(later.project, later.catalog.ledger, "tiles_sales", SECOND) == set()


def test_a_day_with_rows_of_a_delivery_that_is_gone_lacks_what_the_other_has(place):
    later = with_big(place)
    (place.folder / "2024-03-09.csv").unlink()
    later.deliver("2024-03-09b.csv", ["c2,1,2024-03-09 14:00:00,9"])
    do(ingest, later.project, later.catalog, SECOND)
    assert later.events("event_id", "big")[0] == ("1", Decimal(1))
    assert unavailable.tiles(later.project, later.catalog.ledger, "tiles_sales", SECOND) >= {"big"}
    do(ingest, later.project, later.catalog, SECOND, options=["add-columns"])
    assert unavailable.tiles(later.project, later.catalog.ledger, "tiles_sales", SECOND) >= {"big"}


def test_a_new_window_over_what_tiles_hold_is_added_to_snapshots_and_nothing_else_is_made_again(place):
    place.deliver("2024-04-19.csv", [])  # the data go on
    for work in (ingest, build_labels):
        do(work, place.project, place.catalog, MATURED)
    assert {row["label"] for row in place.catalog.read(LABELS).collect()} == {0, 1}
    wanted = FeatureSet((COUNT, replace(COUNT, name="yesterday", window=1, hash="count-2")))
    wider = Shop(replace(place.project, features=wanted), place.catalog, place.folder)
    before = {table: place.catalog.ledger.newest(table) for table in ("labels", "tiles_sales")}
    assert due(wider, MATURED) == {("features", FIRST), ("features", SECOND)}
    do(build_features, wider.project, wider.catalog, THIRD, dates=(FIRST, SECOND))
    assert due(wider, MATURED) == set()
    assert {table: place.catalog.ledger.newest(table) for table in before} == before
    rows = wider.catalog.read(features(wanted)).select("as_of_date", "yesterday").collect()
    assert dict(rows) == {FIRST: 2, SECOND: 2}


def test_labels_by_an_event_wait_until_all_events_can_tell(place):
    later = with_big(place)
    later = replace(later, project=replace(later.project, label=LabelRule("event", ("sales",), filter="BIG = 1")))
    with pytest.raises(NotReadyError, match="who was in the population at 2024-03-09 is not known: big is null"):
        built(later, FIRST, SECOND)
    later.deliver("2024-04-19.csv", [])  # the data go on
    for work in (ingest, build_labels):
        do(work, later.project, later.catalog, MATURED)
    assert later.catalog.ledger.partitions("labels") == {}
    assert not {table for table, _ in due(later, MATURED)} & {"labels"}
    built(later, FIRST, SECOND, options=("add-columns",))
    do(build_labels, later.project, later.catalog, MATURED)
    assert set(later.catalog.ledger.partitions("labels")) == {FIRST, SECOND}


def test_a_population_by_an_attribute_that_versions_lack_is_refused(place):
    crm = Source("crm", "customers", "csv", "", (("customer", "string"),), "customer", Delivered(), attributes=())
    taken = Entry(
        "r", "end", 99, "ingest", FIRST, datetime(2024, 3, 9, tzinfo=UTC), "ok",
        writes=(Written("customers", FIRST, 1, "f", True),), definitions={"customers": unavailable.definitions(crm)},
    )  # fmt: skip
    place.catalog.ledger.add(taken)
    with_plan = replace(crm, attributes=(Attribute("plan", "plan", "string"),))
    sources = (*place.project.sources, with_plan)
    for expression, unknown in (("Plan = 'gold'", {"plan"}), ("city = 'plan'", set())):
        project = replace(place.project, sources=sources, population=Population("contract", expression=expression))
        assert unavailable.population(project, place.catalog.ledger, FIRST) == unknown


def test_rows_are_not_dropped_for_want_of_a_column_that_nobody_asked_for(place):
    later = with_big(place)
    dropping = replace(later.source, measures=(*later.source.measures[:-1], replace(BIG, cleaning=Cleaning("drop"))))
    later = Shop(replace(later.project, sources=(dropping,)), later.catalog, later.folder)
    with pytest.raises(DeliveryError, match=r"rows without big would be dropped.*--option add-columns"):
        do(ingest, later.project, later.catalog, SECOND)
    with pytest.raises(ConfigError, match=r"drop of big would drop rows known from 2024-03-09, 2024-03-10"):
        do(build_tiles, later.project, later.catalog, SECOND)
    built(later, FIRST, SECOND, options=("add-columns",))
    assert features_by_date(later) == {FIRST: (2, 1, 0.5), SECOND: (4, 2, 0.5)}


def test_a_delivery_that_kept_no_row_is_taken_again_when_the_rows_would_be_others(place):
    place.deliver("2024-03-10.csv", ["c1,100,2024-03-10 12:00:00,2000"])
    do(ingest, place.project, place.catalog, THIRD)
    assert place.events("event_id")[-1] == ("91",), "too large"
    source = replace(place.source, measures=(replace(place.source.measures[0], max_abs=10_000.0),))
    later = replace(place, project=replace(place.project, sources=(source,)))
    with pytest.raises(DeliveryError, match=r"when 3 deliveries \(5 rows\) were taken.*--option restate"):
        do(ingest, later.project, later.catalog, THIRD)
    do(ingest, later.project, later.catalog, THIRD, options=["restate"])
    assert ("100", Decimal(2000)) in later.events("event_id", "amount")


def test_a_new_attribute_is_null_where_a_version_was_taken_before_it(spark, tmp_path):
    raw = (("customer", "string"), ("plan", "string"), ("city", "string"))
    known = (Attribute("plan", "plan", "string"),)
    path = str(tmp_path / "crm")
    crm = Source("crm", "customers", "csv", path, raw, "customer", Delivered(), attributes=known)
    sales = shop(spark, tmp_path, delivered=Delivered())
    plan = AttributeFeature("plan", "plan", "string", hash="plan-1")
    project = replace(
        sales.project,
        sources=(*sales.project.sources, crm),
        population=Population("active", ("sales",), days=7),
        features=FeatureSet((COUNT,), attributes=(plan,)),
        snapshots=Snapshots(FIRST, 365),
    )
    place = Shop(project, sales.catalog, sales.folder)
    place.deliver("2024-03-08.csv", ["c1,1,2024-03-08 12:00:00,1.50"])
    people = Shop(project, sales.catalog, tmp_path / "crm")
    people.deliver("2024-03-08.csv", ["c1,gold,Rome"], header="customer,plan,city")
    built(place, FIRST)
    with_city = replace(crm, attributes=(*crm.attributes, Attribute("city", "city", "string")))
    wanted = FeatureSet((COUNT,), attributes=(plan, AttributeFeature("city", "city", "string", hash="city-1")))
    later = Shop(
        replace(project, sources=(project.sources[0], with_city), features=wanted), place.catalog, place.folder
    )
    for options, city in (((), None), (("add-columns",), "Rome")):
        built(later, FIRST, options=options)
        (row,) = later.catalog.read(features(wanted)).collect()
        assert (row["plan"], row["city"]) == ("gold", city)
        assert ("city" in equal_features(later.project, later.catalog, [FIRST])[0]) == (city is not None)
