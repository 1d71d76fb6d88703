"""Lookups that the check refuses."""

# ruff: noqa: E501 (a message stands whole on its line)

import pytest

from churn_spark.settings import errors, load
from tests.settings.conftest import Write

ANCHOR = "    customer_id: customer\n    event_id"
TOWN = "      town: {format: csv, path: towns.csv, schema: {code: string, name: string}, key: code, on: town}\n"
WRONG = {
    "key: codes": (
        TOWN.replace("key: code", "key: codes"),
        "key: there is no column 'codes'. Did you mean code? There are: code, name",
    ),
    "key of another type": (
        TOWN.replace("{code: string", "{code: double"),
        "key: 'code' has type double; it must be one of string, tinyint, smallint, int, bigint",
    ),
    "names that differ by case": (
        TOWN.replace("name: string", "name: string, Name: string"),
        "schema.Name: 'Name' differs from 'name' only in case, which SQL ignores; declare one of them only",
    ),
    "option without effect": (
        TOWN.replace("csv,", "parquet, options: {sep: x},", 1),
        "options.sep: has no effect with format: parquet, whose files describe themselves; remove it",
    ),
    "option for no column": (
        TOWN.replace("csv,", "csv, options: {dateFormat: dd.MM.yyyy},", 1),
        "options.dateFormat: has no effect: no column in schema has type date; remove it",
    ),
    "on left out": (
        TOWN.replace(", on: town", ""),
        " on is missing (SQL that gives the key of the row to find, over the raw columns and the columns of earlier lookups. Without such a row the columns are null)",
    ),
    "type": (
        TOWN.replace("name: string", "name: strin"),
        "schema.name: 'strin' is not one of string, boolean, tinyint, smallint, int, bigint, float, double, decimal(18,2), date, timestamp, timestamp_ntz ... (13 in all). Did you mean string?",
    ),
}


def _with(write: Write, lookups: str, *changes: tuple[str, str]) -> list[str]:
    return errors(write((ANCHOR, f"    lookups:\n{lookups}{ANCHOR}"), *changes))


@pytest.mark.parametrize("case", WRONG)
def test_an_invalid_lookup_is_reported(write: Write, case: str) -> None:
    lookups, error = WRONG[case]
    between = ":" if error.startswith(" ") else "."
    assert _with(write, lookups) == [f"conf/shop.yaml:11: sources.orders.lookups.town{between}{error}"]


def test_looked_up_columns_have_names_of_their_own(write: Write) -> None:
    assert _with(write, TOWN) == []
    other = "      town_name: {format: csv, path: x.csv, schema: {code: string}, key: code, on: town}\n"
    assert _with(write, TOWN.replace("{code: string", "{name_Code: string, code: string") + other) == [
        "conf/shop.yaml:12: sources.orders.lookups.town_name.schema.code: is called 'town_name_code' in SQL, like 'name_Code' of the lookup 'town'; give the lookup another name"
    ]
    assert _with(write, TOWN, ("town: string}", "town: string, Town_Name: string}")) == [
        "conf/shop.yaml:11: sources.orders.lookups.town.schema.name: is called 'town_name' in SQL, like the raw column 'Town_Name'; give the lookup another name"
    ]


def test_looked_up_columns_can_be_used_like_raw_ones(write: Write) -> None:
    dated = TOWN.replace("name: string", "opened: date")
    by = ("by: file_name", "by: column\n      column: town_opened")
    limits = ("    checks:\n", "    identifiers: [town_code]\n    limits: {bad_lookup_town: 0.2}\n    checks:\n")
    assert _with(write, dated, by, limits) == []
    (error,) = _with(write, dated, ("by: file_name", "by: column\n      column: town_code"))
    assert "'town_code' has type string; it must be one of date" in error
    (error,) = _with(write, dated, ("    checks:\n", "    identifiers: [town_cod]\n    checks:\n"))
    assert "there is no column 'town_cod'. Did you mean town_code?" in error


def test_lookups_are_kept_in_their_order(write: Write) -> None:
    path = write((ANCHOR, f"    lookups:\n{TOWN.replace('town:', 'b:')}{TOWN.replace('town:', 'a:')}{ANCHOR}"))
    assert [lookup.name for lookup in load(path).source("orders").lookups] == ["b", "a"]
    assert load(path).source("orders").names[-4:] == ("b_code", "b_name", "a_code", "a_name")


def test_a_number_computed_from_the_key_of_a_looked_up_id_is_reported(write: Write) -> None:
    number = TOWN.replace("name: string", "person: int")
    changes = (
        (f"{ANCHOR}: order", f"    lookups:\n{number}    customer_id: town_person\n    event_id: order"),
        ("{expression: paid, scale", "{expression: town_person * length(town), scale"),
        ("privacy: none", "privacy: {key_env: KEY}"),
    )
    assert [line.partition(" amount")[0].split("which")[0] for line in errors(write(*changes))] == [
        f"conf/shop.yaml:19: sources.orders.measures.amount: is computed from {column!r}, "
        for column in ("town", "town_person")
    ]
