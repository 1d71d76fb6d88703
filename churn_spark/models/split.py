"""Which snapshots may teach, which test: one rule for training, test and refit.

A snapshot may teach a decision made at a date only if its label had matured by then. So the test is the newest matured
snapshots, what is tested learnt only from labels known at the first of them (purged), and what is deployed learns from
all that have matured at the as-of date of the run.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.periods import Periods, listed


@dataclass(frozen=True, slots=True)
class Split:
    """train teaches the tested model; test is untouched by it; refit (all matured ones) teaches the deployed model."""

    train: tuple[date, ...]
    test: tuple[date, ...]
    refit: tuple[date, ...]

    @property
    def purged(self) -> tuple[date, ...]:
        """Neither taught nor tested: labels not known yet when the first test snapshot was taken."""
        return tuple(sorted(set(self.refit) - set(self.train) - set(self.test)))


def split(snapshots: Iterable[date], periods: Periods, as_of: date, test_snapshots: int) -> Split:
    """Split the snapshots that have matured at `as_of`; ModelError when none would be left to learn from."""
    matured = tuple(sorted(day for day in snapshots if periods.may_teach(day, as_of)))
    test = matured[-test_snapshots:]
    train = tuple(day for day in matured if test and periods.may_teach(day, test[0]))
    if len(test) < test_snapshots or not train:
        found = f" ({listed(matured)})" if matured else ""
        raise ModelError(
            f"{len(matured)} snapshots with features and labels have matured at {as_of}{found}: the test takes the"
            f" newest {test_snapshots}, and training needs at least one {periods.maturity_days} days older."
            " Build older snapshots, wait for newer ones to mature, or lower training.test_snapshots."
        )
    return Split(train, test, matured)
