"""SQL expressions of the configuration: where each is judged, and what it must give."""

# ruff: noqa: E501 (a message stands whole on its line)

import pytest

from churn_spark.settings import errors
from tests.settings.conftest import Write

Columns = tuple[tuple[str, str], ...]


class Recorded:
    """Stands in for Spark: types by expression, and what it was asked."""

    def __init__(self, **types: str) -> None:
        self.types = {
            "order": "bigint",
            "at": "timestamp",
            "paid": "double",
            "paid >= 0": "boolean",
            "age": "int",
            "try_divide(orders_count_7d, orders_count_28d)": "double",
            "orders_amount_sum_56d * 6": "double",
        } | types  # fmt: skip
        self.asked: dict[str, Columns] = {}

    def __call__(self, columns: Columns, sql: str) -> str:
        self.asked[sql] = columns
        if sql == "wrong":
            raise ValueError("is not SQL: Syntax error at or near end of input")
        return self.types.get(sql, "string")


def test_expressions_are_asked_for_over_the_columns_they_may_use(write: Write) -> None:
    recorded = Recorded()
    assert errors(write(), expressions=recorded) == []
    raw = (("customer", "string"), ("order", "bigint"), ("at", "timestamp"), ("paid", "double"), ("town", "string"))
    features = (
        *((f"orders_count_{days}d", "bigint") for days in (7, 28, 56)),
        *((f"orders_amount_sum_{days}d", "double") for days in (7, 28, 56)),
        ("orders_recency_56d", "bigint"),
        ("age", "int"),
    )
    assert recorded.asked == {
        "customer": (("customer", "string"), ("age", "int")),  # of people, asked last
        "order": raw,
        "at": raw,
        "paid": raw,
        "town": raw,
        "paid >= 0": raw,
        "age": (("customer", "string"), ("age", "int")),
        "try_divide(orders_count_7d, orders_count_28d)": features,
        "orders_amount_sum_56d * 6": (*features, ("pace", "double")),
    }


def test_rules_are_asked_for_over_events_and_attributes(write: Write) -> None:
    recorded = Recorded(**{"town = 'York'": "boolean", "age > 17": "boolean"})
    path = write(
        ("{rule: inactivity, sources: [orders],", "{rule: event, sources: [orders], filter: town = 'York',"),
        ("{by: active, sources: [orders], days: 56}", "{by: contract, expression: age > 17}"),
    )
    assert errors(path, expressions=recorded) == []
    assert recorded.asked["age > 17"] == (("age", "int"),)
    assert recorded.asked["town = 'York'"] == (
        ("customer_id", "string"),
        ("event_id", "string"),
        ("event_time", "timestamp"),
        ("event_date", "date"),
        ("known_from", "date"),
        ("delivery", "string"),
        ("amount", "decimal(18,2)"),
        ("town", "string"),
    )


TYPES = {
    ("customer_id: customer\n    event_id", "customer_id: paid\n    event_id"): (
        "10: sources.orders.customer_id: 'paid' gives double, where text or a whole number is needed"
    ),
    ("event_time: at", "event_time: town"): (
        "12: sources.orders.event_time: 'town' gives string, where a timestamp or a date is needed"
    ),
    ("{expression: paid,", "{expression: town,"): (
        "17: sources.orders.measures.amount.expression: 'town' gives string, where a number is needed"
    ),
    ("{expression: town}", "{expression: tags}"): (
        "19: sources.orders.categories.town.expression: 'tags' gives array<string>, where text, a whole number, a date or "
        "true and false is needed"
    ),
    ("paid_back: paid >= 0", "paid_back: paid"): (
        "21: sources.orders.checks.paid_back: 'paid' gives double, where true or false is needed"
    ),
    ("type: int}", "type: date}"): (
        "30: sources.people.attributes.age.expression: 'age' gives int, where date is needed"
    ),
    ("pace: try_divide(orders_count_7d, orders_count_28d)", "pace: orders_count_7d > 1"): (
        "41: features.derived.pace: 'orders_count_7d > 1' gives string, where a number is needed"
    ),
    ("value: orders_amount_sum_56d * 6", "value: wrong"): (
        "45: scoring.value: 'wrong': is not SQL: Syntax error at or near end of input"
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", TYPES)
def test_an_expression_must_give_the_right_type(write: Write, change: tuple[str, str]) -> None:
    recorded = Recorded(tags="array<string>")
    assert errors(write(change), expressions=recorded) == [f"conf/shop.yaml:{TYPES[change]}"]


def test_sql_is_judged_though_something_else_is_wrong(write: Write) -> None:
    path = write(
        ("    customer_id: customer\n    event_id: order", "    event_id: wrong"),  # its neighbour is missing
        ("{expression: paid, scale: 2,", "{expression: wrong, scale: two,"),
        ("type: int}", "type: integer}"),  # so nobody can say what age must give
        ("performance: 28", "performance: 0"),
        ("every: 28", "every: 0"),
    )
    assert [line.split(": ")[:2] for line in errors(path, expressions=Recorded())] == [
        ["conf/shop.yaml:6", "sources.orders"],
        ["conf/shop.yaml:10", "sources.orders.event_id[0]"],
        ["conf/shop.yaml:16", "sources.orders.measures.amount.scale"],
        ["conf/shop.yaml:16", "sources.orders.measures.amount.expression"],
        ["conf/shop.yaml:29", "sources.people.attributes.age.type"],
        ["conf/shop.yaml:31", "label.performance"],
        ["conf/shop.yaml:41", "snapshots.every"],
    ]


def test_sql_is_not_judged_over_columns_that_are_wrong_themselves(write: Write) -> None:
    path = write(("paid: double", "paid: dubble"), ("expression: paid,", "expression: wrong,"))
    assert [line.split(": ")[1] for line in errors(path, expressions=Recorded())] == ["sources.orders.schema.paid"]
