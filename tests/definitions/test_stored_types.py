"""Which stored type may be read as which declared one."""

import pytest

from churn_spark.definitions.stored_types import conversion, declarable

AS_IS = [
    ("bigint", "string"), ("boolean", "string"), ("date", "string"), ("timestamp_ntz", "string"), ("binary", "string"),
    ("int", "bigint"), ("int", "double"), ("smallint", "float"), ("float", "double"),
    ("int", "decimal(12, 2)"), ("bigint", "decimal(21,2)"), ("decimal(10,2)", "decimal(12,2)"),
    ("date", "timestamp"), ("timestamp_ntz", "timestamp"), ("void", "date"), ("struct<A:int>", "struct<a: int>"),
]  # fmt: skip
DIGITS = [
    ("float", "string"), ("double", "string"), ("decimal(12,2)", "string"),
    ("bigint", "int"), ("double", "int"), ("decimal(20,0)", "bigint"), ("tinyint", "boolean"), ("double", "boolean"),
]  # fmt: skip
THERE_AND_BACK = [
    ("bigint", "double"), ("int", "float"), ("double", "float"), ("decimal(12,2)", "double"),
    ("double", "decimal(12,2)"), ("bigint", "decimal(12,2)"), ("decimal(12,2)", "decimal(12,1)"),
    ("timestamp", "timestamp_ntz"), ("timestamp", "date"), ("timestamp_ntz", "date"),
]  # fmt: skip
REFUSED = [
    ("timestamp", "string"), ("array<int>", "string"), ("struct<a:int>", "string"), ("interval", "string"),
    ("string", "int"), ("string", "double"), ("string", "date"), ("int", "date"), ("bigint", "timestamp"),
    ("boolean", "int"), ("date", "int"), ("int", "binary"), ("array<bigint>", "array<int>"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [(AS_IS, "as_is"), (DIGITS, "digits"), (THERE_AND_BACK, "there_and_back"), (REFUSED, None)],
)
def test_how_a_stored_type_is_read_as_a_declared_one(pairs, expected):
    assert {pair: conversion(*pair) for pair in pairs} == dict.fromkeys(pairs, expected)


def test_only_what_a_configuration_knows_can_be_declared():
    assert [declarable(kind) for kind in ("bigint", "decimal(20,0)", "array<int>", "timestamp")] == [True] * 4
    assert not any(declarable(kind) for kind in ("time(6)", "FLOAT16", "interval", "void"))
