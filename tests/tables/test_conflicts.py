"""Commits between which another one came: made again, or BusyError; never twice, and never Delta's own error."""

import threading
import time

import pytest
from delta.exceptions import (
    ConcurrentAppendException,
    ConcurrentTransactionException,
    MetadataChangedException,
    ProtocolChangedException,
    captured,
)
from pyspark import InheritableThread

from churn_spark.definitions.errors import BusyError
from churn_spark.runtime.failures import foreseen
from churn_spark.tables import conflicts, maintenance, writing
from churn_spark.tables.conflicts import CONFLICTS, repeated
from churn_spark.tables.contracts.ledger import RUNS
from churn_spark.tables.ledger_table import LedgerTable
from churn_spark.tables.location import Location
from tests.tables.scratch import CHOSEN, DAY, NEXT, SCORES, a_catalog, a_run, content, scores, write

OLD, NEW = ("a", DAY, 0.5, 1), ("b", DAY, 0.9, 2)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(conflicts, "PAUSE", 0.0)


@pytest.fixture
def catalog(spark, tmp_path):
    catalog = a_catalog(spark, tmp_path / "warehouse")
    write(catalog, SCORES, scores(spark, OLD), a_run())
    return catalog


def conflict(kind: type[BaseException] = ConcurrentAppendException) -> BaseException:
    """As it comes from the JVM."""
    return getattr(captured, kind.__name__)("[DELTA_CONCURRENT] somebody else\ndetails", "", None)


def conflicting(monkeypatch, table: str, times: int, kind=ConcurrentAppendException, landed: bool = False) -> list:  # type: ignore[no-untyped-def]
    """Let the next commits to a table conflict; gives one item an attempt."""
    save, seen = Location.save, []

    def saved(place: Location, writer: object, name: str) -> None:
        if name == table:
            seen.append(name)
        if name != table or len(seen) > times or landed:
            save(place, writer, name)  # type: ignore[arg-type]
        if name == table and len(seen) <= times:
            raise conflict(kind)

    monkeypatch.setattr(Location, "save", saved)
    return seen


@pytest.mark.parametrize("kind", CONFLICTS, ids=lambda kind: kind.__name__)
@pytest.mark.usefixtures("spark")
def test_every_kind_of_conflict_is_tried_again_and_then_busy(kind):
    outcomes = [conflict(kind), conflict(kind), "landed"]
    asked = []

    def attempt() -> str:
        outcome = outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    assert repeated("scores", attempt, lambda: asked.append(True)) == "landed"
    assert len(asked) == 3
    outcomes += [conflict(kind)] * conflicts.ATTEMPTS
    with pytest.raises(BusyError) as raised:
        repeated("scores", attempt)
    assert str(raised.value) == (
        "scores: somebody else wrote to the table at the same time; run the command again"
        " ([DELTA_CONCURRENT] somebody else)"
    )
    assert outcomes == []
    assert isinstance(foreseen(conflict(kind)), BusyError)


@pytest.mark.usefixtures("spark")
def test_no_attempt_is_made_once_it_is_not_allowed():
    allowed = iter([None, BusyError("the lease ran out")])

    def ask() -> None:
        if error := next(allowed):
            raise error

    def attempt() -> None:
        raise conflict()

    with pytest.raises(BusyError, match="the lease ran out"):
        repeated("scores", attempt, ask)


def test_other_errors_are_not_tried_again():
    attempts = []

    def attempt() -> None:
        attempts.append(True)
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        repeated("scores", attempt)
    assert len(attempts) == 1


def test_a_replacement_that_conflicts_is_made_again(spark, catalog, monkeypatch):
    attempts = conflicting(monkeypatch, "scores", 2)
    assert write(catalog, SCORES, scores(spark, NEW), a_run()).status == "ok"
    assert len(attempts) == 3
    assert content(catalog, SCORES) == [NEW]


def test_a_replacement_that_always_conflicts_is_busy_and_the_old_state_stands(spark, catalog, monkeypatch):
    run = a_run()
    conflicting(monkeypatch, "scores", conflicts.ATTEMPTS)
    with pytest.raises(BusyError, match="scores: somebody else wrote to the table"):
        write(catalog, SCORES, scores(spark, NEW), run)
    assert catalog.end(run, error="BusyError").status == "failed"
    assert content(catalog, SCORES) == [OLD]


