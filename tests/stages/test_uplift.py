"""The uplift of actions in a made warehouse: customers whose effect is known are found again, by a real T-learner."""

import json
import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from pyspark.sql import functions as F

from churn_spark.actions.comparable import RISK, WEIGHT, Sides
from churn_spark.definitions.actions import Action, Holdout, Interventions
from churn_spark.definitions.feedback import Feedback
from churn_spark.definitions.modelling import Training
from churn_spark.models.uplift.learning import learn
from churn_spark.models.uplift.t_learner import BAND, read
from churn_spark.stages.build_features import BUILD_FEATURES
from churn_spark.stages.individual_effects import individual_effects
from churn_spark.stages.intervene import INTERVENE, intervene
from churn_spark.stages.uplift import UPLIFT_STAGE, uplift
from churn_spark.tables.contracts.actions import ALERTS, INTERVENTIONS
from churn_spark.tables.contracts.outcomes import OUTCOMES
from churn_spark.tables.contracts.snapshots import RISK_SCORES, features
from churn_spark.tables.contracts.uplift import UPLIFT
from tests.stages.made_warehouse import catalog_of, do, fill, project_at, run_of
from tests.stages.test_intervene import ALERT, SCORE

S = date(2026, 3, 10)
MATURED = S + timedelta(days=28)
CUSTOMERS = 1600
PLAYBOOK = Interventions(
    (Action("coupon", "email", 5.0, 0.1), Action("call", "phone", 9.0, 0.2), Action("letter", "letter", 1.0, 0.1))
)


def keeps(recency: int) -> float:
    """The coupon keeps those who were here lately, and drives the others away."""
    return 0.3 if recency <= 28 else -0.1


@pytest.fixture(scope="module")
def made(spark, tmp_path_factory):
    """Half of those for whom something was planned are withheld; calls are few, and nobody with a letter left."""
    project = project_at(
        tmp_path_factory.mktemp("uplift"), interventions=PLAYBOOK, feedback=Feedback(least_uplift=60, learn=True)
    )
    catalog, dice = catalog_of(spark, project), random.Random(11)
    snapshots, outcomes = [], []
    for number in range(CUSTOMERS):
        name, recency, plan = f"c{number:04d}", dice.randint(1, 56), dice.choice(["basic", "plus", None])
        action = "letter" if number % 4 == 3 else "call" if number % 64 == 0 else "coupon"
        withheld, risk = dice.random() < 0.5, 0.45 + 0.1 * dice.random()
        left = dice.random() < risk - (0 if withheld else keeps(recency)) and action != "letter"
        snapshots.append((name, S, recency, dice.randint(0, 9), 1.0, None, plan, None))
        outcomes.append(outcome(name, S, action, withheld, risk, left, MATURED))
    outcomes.append(outcome("late", S, "coupon", False, 0.5, True, MATURED + timedelta(days=1)))
    table = features(project.features)
    run = run_of(project, "build_features", S)
    with catalog.transaction(run, {table: [S]}, definitions=BUILD_FEATURES.definitions(project)) as tx:
        tx.replace(table, spark.createDataFrame(snapshots, table.schema), [S])
    catalog.end(run)
    write(project, catalog, outcomes)
    do(uplift, project, catalog, MATURED)
    return project, catalog


def outcome(name, day, action, withheld, risk, left, matured):
    nothing = dict.fromkeys(OUTCOMES.names)
    row = nothing | {"customer_id": name, "as_of_date": day, "audience": "others", "risk": risk, "cost": 0.0}
    row |= {"planned_action": action, "action": None if withheld else action, "propensity": 0.5}
    row |= {"arm": "control" if withheld else "treated", "retained": int(not left), "matured_on": matured}
    return row | {"answers": 0, "contradicting": 0}


def write(project, catalog, rows):
    run = run_of(project, "feedback", MATURED)
    with catalog.transaction(run, {OUTCOMES: [S]}) as tx:
        tx.replace(OUTCOMES, catalog.spark.createDataFrame(rows, OUTCOMES.schema), [S])
    catalog.end(run)


def found(catalog, day=MATURED):
    catalog.refresh()
    return {row["action"]: row.asDict(recursive=True) for row in catalog.read(UPLIFT, [day]).collect()}


def test_the_ranking_recovers_whom_the_action_keeps(made):
    project, catalog = made
    coupon = found(catalog)["coupon"]
    assert coupon["verdict"] == "better than chance"
    assert coupon["treated"] + coupon["control"] == CUSTOMERS * 3 // 4 - CUSTOMERS // 64
    assert coupon["qini_low"] > 0
    assert coupon["gain_low"] > 0
    times = [band["times"] for band in coupon["bands"]]
    assert times == sorted(times, reverse=True)
    assert sum(band["customers"] for band in coupon["bands"]) == coupon["treated"] + coupon["control"]
    snapshots = catalog.read(features(project.features), [S]).withColumn(RISK, F.lit(0.0))
    model = read(coupon["model"], snapshots)
    by_band = {0: [], 1: [], 2: [], 3: []}
    for row in model.band(snapshots).collect():
        by_band[row[BAND]].append(keeps(row["purchases_recency"]))
    means = [sum(of) / len(of) for of in by_band.values()]
    assert means[0] > 0.2
    assert means[3] < 0
    assert means == sorted(means, reverse=True)


def test_what_cannot_be_learnt_is_said_without_a_model(made):
    _, catalog = made
    rows = found(catalog)
    assert set(rows) == {"coupon", "call", "letter"}
    for action in ("call", "letter"):
        assert (rows[action]["verdict"], rows[action]["model"], rows[action]["qini"]) == ("too few to say", None, None)
    assert "0 left" in rows["letter"]["finding"]


