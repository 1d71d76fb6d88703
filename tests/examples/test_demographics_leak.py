"""Why no feature of the demo uses the demographics: the leak checks find that they were asked of loyal households."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from churn_spark.definitions.leaks import Leaks
from churn_spark.examples.complete_journey import ZONE, _package_data
from churn_spark.models.bins import BinnedCounts
from churn_spark.models.leaks import known_only, single_features

DAYS = [date(2017, 3, 27) + timedelta(days=28 * n) for n in range(7)]
"""The demo's training snapshots."""


@pytest.fixture(scope="module")
def snapshots() -> pd.DataFrame:
    """Households with a purchase in the last 56 days: active days of 84, whether answered, label of the next 28."""
    data = _package_data()
    lines = pd.read_parquet(data / "transactions.parquet", columns=["household_id", "transaction_timestamp"])
    instants = pd.to_datetime(lines["transaction_timestamp"]).dt.tz_localize("UTC")
    lines["day"] = instants.dt.tz_convert(ZONE).dt.tz_localize(None).dt.normalize()
    days = lines[["household_id", "day"]].drop_duplicates()
    answered = set(pd.read_parquet(data / "demographics.parquet", columns=["household_id"])["household_id"])
    frames = []
    for as_of in map(pd.Timestamp, DAYS):
        age = (as_of - days["day"]).dt.days
        active = days[(age > 0) & (age <= 84)].groupby("household_id").size()
        population = days[(age > 0) & (age <= 56)]["household_id"].unique()
        stayed = set(days[(age <= 0) & (age > -28)]["household_id"])
        frame = pd.DataFrame({"household": population, "active_days": active.reindex(population).to_numpy()})
        frame["left"] = (~frame["household"].isin(stayed)).astype(int)
        frame["unknown"] = (~frame["household"].isin(answered)).astype(int)
        frames.append(frame)
    return pd.concat(frames)


def binned(snapshots: pd.DataFrame) -> BinnedCounts:
    edges = np.unique(np.quantile(snapshots["active_days"], np.arange(1, 20) / 20, method="lower"))
    stratum = np.searchsorted(edges, snapshots["active_days"])
    attribute = np.zeros((len(edges) + 1, 2, 2), dtype=np.int64)
    np.add.at(attribute, (stratum, snapshots["unknown"], snapshots["left"]), 1)
    presence = np.zeros((2, 2, 2, 2), dtype=np.int64)
    np.add.at(presence, (snapshots["unknown"], 0, snapshots["household"].astype(int) % 2, snapshots["left"]), 1)
    return BinnedCounts({"age": presence}, np.zeros((7, 200, 2), dtype=np.int64), tuple(DAYS), {"age": attribute})


def test_that_a_household_answered_tells_that_it_stays_at_equal_activity(snapshots):
    (found,) = known_only(binned(snapshots), "purchases_active_days_84d", len(DAYS), Leaks())
    assert found.value < 1 / 3
    assert found.text.startswith("whether age is known tells who leaves: at equal purchases_active_days_84d ")


def test_one_feature_alone_would_not_have_shown_it(snapshots):
    (found,) = single_features(binned(snapshots), Leaks())
    assert found.outcome == "passed"
    assert found.value < 0.7
