"""The loop benchmark's plans, trials and weeks, each against a plain count, and its page against the figures kept."""

import itertools
import json
import math
from datetime import timedelta

import numpy as np
import pytest

from benchmarks import loop
from benchmarks.loop_actions import PLANS, oracle, ours, profit
from benchmarks.loop_company import AFTER, CONF
from benchmarks.loop_coverage import AGAIN, TRIALS, again, arm_of, covered, true_effect, true_value
from benchmarks.loop_weeks import OVER, auc_back, level_back
from benchmarks.loop_world import HORIZON, World, calibrated, leaving, world
from churn_spark.actions.terms import room, terms, used
from churn_spark.definitions.actions import Action, Interventions
from churn_spark.settings import load
from churn_spark.simulate import causes

PLAYBOOK = Interventions(
    actions=(
        Action("coupon", "email", 5.0, 0.1),
        Action("personal_service", "phone", 15.0, 0.25, capacity=1),
        Action("follow_up_call", "sms", 2.0, 0.05),
    ),
    budget=24.0,
)


def made_up(customers: int, seed: int = 3) -> World:
    """Customers of whom some are kept and some driven away by each action."""
    rng = np.random.default_rng(seed)
    untreated = rng.beta(1, 6, customers)
    factors = rng.uniform(0.5, 1.2, (customers, 3))
    value = rng.choice([0.0, 180.0, 300.0, 480.0], customers)
    return World(value, np.column_stack([untreated[:, None] * factors, untreated]), np.clip(untreated * 1.1, 0, 0.9))


def best_by_trying(gains: np.ndarray) -> float:
    """The highest profit of all plans within the playbook's limits."""
    costs, best = [action.cost for action in PLAYBOOK.actions], 0.0
    for plan in itertools.product((-1, 0, 1, 2), repeat=len(gains)):
        spent = sum(costs[action] for action in plan if action >= 0)
        if spent <= 24 and plan.count(1) <= 1:
            best = max(best, sum(gains[row, action] for row, action in enumerate(plan) if action >= 0))
    return best


@pytest.mark.parametrize("seed", range(4))
def test_ours_is_best_by_what_it_believes_and_the_oracle_by_what_is_true(seed):
    those, given = made_up(7, seed), terms(PLAYBOOK)
    believed = given.profits(those.value * those.risk, np.zeros(7, dtype=np.int64))
    chosen = ours(those, PLAYBOOK, np.random.default_rng(1))
    gained = sum(believed[row, action] for row, action in enumerate(chosen) if action >= 0)
    assert gained == pytest.approx(best_by_trying(believed))
    true = profit(those, oracle(those, PLAYBOOK, np.random.default_rng(1)), given)
    kept = those.untreated[:, None] - those.left[:, :3]
    assert true == pytest.approx(best_by_trying(those.value[:, None] * kept - [5.0, 15.0, 2.0]))


def test_every_plan_keeps_to_the_limits_and_none_beats_the_oracle():
    those, given = made_up(300), terms(PLAYBOOK)
    gained = {}
    for name, plan in PLANS.items():
        chosen = plan(those, PLAYBOOK, np.random.default_rng(2))
        assert room(PLAYBOOK).fits(used(chosen, 3)), name
        gained[name] = profit(those, chosen, given)
    assert gained["oracle"] == max(gained.values())
    assert gained["at random"] < gained["ours"] < gained["oracle"]


def test_the_probability_to_leave_is_that_of_day_after_day():
    log_hazard, care = math.log(0.004), -0.9
    stays = 1.0
    for day in range(HORIZON):
        stays *= 1 - min(causes.MOST_HAZARD, math.exp(log_hazard + care * 0.5 ** (day / causes.CARE_HALF_LIFE)))
    found = leaving(np.array([log_hazard, 5.0]), np.array([care, 0.0]))
    assert found == pytest.approx([1 - stays, 1 - (1 - causes.MOST_HAZARD) ** HORIZON])


def test_calibrated_risks_add_up_to_those_who_leave_and_keep_the_order_of_scores():
    rng = np.random.default_rng(1)
    left = rng.beta(1, 20, 5000)
    score = np.log(left) + rng.standard_normal(5000)
    risk = calibrated(score, left)
    assert (np.diff(risk[np.argsort(score)]) >= 0).all()
    for rows in np.array_split(np.argsort(score), 5):
        assert risk[rows].mean() == pytest.approx(left[rows].mean(), rel=0.1)


