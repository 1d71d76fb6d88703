from dataclasses import replace

import pytest

from churn_spark.definitions.features import AttributeFeature, DerivedFeature, Feature, FeatureSet
from churn_spark.definitions.ops import OPS
from churn_spark.definitions.phrases import Phrase, phrases
from churn_spark.settings import load

FEATURES = FeatureSet(
    windowed=(
        Feature("purchases_amount_sum_28d", "purchases", "sum", "amount", 28),
        Feature("purchases_amount_sum_84d", "purchases", "sum", "amount", 84),
        Feature("purchases_recency", "purchases", "recency", window=168),
        Feature("purchases_ewm_h7", "purchases", "ewm", window=84, half_life=7.0),
        Feature("lag_2", "purchases", "weekly_lag", window=84, lag=2),
        Feature("drug", "purchases", "share", "department", 56, "DRUG GM"),
        Feature("drug_money", "purchases", "share", "department", 56, "DRUG GM", "amount"),
        Feature("first", "purchases", "tenure"),
    ),
    derived=(DerivedFeature("days_7d_to_28d", "a / b"), DerivedFeature("days_14d_to_56d", "a / b")),
    attributes=(
        AttributeFeature("age", "age", "string"),
        AttributeFeature("is_member", "is_member", "boolean"),
        AttributeFeature("signed_on", "signed_on", "date"),
    ),
)


@pytest.fixture(scope="module")
def said():
    return phrases(replace(load("conf/complete_journey.yaml"), features=FEATURES))


def test_a_feature_is_said_with_its_window(said):
    assert {name: phrase.text for name, phrase in said.items()} == {
        "purchases_amount_sum_28d": "amount of purchases in 28 days",
        "purchases_amount_sum_84d": "amount of purchases in 84 days",
        "purchases_recency": "days without purchases in 168 days",
        "purchases_ewm_h7": "recent purchases, older ones counting less in 84 days, half-life 7 days",
        "lag_2": "purchases of one week (2 back)",
        "drug": "share of purchases with department DRUG GM in 56 days",
        "drug_money": "share of amount of purchases with department DRUG GM in 56 days",
        "first": "days since the first purchases",
        "days_7d_to_28d": "days 7d to 28d",
        "days_14d_to_56d": "days 14d to 56d",
        "age": "age",
        "is_member": "is member",
        "signed_on": "days since signed on",
    }


def test_windows_weeks_and_half_lives_are_one_concept_and_other_columns_another(said):
    concepts = [phrase.concept for phrase in said.values()]
    assert len(set(concepts)) == len(concepts) - 2
    assert said["purchases_amount_sum_28d"].concept == said["purchases_amount_sum_84d"].concept
    assert said["days_7d_to_28d"].concept == said["days_14d_to_56d"].concept == "days to"


@pytest.mark.parametrize(
    ("phrase", "value", "typical", "sentence"),
    [
        (Phrase("", "spending", unit="USD"), 12.0, 55.04, "spending: 12 USD against 55 typical"),
        (Phrase("", "spending", unit="USD"), None, 1204.5, "spending: unknown against 1,204 typical"),
        (Phrase("", "trend"), -0.01234, None, "trend: -0.0123"),
        (Phrase("", "member", "yes or no"), 1.0, 0.0, "member: yes against no typical"),
        (Phrase("", "drugs", "share"), 0.1234, 0.0, "drugs: 12.3 % against 0 % typical"),
        (Phrase("", "plan", "text"), None, "basic", "plan: unknown against basic typical"),
    ],
)
def test_a_value_is_said_beside_the_typical_one(phrase, value, typical, sentence):
    assert phrase.sentence(value, typical) == sentence


def test_every_operation_can_be_said(said):
    for op in OPS.values():
        assert "{" not in op.says.format(rows="calls", of="minutes", value="x", shared="calls")
        assert "{rows}" in op.says or "{shared}" in op.says
