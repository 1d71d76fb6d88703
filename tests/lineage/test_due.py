"""What is due, and the reason given."""

from datetime import UTC, date, datetime

import pytest

from churn_spark.definitions.periods import Days
from churn_spark.lineage.due import Due, due_lines, reason_due
from churn_spark.lineage.ledger import Entry, Ledger, Read, Written

DAY = date(2026, 1, 1)
NEXT = date(2026, 1, 2)
AT = datetime(2026, 1, 1, tzinfo=UTC)
READS = {"tiles": Days(date(2025, 12, 1), date(2026, 1, 2))}


def run(ledger: Ledger, table: str, day: date, definitions: dict[str, str] | None = None) -> None:
    seen = ledger.revision
    name = f"r{seen}"
    written = (Written(table, day, 1, name, True),)
    reads = () if table == "tiles" else (Read("tiles", DAY, NEXT, seen),)
    ledger.add(Entry(name, "start", seen + 1, "job", day, AT, "running", writes=written, reads=reads))
    found = {table: definitions or {}}
    ledger.add(Entry(name, "end", seen + 2, "job", day, AT, "ok", writes=written, reads=reads, definitions=found))


def test_missing_then_built_then_stale_then_rebuilt():
    ledger = Ledger()
    assert reason_due(ledger, "features", DAY, READS, {}) == ("missing", "never built")
    run(ledger, "tiles", DAY)
    run(ledger, "features", DAY)
    assert reason_due(ledger, "features", DAY, READS, {}) is None
    run(ledger, "tiles", date(2025, 12, 1))
    assert reason_due(ledger, "features", DAY, READS, {}) == ("stale", "tiles changed after it was built")
    run(ledger, "features", DAY)
    assert reason_due(ledger, "features", DAY, READS, {}) is None


def test_a_change_outside_the_declared_reads_makes_nothing_stale():
    ledger = Ledger()
    run(ledger, "features", DAY)
    run(ledger, "tiles", date(2025, 11, 30))
    run(ledger, "tiles", date(2026, 1, 2))
    assert reason_due(ledger, "features", DAY, READS, {}) is None


def test_half_written_is_due():
    ledger = Ledger()
    ledger.add(Entry("killed", "start", 1, "job", DAY, AT, "running", writes=(Written("features", DAY),)))
    assert reason_due(ledger, "features", DAY, READS, {}) == ("half-written", "left half-written by the run killed")


def test_a_changed_definition_is_named():
    ledger = Ledger()
    run(ledger, "features", DAY, {"a": "1", "b": "1"})
    changed = reason_due(ledger, "features", DAY, READS, {"a": "1", "b": "2"})
    assert changed == ("columns", "definition changed or new: b")
    changed = reason_due(ledger, "features", DAY, READS, {"(rows)": "1"})
    assert changed == ("definition", "definition changed or new: (rows)")


@pytest.mark.parametrize(
    ("before", "after", "stale"),
    [
        pytest.param({"(rows)": "1", "a": "1"}, {"(rows)": "1", "a": "1", "b": "1"}, False, id="a new column"),
        pytest.param(
            {"(rows)": "1", "a": "1"}, {"(rows)": "1", "a": "2"}, False, id="a column that means another thing"
        ),
        pytest.param({"(rows)": "1", "a": "1"}, {"(rows)": "1"}, False, id="a column that is gone"),
        pytest.param({"(rows)": "1", "a": "1"}, {"(rows)": "2", "a": "1"}, True, id="other rows"),
        pytest.param({"(rows)": "1", "a": "1"}, {"(rows)": "1", "a": "1"}, True, id="no definition tells why"),
        pytest.param({"a": "1"}, {"a": "2"}, True, id="a table that does not say what its rows mean"),
    ],
)
@pytest.mark.parametrize("inputs_changed", [False, True])
def test_what_is_made_from_a_partition_is_stale_unless_only_columns_were_configured_anew(
    before: dict[str, str], after: dict[str, str], stale: bool, inputs_changed: bool
):
    ledger = Ledger()
    run(ledger, "tiles", DAY)
    run(ledger, "features", DAY, before)
    run(ledger, "labels", DAY)
    if inputs_changed:
        run(ledger, "tiles", DAY)
    run(ledger, "features", DAY, after)
    reason = reason_due(ledger, "labels", DAY, {"features": Days(DAY, NEXT)}, {})
    assert (reason is not None) == (stale or inputs_changed)


def test_dates_that_are_due_for_the_same_reason_share_a_line():
    stale, missing = ("stale", "tiles changed after it was built"), ("missing", "never built")
    plan = [Due("build_features", "features", day, *stale) for day in (DAY, NEXT)]
    plan += [Due("score", "risk_scores", NEXT, *missing)]
    assert list(due_lines(plan)) == [
        "features 2 dates from 2026-01-01 to 2026-01-02: stale: tiles changed after it was built",
        "risk_scores 2026-01-02: missing: never built",
    ]
