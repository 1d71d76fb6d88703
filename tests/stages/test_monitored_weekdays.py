"""Which dates the features of a date are compared with."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from churn_spark.stages.monitoring.features import reference
from tests.stages.made_warehouse import project_at

WEDNESDAY = date(2026, 6, 3)
LEARNT = [WEDNESDAY - timedelta(days=28 * n) for n in range(3, 9)]
DAILY = [WEDNESDAY - timedelta(days=n) for n in range(1, 60)]


def compared(tmp_path, as_of, stored, learnt):
    partitions = {day: SimpleNamespace(rows=100) for day in stored}
    catalog = SimpleNamespace(ledger=SimpleNamespace(partitions=lambda _: partitions, open=lambda _: {}))
    version = SimpleNamespace(number=1, described=SimpleNamespace(learnt=learnt)) if learnt else None
    found = reference(project_at(tmp_path), catalog, as_of, version)
    return set(found.days), found.has_weekday_of(as_of)


@pytest.mark.parametrize(("later", "weekday"), [(7, 2), (28, 2)])
def test_the_snapshots_that_the_model_learnt_from_if_one_is_of_the_weekday(tmp_path, later, weekday):
    as_of = WEDNESDAY + timedelta(days=later)
    assert as_of.weekday() == weekday
    assert compared(tmp_path, as_of, [*LEARNT, *DAILY], LEARNT) == (set(LEARNT), True)


def test_else_earlier_dates_of_the_weekday(tmp_path):
    friday = WEDNESDAY + timedelta(days=2)
    same = {friday - timedelta(days=7 * n) for n in range(4, 9)}
    assert compared(tmp_path, friday, [*LEARNT, *DAILY], LEARNT) == (same & set(DAILY), True)
    assert compared(tmp_path, friday, DAILY, []) == (same & set(DAILY), True)


def test_where_there_are_none_other_weekdays_and_it_says_so(tmp_path):
    friday = WEDNESDAY + timedelta(days=2)
    assert compared(tmp_path, friday, LEARNT, LEARNT) == (set(LEARNT), False)
    assert compared(tmp_path, friday, [WEDNESDAY - timedelta(days=28)], []) == ({WEDNESDAY - timedelta(days=28)}, False)
    assert compared(tmp_path, friday, [], LEARNT) == (set(), False)
