"""The one pass over a training set, against a plain loop over the same rows."""

import math
import random
from bisect import bisect_left
from collections import Counter
from datetime import date, timedelta

import numpy as np
import pytest
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Training
from churn_spark.models.bins import NEITHER, TEST, TRAINING, bins_of, counted, plan
from churn_spark.models.preparation import QUANTILES, prepare
from churn_spark.models.split import Split
from churn_spark.models.training_set import training_set

DAYS = tuple(date(2026, 1, 1) + timedelta(days=28 * n) for n in range(4))
SPLIT = Split(DAYS[:2], DAYS[3:], DAYS)
ROLES = dict(zip(DAYS, (TRAINING, TRAINING, NEITHER, TEST), strict=True))
SCHEMA = "customer_id string, as_of_date date, label int, orders bigint, paid double, plan string, age int"
FEATURES = ("orders", "paid", "plan", "age")


def drawn() -> list[tuple]:
    rng = random.Random(5)
    rows = []
    for day in DAYS:
        for n in range(60):
            # 0 is so frequent that many quantiles coincide; paid is null without orders, age for half of the customers.
            orders = max(0, rng.randint(-6, 9))
            paid = rng.uniform(1, 50) if orders else rng.choice([None, float("nan"), float("inf")])
            plan_ = rng.choice(["basic", "plus", "", None]) if day != DAYS[3] else rng.choice(["basic", "new"])
            rows.append((f"c{n}", day, rng.randint(0, 1), orders, paid, plan_, 30 + n % 7 if n % 2 else None))
    return rows


@pytest.fixture(scope="module")
def found(spark):
    rows = drawn()
    frame = spark.createDataFrame(rows, SCHEMA)
    preparation = prepare(frame.where(F.col("as_of_date").isin(*DAYS[:2])), FEATURES)
    prepared = training_set(frame, preparation, SPLIT, Training((), folds=2, seed=1)).persist()
    how = plan(preparation, ["plan", "age"], "orders", len(DAYS))
    counts = counted(prepared, how, DAYS, F.col("as_of_date").isin(*DAYS[:2]), F.col("as_of_date") == F.lit(DAYS[3]))
    parts = {row["customer_id"]: row["part"] for row in prepared.select("customer_id", "part").distinct().collect()}
    prepared.unpersist()
    return rows, preparation, counts, parts


def test_the_edges_are_the_quantiles_and_what_lies_just_below_the_frequent_ones(found):
    rows, preparation, _, _ = found
    values = sorted(row[3] for row in rows if ROLES[row[1]] == TRAINING)
    quantiles = [values[int(len(values) * q + 0.5) - 1] for q in QUANTILES]
    often = {value for value in quantiles if quantiles.count(value) > 1 and value > values[0]}
    edges = preparation.edges["orders"]
    assert tuple(edge for edge in edges if edge == round(edge)) == tuple(sorted(set(quantiles)))
    assert {math.nextafter(edge, math.inf) for edge in edges if edge != round(edge)} == often
    assert preparation.medians["orders"] in edges


def test_a_value_of_few_below_one_of_many_has_a_bin_of_its_own(spark):
    """A flag that is 0 for three in a hundred, a code of 2 between many 1 and many 3."""
    made = [(f"c{n}", DAYS[0], int(n >= 3), 1 if n < 60 else 2 if n < 63 else 3) for n in range(100)]
    frame = spark.createDataFrame(made, "customer_id string, as_of_date date, active int, code int")
    binned = bins_of(prepare(frame, ("active", "code")))
    active, code = (binned[name] for name in ("active", "code"))
    vectors = np.zeros((5, 2))
    vectors[:2, active.slot], vectors[2:, code.slot] = (0, 1), (1, 2, 3)
    assert len(set(active.of(vectors)[:2])) == 2
    assert len(set(code.of(vectors)[2:])) == 3


def test_every_row_counts_in_the_bin_of_its_value_or_of_null(found):
    rows, preparation, counts, parts = found
    expected = Counter()
    for customer, day, label, orders, paid, plan_, age in rows:
        if ROLES[day] == NEITHER:
            continue
        cell = (ROLES[day], parts[customer] % 2, label)
        finite = paid is not None and abs(paid) < float("inf")
        numbers = {"orders": orders, "paid": paid if finite else None, "age": age}
        for name, number in numbers.items():
            edges = preparation.edges[name]
            place = len(edges) + 1 if number is None else bisect_left(edges, number)
            expected[(name, place, *cell)] += 1
        values = preparation.values["plan"]
        expected[("plan", values.index(plan_) if plan_ in values else len(values), *cell)] += 1
    seen = Counter()
    for name, cells in counts.features.items():
        for place in zip(*cells.nonzero(), strict=True):
            seen[(name, *map(int, place))] = int(cells[place])
    assert seen == expected


def test_every_snapshot_counts_by_group_of_customers_purged_ones_too(found):
    rows, _, counts, parts = found
    expected = Counter((DAYS.index(day), parts[customer], label) for customer, day, label, *_ in rows)
    seen = {tuple(map(int, place)): int(counts.dates[place]) for place in zip(*counts.dates.nonzero(), strict=True)}
    assert seen == expected


def test_attributes_count_by_activity_and_by_whether_they_are_known(found):
    rows, preparation, counts, _ = found
    expected = Counter()
    for _, day, label, orders, _, plan_, age in rows:
        if ROLES[day] == TRAINING:
            stratum = bisect_left(preparation.edges["orders"], orders)
            expected["age", stratum, int(age is None), label] += 1
            expected["plan", stratum, int(not plan_), label] += 1
    seen = Counter()
    for name, cells in counts.attributes.items():
        for place in zip(*cells.nonzero(), strict=True):
            seen[(name, *map(int, place))] = int(cells[place])
    assert seen == expected


def test_without_a_feature_of_activity_attributes_are_not_counted(found):
    _, preparation, _, _ = found
    how = plan(preparation, ["plan", "age"], None, len(DAYS))
    assert (how.activity, how.sizes[-2:]) == (None, [0, 0])
