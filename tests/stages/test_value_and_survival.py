"""One training with models of purchasing and of staying beside the risk: its scores, its checks and its report."""

import random
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from pyspark.sql import functions as F

from churn_spark.definitions.columns import Measure
from churn_spark.definitions.leaks import Leaks
from churn_spark.definitions.modelling import Candidate, ExpectedValue, Scoring, Survival
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.models.value.bg_nbd import fit_bg_nbd
from churn_spark.models.value.gamma_gamma import fit_gamma_gamma
from churn_spark.stages.report import report
from churn_spark.stages.score import score
from churn_spark.stages.train import train
from churn_spark.stages.training.prepared import prepared
from churn_spark.stages.training.registry import registry_of
from churn_spark.stages.training.survival import fitted_survival
from churn_spark.tables.contracts.models import MODEL_CHECKS
from churn_spark.tables.contracts.snapshots import RISK_SCORES
from churn_spark.tables.contracts.tiles import tiles
from tests.stages.made_warehouse import (
    CUSTOMERS,
    catalog_of,
    do,
    every_four_weeks,
    fill,
    project_at,
    run_of,
    write_snapshots,
)

DAYS = every_four_weeks(5)
TODAY = DAYS[4]
SOURCE = Source(
    "purchases", "events", "csv", "none", (), "id", Delivered(), measures=(Measure("amount", "paid", 2, unit="EUR"),)
)
RULE = ExpectedValue("purchases", "amount", horizon_days=91, history_days=112)
NEVER = 7
"""Every seventh customer buys nothing."""


def purchases() -> list[dict[str, object]]:
    """Tiles of weekly purchases up to TODAY: some come often, some seldom, some stop."""
    drawn = random.Random(11)
    made = []
    for number in range(CUSTOMERS):
        often, usual, stops = drawn.uniform(0.05, 0.6), drawn.lognormvariate(3, 0.6), drawn.choice([0, 4, 8, 99])
        for week in range(16):
            if number % NEVER and week <= stops + 4 and drawn.random() < often:
                day = TODAY - timedelta(days=7 * (16 - week))
                paid = round(100 * usual * drawn.uniform(0.5, 1.5))
                made.append({
                    "customer_id": f"c{number:04d}", "event_date": day, "known_from": day + timedelta(days=1),
                    "events": 1, "amount_n": 1, "amount_sum": paid,
                    "amount_sumsq_high": 0, "amount_sumsq_low": 0, "amount_missing": 0, "amount_outlier": 0,
                })  # fmt: skip
    return made


@pytest.fixture(scope="module")
def trained(spark, tmp_path_factory):
    root = tmp_path_factory.mktemp("valued")
    project = project_at(root)
    settings = replace(
        project.training,
        candidates=(Candidate("logistic_regression", (("l2", (0.01,)), ("iterations", (8,)))),),
        economics=None,
        bootstrap=0,
        survival=Survival("hazard", (14, 28), 14),
        leaks=Leaks(recomputed_customers=0),  # the features are not made from these tiles
    )
    project = replace(
        project,
        sources=(SOURCE,),
        scoring=Scoring(),
        expected_value=RULE,
        training=settings,
        report_path=str(root / "report.html"),
    )
    catalog = catalog_of(spark, project)
    made = purchases()
    fill(project, catalog, tiles(SOURCE), made[0], *made)
    write_snapshots(project, catalog, DAYS, DAYS[:4])
    for stage in (train, score, report):
        do(stage, project, catalog, TODAY)
    return project, catalog, made


