"""Rows of alerts and interventions, and messages made from them."""

from datetime import date

from churn_spark.definitions.dispatch import DECIDED_COLUMNS, Route
from churn_spark.outbox.message import Message
from churn_spark.outbox.texts import single

DAY = date(2026, 6, 1)
DIGEST = Route("team", "CHURN_SPARK_TEST_URL", "alerts", "digest")
SINGLE = Route("crm", "CHURN_SPARK_TEST_URL", "alerts", "single")
ACTIONS = Route("crm", "CHURN_SPARK_TEST_URL", "interventions", "single")
ALERT = {
    "customer_id": "c1",
    "as_of_date": DAY,
    "kind": "high_risk",
    "audience": "others",
    "tier": "high",
    "risk": 0.834,
    "risk_rank": 1,
    "threshold": 0.7,
    "observed": 0.834,
    "value": 120.0,
    "expected_loss": 100.08,
    "reasons": ["no call for 30 days", "fee rose"],
    "title": "c1 is likely to leave",
    "text": "Risk 83 %.",
    "model_version": 3,
}
INTERVENTION = {
    "customer_id": "c1",
    "as_of_date": DAY,
    "audience": "others",
    "tier": "high",
    "risk": 0.834,
    "value": 120.0,
    "main_reason": "no call for 30 days",
    "action": "discount",
    "channel": "sms",
    "cost": 5.0,
    "effect": 0.2,
    "expected_profit": 15.0,
}


def alert(**values: object) -> dict[str, object]:
    return {name: (ALERT | values).get(name) for name, _ in DECIDED_COLUMNS["alerts"]}


def intervention(**values: object) -> dict[str, object]:
    return {name: (INTERVENTION | values).get(name) for name, _ in DECIDED_COLUMNS["interventions"]}


def single_messages(count: int, route: Route = SINGLE) -> list[Message]:
    return [single("shop", route, DAY, alert(customer_id=f"c{number:04d}")) for number in range(count)]