@pytest.mark.parametrize("landed", [False, True])
def test_rows_that_are_appended_stand_once_whether_the_attempt_before_landed_or_not(
    spark, catalog, monkeypatch, landed
):
    with catalog.transaction(a_run("train"), {}) as tx:
        tx.append(CHOSEN, spark.createDataFrame([("x", 1)], CHOSEN.schema))
        conflicting(monkeypatch, "chosen", 1, MetadataChangedException, landed)
        tx.append(CHOSEN, spark.createDataFrame([("y", 2)], CHOSEN.schema))
    assert content(catalog, CHOSEN) == [("x", 1), ("y", 2)]


@pytest.mark.parametrize("kind", [ConcurrentTransactionException, MetadataChangedException, ProtocolChangedException])
def test_a_row_of_the_ledger_that_conflicts_is_appended_under_the_next_free_revision(catalog, monkeypatch, kind):
    run, attempts = a_run("train"), conflicting(monkeypatch, RUNS.name, 2, kind)
    with catalog.transaction(run, {}):
        assert len(attempts) == 3
    catalog.end(run)
    fresh = LedgerTable(catalog.spark, catalog.location).load()
    assert [entry.revision for entry in fresh.entries] == [1, 2, 3, 4]


def test_a_table_that_another_run_makes_at_the_same_time_is_taken(spark, tmp_path, monkeypatch):
    create, seen = Location.create, []

    def created(place: Location, spark: object, table: object) -> None:
        seen.append(table.name)
        create(place, spark, table)
        if seen.count(table.name) == 1:  # it was the other's
            raise conflict(ProtocolChangedException)

    monkeypatch.setattr(Location, "create", created)
    catalog = a_catalog(spark, tmp_path)
    assert write(catalog, SCORES, scores(spark, NEW), a_run()).status == "ok"
    assert content(catalog, SCORES) == [NEW]


def test_upkeep_that_conflicts_is_done_again(spark, catalog, monkeypatch):
    for day in (DAY, NEXT):
        write(catalog, SCORES, scores(spark, ("a", day, 0.1, 1)), a_run(), [day])
    delta, asked = Location.delta, []

    def unlucky(place: Location, *given: object) -> object:
        asked.append(True)
        if len(asked) % 2:
            raise conflict()
        return delta(place, *given)

    with monkeypatch.context() as patched:
        patched.setattr(Location, "delta", unlucky)
        maintenance.compact(spark, catalog.location, SCORES, DAY)
        maintenance.vacuum(spark, catalog.location, SCORES)
    assert len(asked) == 4
    maintenance.keep(spark, catalog.location, SCORES, days=31, hours=200)
    detail = catalog.location.delta(spark, SCORES.name).detail().first()
    assert detail["properties"]["delta.logRetentionDuration"] == "interval 31 days"


def test_of_two_real_replacements_at_once_the_second_is_made_again(spark, catalog):
    """The rows take seconds to compute, in the middle of the commit; meanwhile somebody else replaces the partition."""
    slow = scores(spark, NEW).selectExpr(
        "customer_id", "as_of_date", "if(java_method('java.lang.Thread', 'sleep', 4000L) = '', 0, risk) AS risk", "n"
    )
    predicate, attempts = writing.predicate(SCORES, [DAY], {}), []

    def attempt() -> None:
        attempts.append(True)
        rows = slow if len(attempts) == 1 else scores(spark, NEW)
        writing.commit(catalog.location, SCORES, rows, a_run(), predicate)

    def intrude() -> None:
        time.sleep(2)
        writing.commit(catalog.location, SCORES, scores(spark, ("c", DAY, 0.2, 3)), a_run(), predicate)

    other: threading.Thread = InheritableThread(target=intrude)
    other.start()
    repeated("scores", attempt)
    other.join()
    assert len(attempts) == 2
    assert content(catalog, SCORES) == [NEW]
