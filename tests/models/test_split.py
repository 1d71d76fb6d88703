from datetime import date, timedelta

import pytest

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.features import Snapshots
from churn_spark.definitions.periods import Periods
from churn_spark.models.split import Split, Step, by_customer, split

PERIODS = Periods(gap=7, performance=28, lateness=2)
EVERY_FOUR_WEEKS = [date(2026, 1, 1) + timedelta(days=28 * n) for n in range(8)]
GRID = Snapshots(date(2026, 1, 1), 28)
MATURED = {day: PERIODS.matured_on(day) for day in EVERY_FOUR_WEEKS}


def test_only_labels_known_at_the_first_test_snapshot_teach_the_tested_model():
    # Six have matured and two test; 37 days before 23 April no label of 26 March is known yet.
    found = split(MATURED, PERIODS, date(2026, 7, 4), test_snapshots=2, grid=GRID)
    assert found.refit == tuple(EVERY_FOUR_WEEKS[:6])
    assert found.test == tuple(EVERY_FOUR_WEEKS[4:6])
    assert found.train == tuple(EVERY_FOUR_WEEKS[:3])
    assert found.purged == (EVERY_FOUR_WEEKS[3],)
    assert all(PERIODS.matured_on(day) <= found.test[0] for day in found.train)


def test_a_snapshot_whose_labels_matured_late_teaches_later():
    late = MATURED | {EVERY_FOUR_WEEKS[2]: EVERY_FOUR_WEEKS[4] + timedelta(days=1)}
    found = split(late, PERIODS, date(2026, 7, 4), test_snapshots=2, grid=GRID)
    assert found.train == tuple(EVERY_FOUR_WEEKS[:2])
    assert found.refit == tuple(EVERY_FOUR_WEEKS[:6])
    on_the_day = MATURED | {EVERY_FOUR_WEEKS[2]: EVERY_FOUR_WEEKS[4]}
    assert split(on_the_day, PERIODS, date(2026, 7, 4), test_snapshots=2, grid=GRID).train == tuple(
        EVERY_FOUR_WEEKS[:3]
    )


@pytest.mark.parametrize("wanted", [0, 1, 2, 9])
def test_the_backtest_walks_over_the_newest_training_snapshots_that_something_had_matured_before(wanted):
    """Against a plain loop: a label of day d is known 37 days later, so two snapshots after it."""
    found = split(MATURED, PERIODS, date(2026, 12, 1), 1, GRID, backtest_snapshots=wanted)
    steps = []
    for place, day in enumerate(EVERY_FOUR_WEEKS[:6]):
        if place >= 2:
            steps.append(Step(tuple(EVERY_FOUR_WEEKS[: place - 1]), day))
    assert found.train == tuple(EVERY_FOUR_WEEKS[:6])
    assert found.backtest == tuple(steps[len(steps) - wanted :] if 0 < wanted < len(steps) else steps if wanted else ())


def test_labels_that_matured_late_do_not_teach_in_the_backtest():
    late = MATURED | {EVERY_FOUR_WEEKS[0]: EVERY_FOUR_WEEKS[3] + timedelta(days=1)}
    found = split(late, PERIODS, date(2026, 12, 1), 1, GRID, backtest_snapshots=2)
    assert [step.train for step in found.backtest] == [tuple(EVERY_FOUR_WEEKS[:3]), tuple(EVERY_FOUR_WEEKS[:4])]
    found = split(late, PERIODS, date(2026, 12, 1), 1, GRID, backtest_snapshots=9)
    assert found.backtest[0] == Step((EVERY_FOUR_WEEKS[1],), EVERY_FOUR_WEEKS[3])


def test_a_snapshot_matures_on_the_day_not_before():
    matured_on = PERIODS.matured_on(EVERY_FOUR_WEEKS[5])
    assert EVERY_FOUR_WEEKS[5] in split(MATURED, PERIODS, matured_on, 1, GRID).refit
    assert EVERY_FOUR_WEEKS[5] not in split(MATURED, PERIODS, matured_on - timedelta(days=1), 1, GRID).refit


@pytest.mark.parametrize("snapshots", [[], EVERY_FOUR_WEEKS[:2], EVERY_FOUR_WEEKS[:3]])
def test_too_few_snapshots_are_refused_with_what_there_is(snapshots):
    with pytest.raises(ModelError, match=rf"^{len(snapshots)} snapshots .* the newest 2, .* 37 days"):
        split({day: MATURED[day] for day in snapshots}, PERIODS, date(2026, 12, 1), test_snapshots=2, grid=GRID)


@pytest.mark.parametrize(
    ("test_snapshots", "every", "ways"),
    [
        (2, 28, r"take them more often \(snapshots.every is 28\), wait for .* or lower training.test_snapshots\.$"),
        (1, 28, r"take them more often \(snapshots.every is 28\) or wait for newer ones to mature\.$"),
        (1, 1, r"Begin earlier \(snapshots.first is 2026-01-01\) or wait for newer ones to mature\.$"),
    ],
)
def test_only_ways_that_help_are_named(test_snapshots, every, ways):
    with pytest.raises(ModelError, match=ways):
        split({}, PERIODS, date(2026, 12, 1), test_snapshots, Snapshots(GRID.first, every))


def test_labels_without_a_time_are_split_by_customer_on_the_newest_date():
    newest = (EVERY_FOUR_WEEKS[2],)
    assert by_customer(EVERY_FOUR_WEEKS[:3], date(2026, 12, 1), "--conf c") == Split(newest, newest, newest, False)
    with pytest.raises(ModelError, match="churn-spark backfill --conf c --as-of 2026-12-01"):
        by_customer([], date(2026, 12, 1), "--conf c")
