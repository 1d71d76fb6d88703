"""Conditions of the configuration that fail on one row: the run ends with key, expression and Spark's reason."""

import re
from dataclasses import replace
from datetime import date

import pytest

from churn_spark.definitions.columns import Attribute, Category, Measure
from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.features import Feature, FeatureSet
from churn_spark.definitions.periods import Periods
from churn_spark.definitions.rules import LabelRule, Leaving, Population
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.stages import conditions
from churn_spark.stages.build_features import build_features
from churn_spark.stages.build_labels import build_labels
from churn_spark.stages.build_networks import build_networks
from churn_spark.stages.build_tiles import build_tiles
from churn_spark.tables.contracts.intake import customers, events
from tests.stages.made_warehouse import CALL, catalog_of, do, fill, project_at

CALLS = Source(
    "calls",
    "events",
    "csv",
    "none",
    (),
    "id",
    Delivered(),
    counterparty="partner",
    measures=(Measure("seats", "seats", scale=0, max_abs=1e9),),
    categories=(Category("plan", "plan"),),
)
ATTRIBUTES = (Attribute("seats", "seats", "int"), Attribute("plan", "plan", "string"))
CRM = Source("crm", "customers", "csv", "none", (), "id", Delivered(), attributes=ATTRIBUTES)
S, MATURED = date(2026, 3, 10), date(2026, 3, 18)
VERSION = {
    "customer_id": "a",
    "source": "crm",
    "known_from": "2026-03-01",
    "nominal_date": "2026-02-28",
    "delivery": "d",
    "seats": 0,
    "plan": "gold",
}
LONG = "plan <> 'a text so long that a part is shown' AND 100 % seats = 1 AND plan <> 'another text as long as it'"
REMEDY = "Write it so that it is null there"
FAILING = {
    "100 / seats > 1": r"Division by zero\. Use `try_divide`",
    LONG: r"Remainder by zero\. Use `try_mod`",
    "cast(plan as int) > 0": 'The value \'gold\' of the type "STRING" cannot be cast to "INT"',
    "plan = 'x' OR\nplan > 3": 'The value \'gold\' of the type "STRING" cannot be cast to "BIGINT"',
    "cast(3000000000L + seats as int) > 0": r"cannot be cast to \"INT\" due to an overflow",
    "9223372036854775807L + cast(seats + 1 as bigint) > 0": "overflow",
    "array(1, 2)[cast(seats + 7 as int)] > 0": "The index 7 is out of bounds",
    "element_at(array(1, 2), cast(seats + 7 as int)) > 0": "The index 7 is out of bounds",
    "to_date(plan, 'yyyy') IS NULL": "Text 'gold' could not be parsed",
    "make_date(2026, 13, cast(seats as int)) IS NULL": "Invalid value for MonthOfYear",
}


@pytest.fixture(scope="module")
def made(spark, tmp_path_factory):
    project = project_at(
        tmp_path_factory.mktemp("conditions"),
        sources=(CALLS, CRM),
        population=Population("active", ("calls",), days=7),
        periods=Periods(gap=2, performance=5, lateness=1),
        features=FeatureSet((Feature("calls_count_7d", "calls", "count", window=7, hash="count-1"),)),
        label=LabelRule("inactivity", ("calls",)),
    )
    catalog = catalog_of(spark, project)
    call = CALL | {"seats": 0, "plan": "gold", "counterparty": "b"}
    later = {
        "event_id": "2",
        "event_date": "2026-03-13",
        "event_time": "2026-03-13T10:00:00",
        "known_from": "2026-03-14",
    }
    good = {"customer_id": "b", "event_id": "3", "seats": 5, "plan": "7", "counterparty": "a"}
    fill(project, catalog, events(CALLS), call, {}, later, good)
    fill(project, catalog, customers(project), VERSION, {}, {"customer_id": "b", "seats": 5, "plan": "7"})
    do(build_tiles, project, catalog, MATURED)
    do(build_features, project, catalog, S)
    return project, catalog


def refused(work, project, catalog, as_of: date) -> str:
    """The message with which a stage ends."""
    with pytest.raises(ConfigError) as raised:
        do(work, project, catalog, as_of)
    return str(raised.value)


@pytest.mark.parametrize("sql", FAILING)
def test_a_population_expression_that_fails_on_a_row_is_named(made, sql):
    project, catalog = made
    said = refused(build_features, replace(project, population=Population("contract", expression=sql)), catalog, S)
    assert said.startswith(f"conf/made.yaml: population.expression: {sql!r} fails on a row: ")
    assert REMEDY in said
    assert re.search(FAILING[sql], said)


@pytest.mark.parametrize("sql", [*FAILING][::3])
def test_a_label_filter_that_fails_on_a_row_is_named(made, sql):
    project, catalog = made
    said = refused(build_labels, replace(project, label=LabelRule("event", ("calls",), filter=sql)), catalog, MATURED)
    assert said.startswith(f"conf/made.yaml: label.filter: {sql!r} fails on a row: ")
    assert REMEDY in said
    assert re.search(FAILING[sql], said)


@pytest.mark.parametrize(("work", "op"), [(build_features, "left_partners"), (build_networks, "community_left")])
def test_a_label_filter_by_which_partners_leave_is_named(made, work, op):
    project, catalog = made
    sql = "100 / seats > 1"
    asked = FeatureSet((Feature(op, "calls", op, window=28, hash=f"{op}-1"),), leaving=Leaving(("calls",), filter=sql))
    other = replace(project, features=asked, label=LabelRule("event", ("calls",), filter=sql))
    as_of = S if work is build_features else date(2026, 4, 1)
    assert refused(work, other, catalog, as_of).startswith(f"conf/made.yaml: label.filter: {sql!r} fails on a row: ")


def test_who_has_no_contract_any_more_is_asked_of_later_attributes_too(made):
    project, catalog = made
    contract = replace(project, population=Population("contract", expression="100 / seats > 1 OR seats IS NULL"))
    said = refused(build_labels, contract, catalog, MATURED)
    assert "population.expression: '100 / seats > 1 OR seats IS NULL' fails on a row: Division by zero" in said


def test_what_fails_elsewhere_is_not_laid_at_the_door_of_a_condition(made):
    project = replace(made[0], label=LabelRule("event", ("calls",), filter="100 / seats > 1"))
    overflow = "[ARITHMETIC_OVERFLOW] long overflow. SQLSTATE: 22003"
    of_another = "[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012\n== SQL (line 1, position 1) ==\nn / m\n^^^^^\n"
    cast = "[CAST_OVERFLOW] The value 9 of the type BIGINT cannot be cast. SQLSTATE: 22003"
    full_disk = "[TASK_WRITE_FAILED] Task failed while writing rows. SQLSTATE: 58030"
    assert [conditions.condition_error(text, project) for text in (overflow, of_another, cast, full_disk)] == [None] * 4
    part = of_another.replace("n / m", "seats")
    assert conditions.condition_error(part, project) is None
    assert conditions.condition_error(part.replace("seats", "100 / seats > 1"), project)
