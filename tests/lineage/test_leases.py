"""Leases as values: who holds a job, since when, and that the ledger takes them for nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from churn_spark.lineage.entry import Entry
from churn_spark.lineage.leases import HELD, LEASE, RELEASED, Lease, Leases
from churn_spark.lineage.ledger import Ledger, Written
from tests.tables.scratch import DAY

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def a_lease(run_id: str, *jobs: str, at: datetime = AT, revision: int = 1) -> Entry:
    row = Entry(run_id, LEASE, revision, "daily", DAY, at, HELD, subjects=jobs, expires_at=at + 10 * MINUTE)
    return row if jobs else replace(row, status=RELEASED, expires_at=None)


def held(*rows: Entry) -> dict[str, Lease]:
    leases = Leases()
    for row in rows:
        leases.add(row)
    return {job: lease for job in ("daily", "ingest", "score") if (lease := leases.newest(job))}


def test_a_renewed_lease_lasts_longer_since_the_same_time():
    found = held(a_lease("a", "ingest"), a_lease("a", "ingest", at=AT + 3 * MINUTE))
    assert found == {"ingest": Lease("a", AT, AT + 13 * MINUTE)}


def test_the_jobs_of_a_row_are_all_its_run_holds():
    later = AT + MINUTE
    found = held(a_lease("a", "daily"), a_lease("a", "daily", "ingest"), a_lease("a", "daily", "score", at=later))
    assert found == {
        "daily": Lease("a", AT, later + 10 * MINUTE),
        "score": Lease("a", later, later + 10 * MINUTE),
    }


def test_a_lease_given_back_is_gone_and_no_other():
    assert held(a_lease("a", "ingest"), a_lease("b", "score"), a_lease("a")) == {
        "score": Lease("b", AT, AT + 10 * MINUTE)
    }


def test_a_lease_taken_over_is_not_given_back_by_the_run_that_lost_it():
    later = AT + 11 * MINUTE
    found = held(a_lease("a", "ingest"), a_lease("b", "ingest", at=later), a_lease("a"))
    assert found == {"ingest": Lease("b", later, later + 10 * MINUTE)}


def test_the_ledger_takes_a_lease_for_nothing_but_a_revision():
    start = Entry("a", "start", 2, "ingest", DAY, AT, "running", writes=(Written("scores", DAY),))
    end = replace(start, event="end", revision=4, status="ok", writes=(Written("scores", DAY, 1, "1-1", True, 3),))
    without = Ledger([start, end])
    ledger = Ledger([a_lease("a", "ingest"), start, a_lease("a", "ingest", revision=3), end, a_lease("a", revision=5)])
    assert ledger.entries == [start, end]
    assert ledger.revision == 5
    assert ledger.partitions("scores") == without.partitions("scores")
    assert ledger.completed("daily") is None
    assert (ledger.open("scores"), ledger.open_subjects("daily")) == ({}, (set(), set()))
