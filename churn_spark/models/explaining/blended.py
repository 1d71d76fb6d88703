"""The mean of the log odds of several scores, explained by the contributions to each."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from churn_spark.models.explaining.explainer import Explainer
from churn_spark.models.metrics import Array

CLOSE = 1e-9


def mean_log_odds(members: Sequence[Explainer], certain: float) -> Explainer:
    """Explain the mean of the members' log odds, whose scores are kept `certain` away from 0 and 1.

    What a member's inputs add to its score is stretched by one factor for each row, so that it adds up to what the
    score adds to the log odds. So it is an approximation, though exact for members in log odds that are not certain.
    """
    base_values = [_log_odds(np.array([member.base_value]), member.unit, certain)[0] for member in members]
    return Explainer("log_odds", False, float(np.mean(base_values)), partial(_contributions, members, certain))


def _contributions(members: Sequence[Explainer], certain: float, vectors: Mapping[str, Array]) -> Array:
    sums = sum(_stretched(member, certain, vectors) for member in members)
    return np.asarray(sums) / len(members)


def _stretched(member: Explainer, certain: float, vectors: Mapping[str, Array]) -> Array:
    contributions = member.contributions(vectors)
    added = contributions.sum(axis=1)
    start = np.full(len(added), member.base_value)
    before, after = (_log_odds(score, member.unit, certain) for score in (start, start + added))
    close = np.abs(added) < CLOSE
    # Where nothing is added in all, what adds and what takes away is stretched by the slope.
    slope = 1 / np.clip(start * (1 - start), certain, None) if member.unit == "probability" else np.ones(len(added))
    factor = np.where(close, slope, (after - before) / np.where(close, 1.0, added))
    return contributions * factor[:, None]


def _log_odds(score: Array, unit: str, certain: float) -> Array:
    limit = np.log((1 - certain) / certain)
    if unit == "log_odds":
        return np.clip(score, -limit, limit)
    kept = np.clip(score, certain, 1 - certain)
    return np.asarray(np.log(kept / (1 - kept)))
