"""How far a snapshot can be followed, from the ledger alone. Lateness is 1, and ingest has completed 31 March."""

import pytest

from churn_spark.lineage.follow_up import followed_until
from tests.lineage.test_maturity import S, file, ledger, march, project


@pytest.mark.parametrize(
    ("arrivals", "as_of", "expected"),
    [
        pytest.param([file(28, 29)], 20, 19, id="a day is known lateness days after the morning that follows it"),
        pytest.param([file(28, 29), file(14, 21)], 20, 14, id="not before its deliveries are"),
        pytest.param([file(28, 29), file(14, 21)], 21, 20, id="as soon as they are"),
        pytest.param([file(28, 29), file(13, 14, incomplete=True)], 20, 13, id="not beyond an incomplete day"),
        pytest.param([file(28, 29), file(9, 10, incomplete=True)], 20, 19, id="days before the snapshot do not matter"),
        pytest.param([file(28, 29), file(14, None)], 20, 19, id="a delivery of which no row was kept is known"),
        pytest.param([*(file(n, n + 1) for n in (4, 8, 12))], 31, 13, id="not beyond the end of the data"),
    ],
)
def test_a_snapshot_is_followed_as_far_as_everything_is_known(tmp_path, arrivals, as_of, expected):
    assert followed_until(project(tmp_path), ledger(*arrivals), S, march(as_of)) == march(expected)


def test_a_day_that_was_accepted_as_missing_ends_what_is_followed(tmp_path):
    known = ledger(file(28, 29), options=["accept-incomplete=calls@2026-03-16"])
    assert followed_until(project(tmp_path), known, S, march(25)) == march(16)


def test_nothing_is_followed_beyond_what_ingest_has_completed(tmp_path):
    known = ledger(file(17, 18), completed=18)
    assert followed_until(project(tmp_path), known, S, march(31)) == march(17)
