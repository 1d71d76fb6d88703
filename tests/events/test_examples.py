"""Example values of refused rows."""

import json

import pytest

from churn_spark.definitions.sources import Delivered
from churn_spark.events.examples import concerned_columns, examples
from tests.stages.shop import shop_source


def refused(event_id: str | None = None, **cells: str) -> dict[str, object]:
    return {"row": json.dumps(cells), "length": None, "event_id": event_id}


SOURCE = shop_source("sales", identifiers=("at",), where="amount > 0")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reason", "columns"),
    [
        ("bad_amount", ("amount",)),
        ("bad_at", ("at",)),
        ("no_customer", ("customer",)),
        ("no_time", ("at",)),
        ("future_event", ("at",)),
        ("before_start", ("at",)),
        ("id_missing", ("id",)),
        ("too_large", ("amount",)),
        ("unlucky", ("amount",)),
        ("too_long", ("customer", "id")),
        ("unparsable", ()),
        ("bad_event_id", ("id",)),
        ("bad_where", ("amount",)),
    ],
)
def test_the_columns_that_a_reason_is_about(reason, columns):
    assert concerned_columns(SOURCE, reason) == columns
    undated = shop_source("sales", delivered=Delivered(by="column", column="to_date(id)"))  # type: ignore[arg-type]
    assert concerned_columns(undated, "no_time") == ("id", "at")
    assert concerned_columns(undated, "bad_nominal_date") == ("id",)


def test_two_different_values_are_shown_and_long_ones_cut_off():
    rows = [refused(amount=text) for text in ("x", "x", "y" * 50, "z")]
    assert examples(SOURCE, "bad_amount", rows) == f"amount 'x' and amount '{'y' * 40}...'"
    assert examples(SOURCE, "unlucky", [refused(customer="c1")]) == "amount null"
    assert examples(SOURCE, "bad_amount", []) == ""


def test_what_identifies_somebody_is_shown_only_where_the_data_are_public():
    kept = [refused(customer="1.9f86d081", id="ok", at="1.2c26b46b")]  # as ingest hides what identifies somebody
    assert examples(SOURCE, "bad_at", kept) == "at (hidden)"
    assert examples(SOURCE, "control_character", kept) == "customer (hidden)"
    assert examples(SOURCE, "control_character", [refused(customer="1.9f86d081", id="7\u0001")]) == "id '7\\x01'"
    public = [refused(customer="ann\u0001", id="ok", at="never")]
    assert examples(SOURCE, "control_character", public, hidden=()) == "customer 'ann\\x01'"


def test_rows_that_do_not_parse_and_copies_are_told_by_what_is_kept_of_them():
    assert (
        examples(SOURCE, "unparsable", [{"row": None, "length": 1234, "event_id": None}])
        == "a line of 1,234 characters"
    )
    copies = [refused("7", customer_id="1.ab", event_time="2024-03-08T12:00:00Z")]
    assert examples(SOURCE, "duplicate", copies) == "id '7', event_time '2024-03-08T12:00:00Z'"
    hidden = shop_source("sales", identifiers=("id",))  # type: ignore[arg-type]
    assert examples(hidden, "duplicate", copies) == "id (hidden), event_time '2024-03-08T12:00:00Z'"
