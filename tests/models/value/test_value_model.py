"""From tiles to what customers are expected to spend: the statistics, the fit, and what stands in for it."""

import json
import random
from collections import defaultdict
from dataclasses import asdict
from datetime import date, timedelta

import numpy as np
import pytest

from churn_spark.definitions.modelling import ExpectedValue
from churn_spark.features.transactions import transactions
from churn_spark.models.value.bg_nbd import BgNbd
from churn_spark.models.value.gamma_gamma import GammaGamma
from churn_spark.models.value.value_model import ValueModel, fit_value, value_model
from tests.frames import no_rows, rows

TODAY = date(2026, 6, 1)
RULE = ExpectedValue("orders", "amount", horizon_days=91, history_days=70, unit_days=7)
TILE = {"customer_id": "a", "event_date": "2026-05-01", "known_from": "2026-05-02", "amount_n": 1, "amount_sum": 100}
COUNTED = {"repeats": 0.0, "last": 0.0, "age": 0.0, "total": 10.0}
MODEL = ValueModel("orders", "amount", 7, 70, 9, 0.1, 20.0, BgNbd(0.3, 6.0, 0.7, 2.0), GammaGamma(6.0, 4.0, 15.0))


def made_tiles() -> list[dict[str, object]]:
    drawn = random.Random(2)
    made = []
    for _ in range(160):
        day = TODAY - timedelta(days=drawn.randrange(-3, 85))
        known = day + timedelta(days=drawn.choice([1, 1, 4]))
        count = drawn.choice([0, 1, 2])
        made.append({
            "customer_id": drawn.choice("abcdefgh"), "event_date": day, "known_from": known,
            "amount_n": count, "amount_sum": count * drawn.randrange(-200, 5000),
        })  # fmt: skip
    return made


def counted(tiles: list[dict[str, object]], as_of: date) -> dict[str, tuple[float, float, float, float]]:
    """The statistics of each customer, tile by tile."""
    units, totals = defaultdict(set), defaultdict(int)
    for tile in tiles:
        age = (as_of - tile["event_date"]).days
        if tile["amount_n"] and tile["known_from"] <= as_of and 1 <= age <= RULE.history_days:
            units[tile["customer_id"]].add((age - 1) // RULE.unit_days)
            totals[tile["customer_id"]] += tile["amount_sum"]
    return {c: (len(u) - 1, max(u) - min(u), max(u), totals[c] / 100) for c, u in units.items()}


def test_transactions_are_counted_as_tile_by_tile(spark):
    made, dates = made_tiles(), [TODAY, TODAY - timedelta(days=20)]
    found = transactions(rows(spark, TILE, *made), RULE, 2, dates).collect()
    assert {(row[0], row[1]): tuple(row[2:]) for row in found} == {
        (customer, day): pytest.approx(each) for day in dates for customer, each in counted(made, day).items()
    }


def test_both_parts_are_fitted_to_what_customers_did(spark):
    drawn = random.Random(4)
    made = []
    for _ in range(150):
        age = drawn.randrange(2, 10)
        repeats = min(age, drawn.choice([0, 0, 0, 1, 1, 2, 4]))
        last = 0 if not repeats else drawn.randrange(repeats, age + 1)
        total = (repeats + 1) * drawn.lognormvariate(3, 0.6)
        made.append({"repeats": float(repeats), "last": float(last), "age": float(age), "total": total})
    model, finding = fit_value(rows(spark, COUNTED, *made), RULE)
    assert (model.customers, finding.outcome, finding.check) == (150, "passed", "expected_value")
    assert f"amount of orders, 150 customers: BG/NBD r {model.bg_nbd.r:.4g}, alpha" in finding.text
    assert f"gamma-gamma p {model.gamma_gamma.p:.4g}, q" in finding.text
    assert model.mean == pytest.approx(sum(m["total"] for m in made) / sum(m["repeats"] + 1 for m in made))
    assert value_model(json.loads(json.dumps(asdict(model)))) == model


def test_what_cannot_be_fitted_is_named_and_replaced_by_the_mean(spark):
    once = [{"age": float(n % 5), "total": 30.0} for n in range(20)]
    model, finding = fit_value(rows(spark, COUNTED, *once), RULE)
    assert (model.bg_nbd, model.gamma_gamma, finding.outcome) == (None, None, "warning")
    assert finding.text == (
        "amount of orders, 20 customers: BG/NBD cannot be fitted, as no customer has a second transaction: 0.1"
        " transactions in 7 days are expected of everybody, the mean; gamma-gamma cannot be fitted, as customers do not"
        " differ in the value of their transactions: every transaction counts as 30, the mean"
    )
    columns = (np.array([0.0, 3.0]), np.array([0.0, 4.0]), np.array([4.0, 8.0]), np.array([30.0, 900.0]))
    assert model.expected(91, *columns) == pytest.approx([0.1 * 13 * 30] * 2)


def test_without_transactions_there_is_no_model(spark):
    model, finding = fit_value(no_rows(spark, COUNTED), RULE)
    assert model is None
    assert (finding.outcome, finding.text) == (
        "warning", "orders has no transaction in the 70 days before: value is null",
    )  # fmt: skip


def test_the_value_is_the_number_of_transactions_times_their_mean_value():
    columns = (np.array([2.0]), np.array([4.0]), np.array([8.0]), np.array([90.0]))
    number = MODEL.bg_nbd.expected_transactions(13, *columns[:3])
    assert MODEL.expected(91, *columns) == pytest.approx(number * MODEL.gamma_gamma.expected_mean(3, 30.0))


@pytest.mark.parametrize(("other", "fits"), [
    ({}, True), ({"horizon_days": 28}, True), ({"unit_days": 14}, False), ({"measure": "fee"}, False),
])  # fmt: skip
def test_a_model_fits_the_transactions_it_was_fitted_to_whatever_the_horizon(other, fits):
    rule = {"source": "orders", "measure": "amount", "history_days": 70, "unit_days": 7, **other}
    assert MODEL.fits(ExpectedValue(**rule)) is fits
