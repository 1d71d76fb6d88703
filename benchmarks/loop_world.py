"""Simulated customers whose answer to every action is known: what the benchmark of actions asks for the truth.

A company is lived through in memory, untreated, up to a day. From then on hazards stay as they are, but for what an
action does, whose effect halves as in `simulate/causes.py`; so the probability to leave within the horizon is known for
each customer and each action, and outcomes are drawn from it.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from churn_spark.definitions.actions import Interventions
from churn_spark.simulate import causes
from churn_spark.simulate.draws import Draws
from churn_spark.simulate.interventions import NOTHING
from churn_spark.simulate.life import STAYS, Life
from churn_spark.simulate.people import People, people
from churn_spark.simulate.telecom import TELECOM

Array = NDArray[np.float64]

FIRST = date(2025, 1, 1)
LIVED, REGIME_DAY = 182, 280
HORIZON = 28
"""Days in which somebody leaves or stays: the performance window of conf/telecom.yaml, whose playbook is used."""
BLUR = 0.6
"""Standard deviation of the error of the log hazard by which risks are known to who decides."""
BINS = 50
"""Parts of equal count of the scores that risks are calibrated in."""


@dataclass(frozen=True, slots=True)
class World:
    """Active customers, a row each. value: money a year. left: probability to leave within HORIZON days by what is
    done, the actions of a playbook in its order, then nothing. risk: of the last column, as a calibrated model sees it.
    """

    value: Array
    left: Array
    risk: Array

    @property
    def untreated(self) -> Array:
        return self.left[:, -1]

    @property
    def kept(self) -> Array:
        """Customers x actions: by how much the probability to leave falls; below zero the action drives away."""
        return np.asarray(self.untreated[:, None] - self.left[:, :-1])

    def taken(self, rows: NDArray[np.int64]) -> "World":
        return World(self.value[rows], self.left[rows], self.risk[rows])


def world(customers: int, seed: int, playbook: Interventions) -> World:
    """The customers of a telecom who are active after LIVED days; their number is below that of all who ever join."""
    draws = Draws(seed)
    those = people(TELECOM, draws, 1, customers + 1)
    life = Life(TELECOM, draws, those, FIRST, REGIME_DAY)
    for t in range(LIVED):
        today = life.live(t, NOTHING)
    here = np.flatnonzero((life.gone == STAYS) & (those.joined < LIVED))
    effects = np.stack([_effect(life, those, action.name, action.channel)[here] for action in playbook.actions], axis=1)
    care = np.hstack([effects, np.zeros((len(here), 1))]) + life.care[here, None]
    untreated = np.log(today.hazard[here]) - today.care[here]
    left = leaving(untreated[:, None], care)
    seen = untreated + life.care[here] + BLUR * np.random.default_rng(seed).standard_normal(len(here))
    return World(life.fee[life.plan[here]] / 100 * 12, left, calibrated(seen, left[:, -1]))


def calibrated(score: Array, left: Array) -> Array:
    """The mean probability to leave by part of the score, and in between on the line from mean to mean: risks that mean
    what they say, as those of a calibrated model do.
    """
    parts = np.array_split(np.argsort(score), BINS)
    means = np.maximum.accumulate([left[rows].mean() for rows in parts])
    return np.asarray(np.interp(score, [score[rows].mean() for rows in parts], means))


def leaving(log_hazard: Array, care: Array) -> Array:
    """The probability to leave within HORIZON days, of a log hazard a day without care and of the care of today."""
    stays = np.ones(np.broadcast_shapes(log_hazard.shape, care.shape))
    for day in range(HORIZON):
        faded = care * 0.5 ** (day / causes.CARE_HALF_LIFE)
        stays = stays * (1 - np.minimum(causes.MOST_HAZARD, np.exp(log_hazard + faded)))
    return np.asarray(1 - stays)


def _effect(life: Life, those: People, action: str, channel: str) -> Array:
    """What an action adds to the log hazard of each customer right after it."""
    number = causes.ACTIONS.index(action)
    troubled = 1 + life.levels()[causes.MATCHES[action].name]
    strength = those.channels[:, causes.CHANNELS.index(channel)]
    return np.asarray(those.effects[:, number] * strength * troubled)