def statistics(made: list[dict[str, object]], as_of: date, days: int = 112) -> dict[str, tuple[float, ...]]:
    """Repeats, last, age and total of each customer in the days before a date, tile by tile."""
    weeks, totals = defaultdict(set), defaultdict(float)
    for tile in made:
        age = (as_of - tile["event_date"]).days
        if 1 <= age <= days and tile["known_from"] <= as_of:
            weeks[tile["customer_id"]].add((age - 1) // 7)
            totals[tile["customer_id"]] += tile["amount_sum"] / 100
    return {c: (len(w) - 1.0, float(max(w) - min(w)), float(max(w)), totals[c]) for c, w in weeks.items()}


def test_customers_are_worth_what_the_kept_model_expects_them_to_spend(trained):
    project, catalog, made = trained
    model = registry_of(project, catalog).load(1).value
    mine = statistics(made, TODAY)
    assert model.customers == len(mine)
    scores = catalog.read(RISK_SCORES, [TODAY]).collect()
    assert len(scores) == CUSTOMERS
    for row in scores:
        columns = [np.array([value]) for value in mine.get(row["customer_id"], ())]
        assert row["value"] == pytest.approx(model.expected(91, *columns)[0] if columns else 0)
        assert row["expected_loss"] == pytest.approx(row["risk"] * row["value"])
    assert sum(row["value"] > 0 for row in scores) == len(mine)


def test_the_value_is_compared_with_what_customers_spent_since_an_earlier_fit(trained):
    _, catalog, made = trained
    (check,) = catalog.read(MODEL_CHECKS, [TODAY]).where("check = 'expected_value'").collect()
    before = statistics(made, TODAY - timedelta(days=28))
    repeats, last, age, total = (np.array(column) for column in zip(*before.values(), strict=True))
    number = fit_bg_nbd(repeats, last, age, np.ones(len(age))).expected_transactions(4, repeats, last, age)
    means = total / (repeats + 1)
    worth = fit_gamma_gamma(repeats + 1, means, np.ones(len(age))).expected_mean(repeats + 1, means)
    spent = sum(each[3] for customer, each in statistics(made, TODAY, days=28).items() if customer in before)
    assert check["value"] == pytest.approx((number * worth).sum() / spent, rel=0.01)


def test_the_parameters_are_among_the_checks_and_in_the_report(trained):
    project, catalog, _ = trained
    (check,) = catalog.read(MODEL_CHECKS, [TODAY]).where("check = 'expected_value'").collect()
    model = registry_of(project, catalog).load(1).value
    assert (check["subject"], check["outcome"]) == ("purchases", "passed")
    assert f"BG/NBD r {model.bg_nbd.r:.4g}, alpha {model.bg_nbd.alpha:.4g}" in check["text"]
    assert f"fitted 28 days before, it expected {check['value']:.2f} times what was spent since" in check["text"]
    with open(project.report_path, encoding="utf-8") as file:
        page = file.read()
    assert check["text"] in page
    assert "A customer is worth the amount of purchases expected in the next 91 days" in page
    assert "EUR in 91 days" in page


def test_a_champion_without_the_configured_value_scores_without_one(trained, caplog):
    project, catalog, _ = trained
    other = replace(project, expected_value=replace(RULE, unit_days=14))
    do(score, other, catalog, TODAY)
    scores = catalog.read(RISK_SCORES, [TODAY])
    assert scores.where("value IS NOT NULL OR expected_loss IS NOT NULL").isEmpty()
    assert "no value at" in caplog.text
    do(score, project, catalog, TODAY)
    assert scores.where("value IS NULL").isEmpty()


def test_survival_falls_with_the_horizon_and_bounds_the_days_expected(trained):
    project, catalog, _ = trained
    model = registry_of(project, catalog).load(1).survival
    assert (model.kind, model.horizons, len(model.effects)) == ("hazard", (14, 28), 2)
    for row in catalog.read(RISK_SCORES, [TODAY]).collect():
        (first, at_first), (second, at_second) = row["survival"]
        assert (first, second) == (14, 28)
        assert 1 > at_first > at_second > 0
        assert row["expected_days"] == pytest.approx(7 * (1 + at_first) + 7 * (at_first + at_second))


def test_survival_is_learnt_from_what_tiles_show_of_each_snapshot(trained):
    """With hardly any penalty and one mark per period, the mean hazards are the shares of those who left."""
    project, catalog, made = trained
    model = registry_of(project, catalog).load(1).survival
    left, there = [0, 0], [0, 0]
    for day, periods in ((DAYS[0], 2), (DAYS[1], 2), (DAYS[2], 2)):
        for number in range(1, CUSTOMERS):  # customer 0 is excluded
            active = {(t["event_date"] - day).days for t in made if t["customer_id"] == f"c{number:04d}"}
            silent = (n for n in range(14 * periods) if not active & set(range(n, n + 28)))
            gone = next(silent, None)
            for period in range(periods if gone is None else gone // 14 + 1):
                there[period] += 1
                left[period] += gone is not None and period == gone // 14
    shares = [mine / all_there for mine, all_there in zip(left, there, strict=True)]
    inputs = catalog.read(RISK_SCORES, [TODAY]).agg(F.avg(F.col("survival")[0]["survival"])).collect()[0][0]
    assert 1 - inputs == pytest.approx(shares[0], abs=0.03)
    assert model.effects[1] < model.effects[0]
    assert shares[1] < shares[0]


def test_the_test_of_survival_is_among_the_checks_and_its_curves_are_in_the_report(trained):
    project, catalog, _ = trained
    (check,) = catalog.read(MODEL_CHECKS, [TODAY]).where("check = 'survival'").collect()
    assert check["outcome"] == "passed"
    assert check["text"].startswith(f"hazard, 28 days: concordance {check['value']:.3f} on {DAYS[2]}, learnt from")
    with open(project.report_path, encoding="utf-8") as file:
        page = file.read()
    assert "Survival by tier over 28 days" in page


@pytest.mark.parametrize(("horizon", "fitted", "text"), [
    (56, True, f"hazard, 56 days: not tested, as no snapshot had been followed for so long before {DAYS[1]}, the test"),
    (112, False, "no survival model: no snapshot could be followed for 112 days, the last horizon"),
])  # fmt: skip
def test_horizons_that_nobody_was_followed_to_are_named(trained, horizon, fitted, text):
    project, catalog, _ = trained
    settings = replace(project.training, survival=Survival("hazard", (horizon,), 14))
    other = replace(project, training=settings)
    data = prepared(run_of(other, "train", TODAY), other, catalog)
    model, (finding,) = fitted_survival(other, catalog, data, TODAY)
    data.rows.unpersist()
    assert (model is not None, finding.outcome, finding.text) == (fitted, "warning", text)
