"""Tallies made of plain rows, for tests that need no Spark."""

import numpy as np

from churn_spark.models.tally import Tally


def tally_of(rows, value=0.0):
    """A tally with one entry a row; rows: (score, risk, label, part) and optionally a snapshot.

    value: of every customer.
    """
    ordered = sorted(rows, key=lambda row: -row[0])
    score, risk, label, part = (np.array([row[place] for row in ordered], dtype=float) for place in range(4))
    missed = np.where(label == 1, risk, 1 - risk)
    return Tally(
        score=score,
        snapshot=np.array([row[4] if len(row) > 4 else "2026-01-01" for row in ordered], dtype="datetime64[D]"),
        part=part.astype(int),
        rows=np.ones(len(ordered)),
        churners=label,
        predicted=risk,
        squared_error=(risk - label) ** 2,
        log_loss=-np.log(np.maximum(missed, 1e-15)),
        worth=label * value,
    )
