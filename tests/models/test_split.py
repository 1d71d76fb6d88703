from datetime import date, timedelta

import pytest

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.periods import Periods
from churn_spark.models.split import split

PERIODS = Periods(gap=7, performance=28, lateness=2)
EVERY_FOUR_WEEKS = [date(2026, 1, 1) + timedelta(days=28 * n) for n in range(8)]


def test_only_labels_known_at_the_first_test_snapshot_teach_the_tested_model():
    # Six have matured and two test; 37 days before 23 April no label of 26 March is known yet.
    found = split(EVERY_FOUR_WEEKS, PERIODS, date(2026, 7, 4), test_snapshots=2)
    assert found.refit == tuple(EVERY_FOUR_WEEKS[:6])
    assert found.test == tuple(EVERY_FOUR_WEEKS[4:6])
    assert found.train == tuple(EVERY_FOUR_WEEKS[:3])
    assert found.purged == (EVERY_FOUR_WEEKS[3],)
    assert all(PERIODS.matured_on(day) <= found.test[0] for day in found.train)


def test_a_snapshot_matures_on_the_day_not_before():
    matured_on = PERIODS.matured_on(EVERY_FOUR_WEEKS[5])
    assert EVERY_FOUR_WEEKS[5] in split(EVERY_FOUR_WEEKS, PERIODS, matured_on, 1).refit
    assert EVERY_FOUR_WEEKS[5] not in split(EVERY_FOUR_WEEKS, PERIODS, matured_on - timedelta(days=1), 1).refit


@pytest.mark.parametrize("snapshots", [[], EVERY_FOUR_WEEKS[:2], EVERY_FOUR_WEEKS[:3]])
def test_too_few_snapshots_are_refused_with_what_there_is(snapshots):
    with pytest.raises(ModelError, match=rf"^{len(snapshots)} snapshots .* the newest 2, .* 37 days"):
        split(snapshots, PERIODS, date(2026, 12, 1), test_snapshots=2)
