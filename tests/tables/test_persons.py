"""Columns that identify a person are marked in every contract, and in the documentation of the tables."""

from pathlib import Path

import pytest
from pyspark.sql import types as T

from churn_spark.settings import load
from churn_spark.stages.all_stages import tables
from churn_spark.tables.contracts.snapshots import NETWORKS
from churn_spark.tables.reference import reference

CONF = Path("conf")
IDS = {"customer_id", "counterparty", "community"}
AS_DELIVERED = {"row", "row_hash"}
NAMED_BY = ("customer_id", "pseudonym", "of the row", "the row as")
"""What the meaning of a text column says where it identifies a person."""


@pytest.fixture(scope="module", params=["bank", "telecom", "online_retail", "one_table"])
def every_table(request):
    project = load(CONF / f"{request.param}.yaml")
    return {table.name: table for table in (*tables(project), NETWORKS)}


def test_every_column_that_identifies_a_person_is_marked_and_no_other(every_table):
    for table in every_table.values():
        marked = {column.name: column.person for column in table.persons}
        expected = {name: "id" for name in table.names if name in IDS}
        expected |= {name: "raw" for name in table.names if name in AS_DELIVERED}
        assert marked == expected, table.name


def test_no_text_that_means_a_person_is_left_unmarked(every_table):
    for table in every_table.values():
        for column in table.columns:
            if column.type == T.StringType() and any(words in column.comment.lower() for words in NAMED_BY):
                assert column.person, f"{table.name}.{column.name}"


def test_the_documentation_names_them_for_exactly_the_tables_that_have_some():
    project = load(CONF / "telecom.yaml")
    sections = dict(part.split("\n", 1) for part in reference(project.name, tables(project)).split("\n## ")[1:])
    for table in tables(project):
        ids = ", ".join(f"`{c.name}`" for c in table.persons if c.person == "id")
        assert ("**Identifies persons**" in sections[table.name]) == bool(table.persons), table.name
        assert ids in sections[table.name]
    assert "**Identifies persons**: `row` (as delivered), `row_hash` (as delivered)." in sections["quarantine"]
