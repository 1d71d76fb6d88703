"""Which snapshots train a model and which test it: one rule for training, test and refit.

A snapshot may train a model that decides at a date only if its label had matured by then. So the test is the newest
matured snapshots, the tested model learns only from labels known at the first of them (the others are purged), and the
deployed model from all that have matured at the as-of date of the run. Labels without a time of their own have one date
only: there the test is a part of the customers, and does not measure later dates.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.features import Snapshots
from churn_spark.definitions.periods import Periods, listed


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a walk-forward backtest: a snapshot, and those whose labels were known on its date."""

    train: tuple[date, ...]
    test: date


@dataclass(frozen=True, slots=True)
class Split:
    """The snapshots that train the tested model, those that test it, and all matured ones, on which it is refitted.

    temporal: whether training and test are different dates; else all three are one date, and customers are held out for
    the test. backtest: steps within `train`.
    """

    train: tuple[date, ...]
    test: tuple[date, ...]
    refit: tuple[date, ...]
    temporal: bool = True
    backtest: tuple[Step, ...] = ()

    @property
    def purged(self) -> tuple[date, ...]:
        """Neither training nor test: labels not known yet when the first test snapshot was taken."""
        return tuple(sorted(set(self.refit) - set(self.train) - set(self.test)))


def by_customer(days: Collection[date], as_of: date, arguments: str) -> Split:
    """The newest snapshot of labels without a time of their own; ModelError when there is none."""
    if not days:
        raise ModelError(
            f"no snapshot with features and labels is there at {as_of}: churn-spark backfill {arguments}"
            f" --as-of {as_of}"
        )
    newest = (max(days),)
    return Split(newest, newest, newest, temporal=False)


def split(
    snapshots: Mapping[date, date],
    periods: Periods,
    as_of: date,
    test_snapshots: int,
    grid: Snapshots,
    backtest_snapshots: int = 0,
) -> Split:
    """Split the snapshots that have matured at `as_of`; ModelError when none would be left to learn from.

    snapshots: as-of dates, each with the day on which its labels matured. grid: where they come from.
    backtest_snapshots: steps of the backtest, fewer where too few snapshots could have been learnt from.
    """
    matured = tuple(sorted(day for day, known in snapshots.items() if known <= as_of))
    test = matured[-test_snapshots:]
    train = tuple(day for day in matured if test and snapshots[day] <= test[0])
    if len(test) < test_snapshots or not train:
        which = f" ({listed(matured)})" if matured else ""
        raise ModelError(
            f"{len(matured)} snapshots with features and labels have matured at {as_of}{which}: the test takes the"
            f" newest {test_snapshots}, and training needs at least one {periods.maturity_days} days older."
            f" {_remedies(test_snapshots, grid)}."
        )
    return Split(train, test, matured, backtest=_walk_forward(snapshots, train, backtest_snapshots))


def _walk_forward(snapshots: Mapping[date, date], train: Collection[date], steps: int) -> tuple[Step, ...]:
    """The newest training snapshots before which others had matured, each with those."""
    taught = ((tuple(known for known in train if snapshots[known] <= day), day) for day in train)
    possible = [Step(teaching, day) for teaching, day in taught if teaching]
    return tuple(possible[-steps:]) if steps else ()


def _remedies(test_snapshots: int, grid: Snapshots) -> str:
    """What would give more snapshots, or need fewer."""
    ways = [f"begin earlier (snapshots.first is {grid.first})"]
    if grid.every > 1:
        ways.append(f"take them more often (snapshots.every is {grid.every})")
    ways.append("wait for newer ones to mature")
    if test_snapshots > 1:
        ways.append("lower training.test_snapshots")
    return f"{', '.join(ways[:-1])} or {ways[-1]}".capitalize()
