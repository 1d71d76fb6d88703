"""SQL expressions of the configuration: where each is checked, and what it must give."""

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


def test_expressions_are_checked_over_the_columns_they_may_use(write: Write) -> None:
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


def test_rules_are_checked_over_events_and_attributes(write: Write) -> None:
    recorded = Recorded(**{"town = 'York'": "boolean", "age > 17": "boolean"})
    path = write(
        ("{rule: inactivity, sources: [orders],", "{rule: event, sources: [orders], filter: town = 'York',"),
        ("{by: active, sources: [orders], days: 56}", "{by: contract, expression: age > 17}"),
    )
    assert errors(path, expressions=recorded) == []
    assert recorded.asked["age > 17"] == (("age", "int"), ("as_of_date", "date"))
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


def test_where_is_checked_over_the_raw_columns(write: Write) -> None:
    path = write(("    checks:\n", "    where: town\n    checks:\n"))
    (problem,) = errors(path, expressions=Recorded())
    assert problem.endswith("20: sources.orders.where: 'town' gives string; true or false is needed")


TYPES = {
    ("customer_id: customer\n    event_id", "customer_id: paid\n    event_id"): (
        "10: sources.orders.customer_id: 'paid' gives double; text or a whole number is needed"
    ),
    ("event_time: at", "event_time: town"): (
        "12: sources.orders.event_time: 'town' gives string; a timestamp or a date is needed"
    ),
    ("by: file_name", "by: column\n      column: paid + 1"): (
        "15: sources.orders.delivered.column: 'paid + 1' gives string; a timestamp or a date is needed"
    ),
    ("{expression: paid,", "{expression: town,"): (
        "17: sources.orders.measures.amount.expression: 'town' gives string; a number is needed"
    ),
    ("{expression: town}", "{expression: tags}"): (
        "19: sources.orders.categories.town.expression: 'tags' gives array<string>; text, a whole number, a date or "
        "true and false is needed"
    ),
    ("paid_back: paid >= 0", "paid_back: paid"): (
        "21: sources.orders.checks.paid_back: 'paid' gives double; true or false is needed"
    ),
    ("type: int}", "type: date}"): (
        "30: sources.people.attributes.age.expression: 'age' gives int; date is needed"
    ),
    ("pace: try_divide(orders_count_7d, orders_count_28d)", "pace: orders_count_7d > 1"): (
        "41: features.derived.pace: 'orders_count_7d > 1' gives string; a number is needed"
    ),
    ("value: orders_amount_sum_56d * 6", "value: wrong"): (
        "45: scoring.value: 'wrong': is not SQL: Syntax error at or near end of input"
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", TYPES)
def test_an_expression_must_give_the_right_type(write: Write, change: tuple[str, str]) -> None:
    recorded = Recorded(tags="array<string>")
    assert errors(write(change), expressions=recorded) == [f"conf/shop.yaml:{TYPES[change]}"]


def test_sql_is_checked_though_something_else_is_wrong(write: Write) -> None:
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


def test_sql_is_not_checked_over_columns_that_are_wrong_themselves(write: Write) -> None:
    path = write(("paid: double", "paid: dubble"), ("expression: paid,", "expression: wrong,"))
    assert [line.split(": ")[1] for line in errors(path, expressions=Recorded())] == ["sources.orders.schema.paid"]


def test_looked_up_columns_can_be_used_in_later_sql(write: Write) -> None:
    recorded = Recorded(**{"town_size": "int", "order": "bigint"})
    lookups = (
        "    lookups:\n"
        "      town: {format: csv, path: t.csv, schema: {name: string, size: int}, key: name, on: upper(town)}\n"
        "      size: {format: csv, path: s.csv, schema: {of: int, called: string}, key: of, on: town_size}\n"
    )
    anchor = "    customer_id: customer\n    event_id"
    path = write(
        (anchor, f"{lookups}{anchor}"),
        ("town: {expression: town}", "town: {expression: size_called}"),
        ("    checks:\n", "    identifiers: [town_name]\n    checks:\n"),
    )
    assert errors(path, expressions=recorded) == []
    town = (("town_name", "string"), ("town_size", "int"))
    raw = recorded.asked["upper(town)"]
    assert recorded.asked["town_size"] == (*raw, *town)
    assert recorded.asked["size_called"] == (*raw, *town, ("size_of", "int"), ("size_called", "string"))
    recorded.types["town_size"] = "string"
    (error,) = errors(path, expressions=recorded)
    assert "sources.orders.lookups.size.on: 'town_size' gives string; bigint is needed" in error
