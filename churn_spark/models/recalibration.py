"""Recalibration: the level of the risks moved to what newer snapshots show, with the ranking left as it is.

Where churn has become more or less common and nothing else has changed, Bayes' rule moves the log odds of every risk by
one number (M. Saerens, P. Latinne and C. Decaestecker, Adjusting the outputs of a classifier to new a priori
probabilities, Neural Computation 14, 2002). With labels of newer snapshots that number is the one under which the
risks add up to the churners there.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from churn_spark.models.calibration import CERTAIN, Calibrator, cross_validated, platt, tied
from churn_spark.models.metrics import Array
from churn_spark.models.tally import Tally

FURTHEST = 20.0
"""The largest shift of log odds that is looked for."""


@dataclass(frozen=True, slots=True)
class Recalibration:
    """What newer snapshots say of a model's risks.

    shift: added to the log odds of every risk. calibrator: the former one, shifted. expected, observed: share of
    churners by the former risks, and as it was. log_losses: mean log loss per row of `kept`, `shifted` and `refitted`
    (Platt scaling learnt anew), each learnt on other customers than it is measured on. needed: whether the shifted
    risks are better than the former ones by more than one standard error. enough: whether learning the calibration
    anew is no better than the shift by that much; otherwise more than the level has moved.
    """

    shift: float
    calibrator: Calibrator
    expected: float
    observed: float
    log_losses: Mapping[str, float]
    needed: bool
    enough: bool


def recalibrated(tested: Tally, former: Calibrator) -> Recalibration:
    """Compare the former calibrator with a shifted one on scored rows, whose parts are groups of customers.

    tested: scores of snapshots that neither model nor calibrator has learnt from, some churners and stayers among them.
    """
    losses = {
        "kept": cross_validated(lambda *_: former, tested),
        "shifted": cross_validated(partial(_learn_shift, former), tested),
        "refitted": cross_validated(platt, tested),
    }
    counts = np.stack([tested.churners, tested.rows - tested.churners])
    scores, rows, churners = tested.by_score("rows", "churners")
    shift = level_shift(former, scores, rows, churners)
    return Recalibration(
        shift=shift,
        calibrator=shifted(former, shift),
        expected=float((rows * former.risk(scores)).sum() / rows.sum()),
        observed=float(churners.sum() / rows.sum()),
        log_losses={name: float((counts * loss).sum() / counts.sum()) for name, loss in losses.items()},
        needed=not tied(losses["kept"] - losses["shifted"], counts),
        enough=tied(losses["shifted"] - losses["refitted"], counts),
    )


def level_shift(former: Calibrator, scores: Array, rows: Array, churners: Array) -> float:
    """The shift of the log odds under which the risks add up to the churners; their sum rises with it."""
    from scipy.optimize import brentq

    def missing(shift: float) -> float:
        return float((rows * shifted(former, shift).risk(scores)).sum() - churners.sum())

    return float(brentq(missing, -FURTHEST, FURTHEST, xtol=1e-12))


def shifted(former: Calibrator, shift: float) -> Calibrator:
    """The calibrator whose risks have log odds higher by `shift`: at its knots, where it is isotonic."""
    if former.method == "none":
        return Calibrator("platt", ((shift, 1.0),))
    if former.method == "platt":
        intercept, slope = former.knots[0]
        return Calibrator("platt", ((intercept + shift, slope),))
    return Calibrator("isotonic", tuple((score, _moved(risk, shift)) for score, risk in former.knots))


def _learn_shift(former: Calibrator, scores: Array, rows: Array, churners: Array) -> Calibrator:
    return shifted(former, level_shift(former, scores, rows, churners))


def _moved(risk: float, shift: float) -> float:
    kept = min(max(risk, CERTAIN), 1 - CERTAIN)
    return 1 / (1 + math.exp(-(math.log(kept / (1 - kept)) + shift)))
