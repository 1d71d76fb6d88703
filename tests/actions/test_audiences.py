"""Audiences beside an oracle, and the columns that conditions can be over."""

from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from churn_spark.actions.audiences import audience, with_features
from churn_spark.definitions.actions import SCORE_COLUMNS, Audience
from churn_spark.tables.contracts.snapshots import RISK_SCORES
from tests.frames import rows

SCORE = {"customer_id": "a", "as_of_date": "2026-03-01", "risk": 0.5, "tier": "low"}
FEATURE = {"customer_id": "a", "as_of_date": "2026-03-01", "fee": 1.0, "tier": "gold", "days.open": 3}
AUDIENCES = (
    Audience("premium", "fee >= 40 or fee < 0"),
    Audience("risky", "risk > 0.5"),
    Audience("unknown", "fee is null"),
)
NUMBERS = st.sampled_from([None, -1.0, 0.0, 39.9, 40.0, 41.0])
RISKS = st.sampled_from([0.0, 0.5, 0.51, 1.0])


def oracle(fee: float | None, risk: float) -> str:
    if fee is not None and (fee >= 40 or fee < 0):
        return "premium"
    if risk > 0.5:
        return "risky"
    return "unknown" if fee is None else "others"


@given(st.lists(st.tuples(NUMBERS, RISKS), min_size=1, max_size=20))
def test_the_first_condition_that_holds_counts(spark: SparkSession, drawn: list[tuple[float | None, float]]) -> None:
    customers = [{"customer_id": f"c{n}", "risk": risk} for n, (_, risk) in enumerate(drawn)]
    fees = [{"customer_id": f"c{n}", "fee": fee} for n, (fee, _) in enumerate(drawn) if fee is not None]
    features = rows(spark, FEATURE, *fees, {"customer_id": "elsewhere"})
    joined = with_features(rows(spark, SCORE, *customers), features, [each.condition for each in AUDIENCES])
    found = joined.select("customer_id", audience(AUDIENCES)).collect()
    assert sorted(map(tuple, found)) == sorted((f"c{n}", oracle(*each)) for n, each in enumerate(drawn))


def test_without_audiences_everybody_is_others(spark: SparkSession) -> None:
    assert [row[0] for row in rows(spark, SCORE).select(audience(())).collect()] == ["others"]


def test_only_features_that_are_mentioned_are_joined_and_scores_hide_theirs(spark: SparkSession) -> None:
    scores, features = rows(spark, SCORE), rows(spark, FEATURE)
    assert with_features(scores, features, ["tier = 'high'", "risk > 0"]).columns == scores.columns
    both = with_features(scores, features, ["`days.open` > 1 and tier = 'low'"])
    assert both.columns == [*scores.columns, "days.open"]
    assert [row["tier"] for row in both.where("tier = 'low' and `days.open` = 3").collect()] == ["low"]


def test_the_columns_for_conditions_are_those_of_the_contract() -> None:
    types = {field.name: field.dataType.simpleString() for field in RISK_SCORES.schema.fields}
    assert dict(SCORE_COLUMNS).items() <= types.items()
