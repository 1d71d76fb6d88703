"""Stored values read as their declared types: the same value, or none together with its text."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from pyspark.sql import functions as F

from churn_spark.definitions.stored_types import conversion
from churn_spark.events.stored import cell
from churn_spark.events.zones import reading_times_in

NOON = datetime(2026, 3, 2, 12)
# Stored type, declared type, then pairs of a stored value (SQL) and what becomes of it: a value, or its text as UNFIT.
CASES = [
    ("double", "string", [("12345678", "12345678"), ("-0.0", "0"), ("7.5", None), ("1e17", None), ("'NaN'", None)]),
    ("float", "string", [("1000", "1000"), ("16777217", None), ("1.5", None)]),
    ("decimal(12,2)", "string", [("12345678.00", "12345678"), ("0.00", "0"), ("1.10", None)]),
    ("bigint", "string", [("9223372036854775807", "9223372036854775807")]),
    ("double", "int", [("7", 7), ("7.5", None), ("3e9", None), ("'Infinity'", None)]),
    ("bigint", "int", [("7", 7), ("3000000000", None)]),
    ("decimal(20,0)", "bigint", [("7", 7), ("18446744073709551615", None)]),
    ("double", "boolean", [("1", True), ("0", False), ("2", None)]),
    ("double", "decimal(12,2)", [("10.1", Decimal("10.10")), ("12.345", None), ("1e12", None), ("'NaN'", None)]),
    ("float", "decimal(12,2)", [("10.1", Decimal("10.10"))]),
    ("bigint", "decimal(12,2)", [("7", Decimal(7)), ("10000000000", None)]),
    ("decimal(12,3)", "decimal(12,2)", [("1.120", Decimal("1.12")), ("1.125", None)]),
    ("decimal(12,2)", "double", [("10.10", 10.1)]),
    ("bigint", "double", [("9007199254740992", 9007199254740992.0), ("9007199254740993", None)]),
    ("timestamp_ntz", "date", [("'2026-03-02 00:00:00'", date(2026, 3, 2)), ("'2026-03-02 12:00:00'", None)]),
    ("timestamp", "date", [("'2026-03-01 23:00:00Z'", date(2026, 3, 2)), ("'2026-03-02 00:00:00Z'", None)]),
    # The second of two hours that read 02:xx in Berlin has no local time of its own.
    ("timestamp", "timestamp_ntz", [("'2026-03-02 11:00:00Z'", NOON), ("'2026-10-25 01:30:00Z'", None)]),
    ("timestamp_ntz", "timestamp", [("'2026-03-02 13:00:00'", NOON)]),
    ("string", "binary", [("'a'", b"a")]),
]  # fmt: skip


def test_a_value_is_taken_only_as_it_is(spark):
    flat = [(stored, declared, *pair) for stored, declared, pairs in CASES for pair in pairs]
    with reading_times_in(spark, "Europe/Berlin"):
        columns = []
        for position, (stored, declared, sql, _) in enumerate(flat):
            read = cell(F.expr(f"CAST({sql} AS {stored})"), stored, declared)
            unfit = F.lit(None) if read.unfit is None else read.unfit
            columns += [read.value.alias(f"v{position}"), unfit.alias(f"u{position}")]
        row = spark.range(1).select(*columns).collect()[0]
    assert {flat[n][:3]: row[f"v{n}"] for n in range(len(flat))} == {case[:3]: case[3] for case in flat}
    unfit = {flat[n][:3] for n in range(len(flat)) if row[f"u{n}"] is not None}
    assert unfit == {case[:3] for case in flat if case[3] is None}
    assert row[f"u{[case[2] for case in flat].index('7.5')}"] == "7.5"


@pytest.mark.parametrize("stored", ["timestamp", "array<int>"])
def test_a_null_of_any_readable_type_stays_null_and_others_are_refused(stored):
    assert cell(F.lit(None), stored, "string") is None
    assert conversion("void", "string") == "as_is"
