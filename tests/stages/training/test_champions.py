"""From which date a new model is in force, and which models may not take another's place; from the ledger alone."""

from datetime import UTC, date, datetime

import pytest

from churn_spark.definitions.errors import ModelError
from churn_spark.lineage.entry import OK, Entry, Written
from churn_spark.lineage.ledger import Ledger
from churn_spark.stages.training.champions import Decision, in_force, refuse_older, takes_effect

AT = datetime(2026, 4, 1, tzinfo=UTC)


def day(number: int) -> date:
    return date(2026, 3, number)


def scored(*days: int, end: bool = True) -> Ledger:
    written = tuple(Written("risk_scores", day(number), 1, "x", True) for number in days)
    entries = [Entry("a", "start", 1, "score", day(1), AT, "running", writes=written)]
    entries += [Entry("a", "end", 2, "score", day(1), AT, OK, writes=written)] if end else []
    return Ledger(entries)


@pytest.mark.parametrize(
    ("ledger", "expected"),
    [
        pytest.param(scored(), 10, id="nothing was scored"),
        pytest.param(scored(8, 9), 10, id="only earlier dates were scored"),
        pytest.param(scored(10), 11, id="the date itself was scored"),
        pytest.param(scored(10, 12), 13, id="a later date was scored too"),
        pytest.param(scored(10, end=False), 11, id="the date is being scored"),
    ],
)
def test_a_model_is_in_force_from_the_first_date_that_no_other_has_scored(ledger, expected):
    assert takes_effect(ledger, day(10)) == day(expected)


def test_of_several_decisions_from_one_date_the_last_counts():
    known = [Decision(day(5), "1", 1), Decision(day(10), "2", 2), Decision(day(10), "3", 3)]
    assert in_force(known, day(4)) is None
    assert in_force(known, day(9)) == known[0]
    assert in_force(known, day(10)) == known[2]


def test_a_model_of_older_knowledge_is_refused():
    known = [Decision(day(11), "1", 1, as_of=day(10)), Decision(day(12), "2", 2, as_of=day(9))]
    refuse_older(known, day(10))
    with pytest.raises(
        ModelError, match="version 1 was trained at 2026-03-10; a decision at 2026-03-09 has older data"
    ):
        refuse_older(known, day(9))
