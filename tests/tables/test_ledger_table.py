"""The table `runs`: revisions that rise whoever writes, and a ledger that follows the table."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from churn_spark.definitions.errors import BusyError
from churn_spark.lineage.ledger import Entry, Read, Written
from churn_spark.tables import ledger_table
from churn_spark.tables.contracts.ledger import RUNS
from churn_spark.tables.ledger_table import LedgerTable
from churn_spark.tables.location import Location
from tests.tables.scratch import DAY, NEXT

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
START = Entry(
    run_id="a",
    event="start",
    revision=0,
    job="score",
    as_of=DAY,
    at=AT,
    status="running",
    writes=(Written("scores", DAY), Written("scores", None, 3, "3-4", True, 7)),
    reads=(Read("features", DAY, NEXT, 3), Read("champions", None, None, 3)),
    subjects=("sales/o'clock\n.csv",),
    definitions={"scores": {"risk": "h1"}},
    seconds=1.5,
    code_version="1.0",
    settings_hash="s",
    options=("restate",),
    unavailable={"scores": {DAY: ("value",)}},
)


@pytest.fixture
def place(tmp_path):
    return Location(str(tmp_path))


def test_an_entry_comes_back_as_it_was(spark, place):
    LedgerTable(spark, place).append(START)
    (found,) = LedgerTable(spark, place).load().entries
    assert found == replace(START, revision=1)


def test_a_ledger_of_an_earlier_version_is_read_and_gets_the_columns_that_are_new(spark, place):
    earlier = replace(RUNS, columns=tuple(column for column in RUNS.columns if column.name != "lacking"))
    place.create(spark, earlier)
    row = spark.createDataFrame([ledger_table._row(replace(START, revision=1))], RUNS.schema).drop("lacking")
    place.save(row.write.format("delta").mode("append"), RUNS.name)
    LedgerTable(spark, place).append(replace(START, run_id="b"))
    old, new = LedgerTable(spark, place).load().entries
    assert (old.run_id, old.unavailable) == ("a", {})
    assert (new.run_id, new.unavailable) == ("b", START.unavailable)


def test_revisions_rise_over_all_who_write_and_each_sees_what_the_others_wrote(spark, place):
    one, other = LedgerTable(spark, place), LedgerTable(spark, place)
    for number, writer in enumerate((one, one, other, one, other, other)):
        ledger = writer.append(replace(START, run_id=f"r{number}"))
        assert ledger.revision == number + 1
    assert [entry.run_id for entry in one.load().entries] == [f"r{n}" for n in range(6)]
    assert [entry.revision for entry in one.load().entries] == [1, 2, 3, 4, 5, 6]


def test_the_ledger_is_read_again_only_when_the_table_has_changed(spark, place, monkeypatch):
    table = LedgerTable(spark, place)
    table.append(START)
    monkeypatch.setattr(Location, "read", None)
    assert table.load().revision == 1


def test_without_locks_a_revision_taken_by_another_is_not_taken_twice(spark, monkeypatch):
    spark.sql("CREATE DATABASE IF NOT EXISTS unlocked")
    place = Location(None, "unlocked")
    one, other = LedgerTable(spark, place), LedgerTable(spark, place)
    one.append(replace(START, run_id="first"))
    stale = one.load
    seen = []

    def late() -> object:
        """The ledger as it was before the other one's row lands."""
        ledger = stale()
        if not seen:
            seen.append(True)
            other.append(replace(START, run_id="other"))
        return ledger

    monkeypatch.setattr(one, "load", late)
    one.append(replace(START, run_id="last"))
    found = LedgerTable(spark, place).load().entries
    assert [(entry.run_id, entry.revision) for entry in found] == [("first", 1), ("other", 2), ("last", 3)]
    assert [entry.run_id for entry in stale().entries] == ["first", "other", "last"]
    spark.sql("DROP DATABASE unlocked CASCADE")


def test_a_row_that_never_finds_a_free_revision_says_so(spark, place, monkeypatch):
    monkeypatch.setattr(ledger_table, "ATTEMPTS", 2)
    monkeypatch.setattr(LedgerTable, "_committed", lambda *_: False)
    with pytest.raises(BusyError, match="took the next revision 2 times"):
        LedgerTable(spark, place).append(START)


def test_a_log_that_was_set_back_takes_the_ledger_back(spark, place, tmp_path):
    table = LedgerTable(spark, place)
    table.append(START)
    table.append(replace(START, run_id="b", as_of=date(2026, 3, 2)))
    newest = sorted((tmp_path / "runs" / "_delta_log").glob("*.json"))[-1]
    for file in newest.parent.glob(f"*{newest.stem}*"):
        file.unlink()
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
    assert [entry.run_id for entry in table.load().entries] == ["a"]