def test_what_matured_later_changes_nothing_and_the_same_is_learnt_again(made):
    project, catalog = made
    before = found(catalog)
    later = [row.asDict() for row in catalog.read(OUTCOMES, [S]).collect()]
    for row in later:
        row["customer_id"] = f"later {row['customer_id']}"
        row["matured_on"] = MATURED + timedelta(days=1)
    kept = [row.asDict() for row in catalog.read(OUTCOMES, [S]).where("customer_id != 'late'").collect()]
    write(project, catalog, [*kept, *later])
    do(uplift, project, catalog, MATURED)
    again = found(catalog)
    assert again["coupon"].pop("model") is not None
    model = json.loads(before["coupon"].pop("model"))
    assert set(model) == {"features", "preparation", "learner", "edges"}
    assert again == before


@pytest.fixture(scope="module")
def planned(made):
    """Everybody has the same alert a day after the models were learnt; a coupon, a call and a letter pay for all."""
    project, catalog = made
    catalog.refresh()
    day = MATURED + timedelta(days=1)
    project = replace(
        project,
        interventions=replace(PLAYBOOK, holdout=Holdout(control=0, explore=0)),
        feedback=replace(project.feedback, learn=True, individual=True),
    )
    table = features(project.features)
    snapshot = catalog.read(table, [S]).where("customer_id < 'c0120'").withColumn("as_of_date", F.lit(day))
    snapshot = catalog.spark.createDataFrame(snapshot.select(*table.names).collect(), table.schema)
    run = run_of(project, "build_features", day)
    with catalog.transaction(run, {table: [day]}, definitions=BUILD_FEATURES.definitions(project)) as tx:
        tx.replace(table, snapshot, [day])
    catalog.end(run)
    known = {row["customer_id"]: keeps(row["purchases_recency"]) > 0 for row in snapshot.collect()}
    keys = [{"customer_id": name, "as_of_date": day.isoformat()} for name in known]
    fill(project, catalog, RISK_SCORES, SCORE | {"value": 400.0}, *keys)
    fill(project, catalog, ALERTS, ALERT, *keys)
    return project, catalog, day, known


def test_a_plan_gives_the_action_to_those_whom_it_keeps(planned):
    project, catalog, day, known = planned
    do(intervene, project, catalog, day)
    catalog.refresh()
    rows = {row["customer_id"]: row for row in catalog.read(INTERVENTIONS, [day]).collect()}
    assert set(rows) == set(known)
    coupons = [name for name, row in rows.items() if row["planned_action"] == "coupon"]
    assert len(coupons) > 20
    assert sum(known[name] for name in coupons) / len(coupons) > sum(known.values()) / len(known) + 0.2
    costs = {action.name: action.cost for action in PLAYBOOK.actions}
    for row in rows.values():
        profit = row["value"] * row["risk"] * row["effect"] - costs[row["planned_action"]]
        assert row["expected_profit"] == pytest.approx(profit)
        assert row["planned_action"] == "coupon" or row["effect"] == {"call": 0.2, "letter": 0.1}[row["planned_action"]]
    expected = [pytest.approx(0.1 * band["times"]) for band in found(catalog)["coupon"]["bands"]]
    assert all(rows[name]["effect"] in expected for name in coupons)
    reads = INTERVENE.reads(project, catalog.ledger, INTERVENTIONS.name, day)
    assert UPLIFT.name in reads


def individual(planned, **changes):
    project, catalog, day, _ = planned
    project = replace(project, **changes)
    snapshot = catalog.read(features(project.features), [day])
    customers = snapshot.select("customer_id", "as_of_date", F.lit(0.5).alias("risk"))
    return individual_effects(customers, snapshot, project, PLAYBOOK, catalog, day)


def test_a_plan_is_as_before_where_it_is_not_asked_for_or_features_mean_something_else(planned, monkeypatch, caplog):
    project, catalog, day, _ = planned
    plain = replace(project.feedback, individual=False)
    assert individual(planned, feedback=plain)[1] is None
    kinds = individual(planned)[1]
    assert len(kinds) == 5
    assert kinds[-1] == [0.1, 0.2, 0.1]
    assert all(0 <= effect <= 1 for of in kinds for effect in of)
    assert UPLIFT.name not in INTERVENE.reads(replace(project, feedback=plain), catalog.ledger, "interventions", day)
    hashes = dict(project.features.hashes) | {"plan": "another"}
    monkeypatch.setattr("churn_spark.stages.individual_effects._stored", lambda *_: hashes)
    assert individual(planned)[1] is None
    assert f"no uplift of coupon at {day}: plan means something else than it learnt" in caplog.text
    assert individual((project, catalog, MATURED, None))[1] is None
    assert "no uplift was learnt from 2025-04-08 to 2026-04-06: churn-spark uplift --conf" in caplog.text


def test_of_customers_of_whom_nothing_varies_nothing_is_learnt(spark):
    columns = "customer_id string, as_of_date date, `(treated)` boolean, `(left)` double, `(risk)` double, one double"
    made = spark.createDataFrame([(f"c{n}", S, n % 2 == 0, float(n % 3 == 0), 0.0, 1.0) for n in range(12)], columns)
    learnt = learn(made.withColumn(WEIGHT, F.lit(2.0)), {"one": "1"}, Sides(), 0.1, Training(candidates=()))
    assert learnt.verdict == "no better than chance"
    assert "nothing that is known of these customers varies" in learnt.finding


def test_it_is_learnt_where_there_are_interventions_alone(made, tmp_path):
    project, _ = made
    assert UPLIFT_STAGE.needed(project)
    assert not UPLIFT_STAGE.needed(project_at(tmp_path))
