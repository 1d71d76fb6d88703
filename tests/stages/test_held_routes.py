"""Which routes were held back, as the ledger says it, also after a run was killed."""

from datetime import UTC, date, datetime

from churn_spark.lineage.entry import OK, RUNNING, Entry, Written
from churn_spark.lineage.ledger import Ledger
from churn_spark.stages.outstanding import held_routes, held_states

DAY = date(2026, 6, 1)


def entry(revision: int, run: str, event: str, held: dict[date, frozenset[str]]) -> Entry:
    written = Written("alert_events", DAY) if event == "start" else Written("alert_events", DAY, 0, "empty", True, 1)
    at, states = datetime(2026, 6, 1, tzinfo=UTC), held_states(held)
    status = RUNNING if event == "start" else OK
    return Entry(run, event, revision, "dispatch", DAY, at, status, writes=(written,), states=states)


def test_what_was_held_back_is_so_until_a_run_has_ended_that_says_otherwise():
    both = {DAY: frozenset({"crm", "team"})}
    ledger = Ledger([entry(1, "a", "start", both)])
    assert held_routes(ledger) == both
    ledger.add(entry(2, "a", "end", both))
    assert held_routes(ledger) == both
    ledger.add(entry(3, "killed", "start", {}))
    assert held_routes(ledger) == both
    ledger.add(entry(4, "b", "start", {}))
    ledger.add(entry(5, "b", "end", {}))
    assert held_routes(ledger) == {}
