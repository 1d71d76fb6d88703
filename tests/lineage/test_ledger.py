"""The ledger's rules, folded from plain values."""

from dataclasses import replace
from datetime import UTC, date, datetime

from churn_spark.definitions.periods import Days
from churn_spark.lineage.entry import RESTORED, Entry, Read, Written
from churn_spark.lineage.ledger import Ledger

D1, D2 = date(2026, 1, 1), date(2026, 1, 2)
AT = datetime(2026, 1, 1, tzinfo=UTC)


def start(run_id: str, revision: int, *days: date, subjects: tuple[str, ...] = ()) -> Entry:
    writes = tuple(Written("tiles", day) for day in days)
    reads = (Read("events", D1, D2, revision - 1),)
    return Entry(
        run_id, "start", revision, "build_tiles", D1, AT, "running", writes=writes, reads=reads, subjects=subjects
    )


def end(run_id: str, revision: int, *days: date, status: str = "ok", content: str = "a", changed: bool = True) -> Entry:
    writes = tuple(Written("tiles", day, 1, content, changed) for day in days)
    return Entry(run_id, "end", revision, "build_tiles", D1, AT, status, writes=writes)


def test_a_run_without_its_end_leaves_its_partitions_open():
    ledger = Ledger([start("a", 1, D1, D2), end("a", 2, D1, D2), start("b", 3, D2, subjects=("s/f",))])
    assert set(ledger.open("tiles")) == {D2}
    assert ledger.open_subjects("build_tiles") == ({"s/f"}, set())
    assert ledger.open("tiles", [D1]) == {}


def test_the_rerun_closes_what_it_names_and_nothing_else():
    ledger = Ledger([start("a", 1, D1, D2), start("b", 2, D1), end("b", 3, D1)])
    assert set(ledger.open("tiles")) == {D2}


def test_a_failure_before_the_first_write_leaves_the_old_state_readable():
    ledger = Ledger([start("a", 1, D1), end("a", 2, D1), start("b", 3, D1), end("b", 4, status="failed")])
    assert ledger.open("tiles") == {}
    assert ledger.partition("tiles", D1).run_id == "a"


def test_a_failure_before_the_first_write_does_not_close_what_an_older_run_left_open():
    ledger = Ledger([start("a", 1, D1), end("a", 2, status="broken"), start("b", 3, D1), end("b", 4, status="failed")])
    assert ledger.open("tiles")[D1].run_id == "a"


def test_equal_content_keeps_the_revision_and_new_content_raises_it():
    ledger = Ledger([start("a", 1, D1), end("a", 2, D1)])
    ledger.add(start("b", 3, D1))
    ledger.add(end("b", 4, D1, changed=False))
    assert ledger.newest("tiles") == 2
    ledger.add(start("c", 5, D1))
    ledger.add(end("c", 6, D1, content="b"))
    assert ledger.newest("tiles", Days(D1, D2)) == 6
    assert ledger.newest("tiles", Days(D2, date(2026, 1, 3))) == 0


def test_a_partition_knows_the_state_of_the_ledger_its_run_read():
    ledger = Ledger([start("a", 5, D1), end("a", 9, D1)])
    assert ledger.partition("tiles", D1).read_revision == 4


def test_a_partition_that_was_restored_keeps_what_it_was_made_of():
    written = (Written("tiles", D1, 1, "a", True, 3),)
    known = Entry("a", "end", 2, "build_tiles", D1, AT, "ok", writes=written, definitions={"tiles": {"x": "1"}})
    ledger = Ledger([start("a", 1, D1), known])
    before = ledger.partition("tiles", D1)
    for entry in (start("killed", 3, D1, D2), start("back", 4, D1, D2)):
        ledger.add(entry)
    assert ledger.unfinished_runs("tiles", [D1, D2]) == {"killed", "back"}
    back = tuple(Written("tiles", day, fingerprint=RESTORED, version=5) for day in (D1, D2))
    ledger.add(Entry("back", "end", 5, "recovery", D1, AT, "ok", writes=back))
    assert ledger.partition("tiles", D1) == replace(before, version=5)
    assert ledger.partition("tiles", D2) is None
    assert ledger.open("tiles") == {}


def test_the_order_of_the_rows_does_not_matter():
    entries = [start("a", 1, D1), end("a", 2, D1), start("b", 3, D2)]
    assert Ledger(reversed(entries)).open("tiles") == Ledger(entries).open("tiles")


def test_what_was_computed_is_computed_again_once_a_row_has_come():
    ledger, asked = Ledger(), []

    def days() -> int:
        asked.append(ledger.revision)
        return len(ledger.partitions("tiles"))

    assert [ledger.computed_once("days", days) for _ in range(3)] == [0, 0, 0]
    for entry in (start("a", 1, D1), end("a", 2, D1)):
        ledger.add(entry)
    assert ledger.computed_once("days", days) == 1
    assert asked == [0, 2]