def test_customers_of_the_simulated_company_answer_as_its_causes_say():
    those = world(1024, 1, PLAYBOOK)
    assert ((those.left >= 0) & (those.left <= 1)).all()
    kept = those.kept
    assert (
        kept[:, 1].sum() > kept[:, 2].sum() > 0
    )  # service by phone is the strongest, a call by text message the weakest
    assert (kept < 0).any(axis=0).all()  # sleeping dogs
    assert those.risk.sum() == pytest.approx(those.untreated.sum(), rel=0.05)


def test_the_sums_of_an_arm_are_those_of_its_customers():
    rows, left, value = [3, 1, 6, 2], [1, 0, 0, 1], [10.0, 5.0, 0.0, 7.0]
    arm = arm_of(np.array(rows, float), np.array(left, float), np.array(value))
    kept = [v * (n - y) for n, y, v in zip(rows, left, value, strict=True)]
    assert (arm.customers, arm.rows, arm.left) == (4, 12, 2)
    assert (arm.nn, arm.ny, arm.yy) == (50, 5, 2)
    assert (arm.value, arm.nv, arm.vv) == (
        sum(kept),
        sum(n * k for n, k in zip(rows, kept, strict=True)),
        sum(k * k for k in kept),
    )


def test_the_truth_of_repeated_treatment_is_what_many_trials_come_to():
    those = World(np.array([100.0, 300.0]), np.array([[0.1, 0.2], [0.3, 0.5]]), np.array([0.2, 0.5]))
    rng = np.random.default_rng(4)
    who = np.repeat([0, 1], 200_000)
    shares, means = [], []
    for done in (-1, 0):
        rows, left = again(those.left[who, done], rng)
        assert rows.max() == AGAIN
        shares.append(left.sum() / rows.sum())
        means.append((those.value[who] * (rows - left)).sum() / rows.sum())
    assert true_effect(those, 0, TRIALS["again until it leaves"]) == pytest.approx(shares[0] - shares[1], abs=2e-3)
    assert true_value(those, 0, TRIALS["again until it leaves"]) == pytest.approx(means[1] - means[0], abs=1)


def test_intervals_hold_with_clusters_and_would_not_if_rows_were_independent():
    those = made_up(2000)
    for name, trial in TRIALS.items():
        found = covered(those, 1, trial, 1000, seed=1)
        assert found["holds"], name
        assert (found["rowwise"] < 0.8) == (name == "overlapping")


def weeks(figures: list[tuple[float, int, float]]) -> list[dict[str, object]]:
    """ROC AUC, customers who left, those expected; the first one is of a week before the change."""
    days = [AFTER + timedelta(days=7 * (n - 1)) for n in range(len(figures))]
    return [
        {"day": str(day), "roc_auc": [auc, None, None], "left": left, "expected": expected}
        for day, (auc, left, expected) in zip(days, figures, strict=True)
    ]


def test_what_came_back_is_counted_in_weeks_from_the_change():
    reference = weeks([(0.7, 10, 10.0)] * 9)
    fallen = [(0.7, 10, 10.0), *[(0.6, 20, 10.0)] * 3, *[(0.7, 10, 10.0)] * 5]
    assert OVER == 4
    assert auc_back(weeks(fallen), reference) == 3  # before that at least one week of 0.6 is among them
    assert level_back(weeks(fallen)) == 2  # 20 + 3 x 10 left where 40 were expected
    assert auc_back(reference, reference) == level_back(reference) == 0
    never = weeks([(0.6, 20, 10.0)] * 9)
    assert (auc_back(never, reference), level_back(never)) == (None, None)


def test_the_configuration_is_one(monkeypatch, tmp_path):
    monkeypatch.setenv("LOOP", str(tmp_path))
    project = load(CONF)
    assert project.periods.performance == 14
    assert (AFTER - project.snapshots.first).days % project.snapshots.every == 0


def test_the_page_kept_with_the_code_is_of_the_figures_kept_with_it():
    kept = json.loads(loop.KEPT.read_text())
    assert kept.keys() == {"retraining", "actions", "coverage"}
    assert (loop.HERE / "loop.md").read_text() == loop.written(kept)
