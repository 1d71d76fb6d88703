"""Whether the interval of a measured effect covers the true one as often as it says, over many trials made up.

Customers of a known world (`loop_world`) are withheld or treated by chance, and leave or stay by their probabilities;
the sums go through `actions/proportions.py`. `feedback` counts each customer once; the intervals are made for more rows
of a customer too. In three kinds of trial a customer is

- there once;
- treated again every HORIZON days until it leaves, at most `AGAIN` times;
- looked at on `OVERLAPPING` as-of dates whose windows overlap so much that all rows say the same.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.loop_world import Array, World
from churn_spark.actions.proportions import Arm, Difference, difference_of_means, difference_of_shares

REPETITIONS = 400
LEVEL = 0.95
CONTROL = 0.1
AGAIN, OVERLAPPING = 6, 4

Rows = tuple[Array, Array]
"""By customer: rows, and how many of them left."""
Drawn = Callable[[Array, np.random.Generator], Rows]


@dataclass(frozen=True, slots=True)
class Trial:
    """drawn: the rows of customers from their probability to leave. expected: the means of both, given it."""

    drawn: Drawn
    expected: Callable[[Array], Rows]


def once(left: Array, rng: np.random.Generator) -> Rows:
    return np.ones(len(left)), (rng.random(len(left)) < left).astype(float)


def again(left: Array, rng: np.random.Generator) -> Rows:
    """A customer who left is not treated again."""
    leaves = rng.random((len(left), AGAIN)) < left[:, None]
    gone = leaves.any(axis=1)
    return np.where(gone, leaves.argmax(axis=1) + 1.0, float(AGAIN)), gone.astype(float)


def overlapping(left: Array, rng: np.random.Generator) -> Rows:
    ones, leaves = once(left, rng)
    return OVERLAPPING * ones, OVERLAPPING * leaves


def _again_expected(left: Array) -> Rows:
    stays = (1 - left)[:, None] ** np.arange(AGAIN + 1)
    return np.asarray(stays[:, :AGAIN].sum(axis=1)), np.asarray(1 - stays[:, AGAIN])


TRIALS = {
    "once": Trial(once, lambda left: (np.ones(len(left)), left)),
    "again until it leaves": Trial(again, _again_expected),
    "overlapping": Trial(overlapping, lambda left: (np.full(len(left), float(OVERLAPPING)), OVERLAPPING * left)),
}


def arm_of(rows: Array, left: Array, value: Array) -> Arm:
    """The sums of an arm by customer, as `actions/effect.py` makes them of a table. value: of a row that stays."""
    kept = value * (rows - left)
    return Arm(
        customers=len(rows),
        rows=float(rows.sum()),
        left=float(left.sum()),
        nn=float(rows @ rows),
        ny=float(rows @ left),
        yy=float(left @ left),
        value=float(kept.sum()),
        nv=float(rows @ kept),
        vv=float(kept @ kept),
    )


def true_effect(those: World, action: int, trial: Trial) -> float:
    """The share of rows that leave untreated, less that of treated ones, over all customers of the world."""
    shares = []
    for left in (those.untreated, those.left[:, action]):
        rows, gone = trial.expected(left)
        shares.append(gone.sum() / rows.sum())
    return float(shares[0] - shares[1])


def true_value(those: World, action: int, trial: Trial) -> float:
    """The value kept by row of treated customers, less that of untreated ones."""
    means = []
    for left in (those.untreated, those.left[:, action]):
        rows, gone = trial.expected(left)
        means.append((those.value * (rows - gone)).sum() / rows.sum())
    return float(means[1] - means[0])


def covered(those: World, action: int, trial: Trial, customers: int, seed: int) -> dict[str, object]:
    """How many of REPETITIONS trials of so many customers cover the truth.

    rowwise: by the same interval where rows are taken for independent, which those of one customer are not.
    """
    rng = np.random.default_rng([seed, customers, action])
    effect, value = true_effect(those, action, trial), true_value(those, action, trial)
    hits = {"effect": 0, "value": 0, "rowwise": 0}
    widths = []
    for _ in range(REPETITIONS):
        treated, control = _trial(those, action, trial, customers, rng)
        found = difference_of_shares(control, treated)
        hits["effect"] += _within(found, effect)
        hits["value"] += _within(difference_of_means(treated, control), value)
        hits["rowwise"] += _within(difference_of_shares(_rowwise(control), _rowwise(treated)), effect)
        widths.append(found.high - found.low)
    low, high = bounds()
    return {
        "truth": round(effect, 5),
        "width": round(float(np.mean(widths)), 5),
        **{name: count / REPETITIONS for name, count in hits.items()},
        "holds": low <= hits["effect"] / REPETITIONS,
        "value_holds": low <= hits["value"] / REPETITIONS,
        "as_narrow_as_may_be": hits["effect"] / REPETITIONS <= high,
    }


def bounds() -> tuple[float, float]:
    """The shares covered between which 99 % of all series of REPETITIONS trials lie where the level is LEVEL."""
    from scipy.stats import binom

    low, high = binom.interval(0.99, REPETITIONS, LEVEL)
    return float(low) / REPETITIONS, float(high) / REPETITIONS


def _trial(those: World, action: int, trial: Trial, customers: int, rng: np.random.Generator) -> tuple[Arm, Arm]:
    """Customers drawn from the world, by chance withheld or treated: the treated arm and the control arm."""
    drawn = rng.integers(0, len(those.value), customers)
    withheld = rng.random(customers) < CONTROL
    treated = _arm(those, drawn[~withheld], action, trial, rng)
    return treated, _arm(those, drawn[withheld], -1, trial, rng)


def _arm(those: World, who: NDArray[np.int64], done: int, trial: Trial, rng: np.random.Generator) -> Arm:
    rows, left = trial.drawn(those.left[who, done], rng)
    return arm_of(rows, left, those.value[who])


def _rowwise(arm: Arm) -> Arm:
    """The same arm as if every row were of another customer."""
    return Arm(int(arm.rows), arm.rows, arm.left, arm.rows, arm.left, arm.left)


def _within(found: Difference, truth: float) -> bool:
    return found.low <= truth <= found.high
