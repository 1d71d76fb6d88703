"""The playbook: what it resolves to, and which mistakes are named."""

import pytest
from pyspark.sql import SparkSession

from churn_spark.definitions.actions import MOST_ACTIONS, Action, Holdout, Interventions
from churn_spark.runtime.sql_expressions import expressions
from churn_spark.settings import errors, load
from tests.settings.conftest import Write

SCORING = "scoring: {value: orders_amount_sum_56d * 6}\n"
ALERTS = "alerts: {high_risk: {tier: high}}\n"
COUPON = "coupon: {channel: email, cost: 5, effect: 0.1}"
PLACE = "conf/shop.yaml:47: interventions"


def playbook(actions: str = COUPON, more: str = "", alerts: str = ALERTS, scoring: str = SCORING) -> tuple[str, str]:
    return SCORING, f"{scoring}{alerts}interventions: {{actions: {{{actions}}}{more}}}\n"


def test_a_playbook_has_defaults_and_its_draws_are_keyed_by_the_name_of_the_project(write: Write) -> None:
    assert load(write()).interventions is None
    assert load(write(playbook())).interventions == Interventions(
        (Action("coupon", "email", 5.0, 0.1),), holdout=Holdout(0.1, 0.05, "shop")
    )


def test_all_that_can_be_said_is_resolved(write: Write) -> None:
    more = ", budget: 500, contacts: {most: 2, days: 14}, control: 0.2, explore: 0, salt: spring, export: out/crm"
    call = "call: {channel: phone, cost: 12.5, effect: 1, capacity: 50, where: tier = 'high'}"
    assert load(write(playbook(f"{COUPON}, {call}", more))).interventions == Interventions(
        (Action("coupon", "email", 5.0, 0.1), Action("call", "phone", 12.5, 1.0, 50, "tier = 'high'")),
        500.0,
        2,
        14,
        Holdout(0.2, 0.0, "spring"),
        "out/crm",
    )


@pytest.mark.parametrize(
    ("actions", "more", "problem"),
    [
        (
            "coupon: {channel: pigeon, cost: 5, effect: 0.1}",
            "",
            ".actions.coupon.channel: 'pigeon' is not one of email, sms, phone, letter, app",
        ),
        ("coupon: {channel: email, cost: -5, effect: 0.1}", "", ".actions.coupon.cost: -5 must be at least 0"),
        ("coupon: {channel: email, cost: 5, effect: 1.5}", "", ".actions.coupon.effect: 1.5 must be at most 1"),
        (
            "coupon: {channel: email, cost: 5, effect: 0.1, capacity: 0}",
            "",
            ".actions.coupon.capacity: 0 must be at least 1",
        ),
        (COUPON, ", budget: 0", ".budget: 0 must be more than 0"),
        (
            COUPON,
            ", budget: 4",
            ".actions.coupon.cost: 5 for one customer is more than the budget of an as-of date, 4; raise the budget, or"
            " remove the action",
        ),
        (
            COUPON,
            ", control: 0.6, explore: 0.4",
            ": control 0.6 and explore 0.4 add up to 1 or more, which leaves nobody to act upon as planned; together"
            " they must be below 1",
        ),
        (COUPON, ", controll: 0.1", ".controll: unknown key. Did you mean control? Known here: budget, contacts,"),
        (
            "coupon: {channel: email, effect: 0.1}",
            "",
            ".actions.coupon: cost is missing (Cost for one customer, in money)",
        ),
    ],
)
def test_what_is_wrong_is_said(write: Write, actions: str, more: str, problem: str) -> None:
    (found,) = errors(write(playbook(actions, more)))
    assert found.startswith(f"{PLACE}{problem}")


def test_actions_are_at_least_one_and_not_too_many(write: Write) -> None:
    (none,) = errors(write(playbook("")))
    assert none.startswith(f"{PLACE}.actions: ")
    actions = ", ".join(COUPON.replace("coupon", f"coupon_{n}") for n in range(MOST_ACTIONS + 1))
    (many,) = errors(write(playbook(actions)))
    assert str(MOST_ACTIONS) in many


def test_without_alerts_there_is_nobody_to_plan_for(write: Write) -> None:
    assert errors(write(playbook(alerts=""))) == [
        "conf/shop.yaml:46: interventions: there are no alerts, so nobody to plan for; say in `alerts` who is to be"
        " noticed"
    ]


def test_without_a_value_no_profit_can_be_planned(write: Write) -> None:
    assert errors(write(playbook(scoring=""))) == [
        "conf/shop.yaml:46: interventions: customers have no value, so no profit can be planned; give one by"
        " scoring.value (SQL over the features) or scoring.expected_value"
    ]


def test_conditions_are_over_scores_features_and_the_audience(write: Write, spark: SparkSession) -> None:
    conditions = {
        "a": "audience = 'premium' AND tier = 'high' AND orders_recency_56d > 3",
        "b": "plan = 'basic'",
        "c": "risk * 2",
        "d": "risk >",
    }
    actions = ", ".join(
        f'{name}: {{channel: sms, cost: 1, effect: 0.1, where: "{sql}"}}' for name, sql in conditions.items()
    )
    problems = errors(write(playbook(actions)), expressions=expressions(spark))
    assert [problem.split(": ")[1] for problem in problems] == [f"interventions.actions.{name}.where" for name in "bcd"]
    assert "gives double; true or false is needed" in problems[1]
