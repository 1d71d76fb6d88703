from datetime import date

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from churn_spark.report import aggregates
from churn_spark.report.facts import COLUMNS
from churn_spark.tables.contracts.intake import DELIVERIES
from churn_spark.tables.contracts.snapshots import LABELS, RISK_SCORES, SEGMENT_CENTRES, SEGMENTS
from tests.frames import rows
from tests.report.made_facts import made_project

DAY = "2017-12-01"
SCORES = [("a", 0.94, "high", 100.0), ("b", 0.941, "high", 50.0), ("c", 0.2, "low", 10.0), ("d", 1.0, "high", 20.0)]


def scores(spark: SparkSession) -> DataFrame:
    return rows(
        spark,
        RISK_SCORES.schema,
        *(
            {
                "customer_id": customer, "as_of_date": DAY, "risk": risk, "tier": tier, "value": value,
                "expected_loss": risk * value, "risk_rank": rank, "model_version": 3, "replayed": False,
            }
            for rank, (customer, risk, tier, value) in enumerate(SCORES, start=1)
        ),
    )  # fmt: skip


def test_the_riskiest_come_in_the_order_of_their_ranks(spark: SparkSession) -> None:
    found = aggregates.riskiest(scores(spark), 2).toPandas()
    assert list(found.columns) == list(COLUMNS["riskiest"])
    assert list(found["customer_id"]) == ["a", "b"]


def test_the_costliest_come_in_the_order_of_their_expected_loss(spark: SparkSession) -> None:
    without = scores(spark).withColumns(
        {"value": F.lit(None).cast("double"), "expected_loss": F.lit(None).cast("double")}
    )
    found = aggregates.costliest(scores(spark).unionByName(without), 3).toPandas()
    assert list(found.columns) == list(COLUMNS["costliest"])
    assert list(found["customer_id"]) == ["a", "b", "d"]
    assert aggregates.costliest(without, 3).isEmpty()


def test_risks_are_summed_by_tier_and_bucket(spark: SparkSession) -> None:
    found = aggregates.risks(scores(spark)).collect()
    expected: dict[tuple[str, int], tuple[float, ...]] = {}
    for _, risk, tier, value in SCORES:
        at = tier, min(int(risk * 50 + 1e-9), 49)
        customers, risks, loss = expected.get(at, (0, 0.0, 0.0))
        expected[at] = (customers + 1, risks + risk, loss + risk * value)
    told = {(row.tier, row.bucket): (row.customers, row.risk, row.expected_loss) for row in found}
    assert told == {at: pytest.approx(sums) for at, sums in expected.items()}
    assert {(row.model_version, row.replayed) for row in found} == {(3, False)}


def test_segments_count_their_customers_with_scores(spark: SparkSession) -> None:
    base = {"as_of_date": DAY, "segment": 1, "recency_quintile": 5, "frequency_quintile": 2, "monetary_quintile": 1}
    segmented = rows(spark, SEGMENTS.schema, *(base | {"customer_id": name, "rfm": "521"} for name in "abcx"))
    found = aggregates.segments(segmented, scores(spark)).collect()
    loss = 0.94 * 100 + 0.941 * 50 + 0.2 * 10
    assert [tuple(row)[:5] for row in found] == [("1", 5, 2, 3, 2)]
    assert [round(amount, 9) for amount in tuple(found[0])[5:]] == [2.081, 160.0, round(loss, 9)]
    assert found[0].asDict().keys() == set(COLUMNS["segments"])


def test_centres_are_told_in_the_unit_of_the_feature(spark: SparkSession) -> None:
    base = {"as_of_date": DAY, "segment": 0, "centre": 1.5, "mean": 2.0, "std": 0.5}
    kept = rows(spark, SEGMENT_CENTRES.schema, base | {"feature": "count_84d"}, base | {"feature": "other"})
    found = aggregates.centres(kept, ["count_84d"]).collect()
    assert [(row.segment, row.feature) for row in found] == [("0", "count_84d")]
    assert abs(found[0].typical - (2.718281828459045 ** (1.5 * 0.5 + 2.0) - 1)) < 1e-9


def test_snapshots_count_labels_known_by_the_date_and_why_others_have_none(spark: SparkSession) -> None:
    base = {"as_of_date": "2017-10-01", "matured_on": "2017-11-07"}
    labels = rows(
        spark,
        LABELS.schema,
        base | {"customer_id": "a", "label": 1},
        base | {"customer_id": "b", "label": 0},
        base | {"customer_id": "c", "excluded": "no_base"},
        base | {"customer_id": "d", "excluded": "churned_in_gap"},
        base | {"customer_id": "e", "excluded": "churned_in_gap"},
        base | {"as_of_date": "2017-10-29", "matured_on": "2017-12-05", "customer_id": "a", "label": 1},
        base | {"as_of_date": "2017-09-03", "customer_id": "a", "excluded": "no_base"},
    )
    found = [tuple(row) for row in aggregates.snapshots(labels, date(2017, 12, 1)).collect()]
    assert found == [
        (date(2017, 9, 3), 1, 0, 0, "no_base 1"),
        (date(2017, 10, 1), 5, 2, 1, "churned_in_gap 2, no_base 1"),
    ]


def test_deliveries_are_reconciled_by_source(spark: SparkSession) -> None:
    base = {
        "source": "purchases", "fingerprint": "f", "bytes": 10, "read": 100, "kept": 90, "quarantined": 8,
        "duplicate": 2, "accepted_incomplete": False, "ignored_columns": [], "history": True,
    }  # fmt: skip
    taken = rows(
        spark,
        DELIVERIES.schema,
        # In the loaded history: never late, however long ago.
        base | {"delivery": "1.csv", "nominal_date": "2017-10-31", "taken_on": "2017-11-10",
                "ignored_columns": ["b", "a"]},
        base | {"delivery": "2.csv", "nominal_date": "2017-11-20", "taken_on": "2017-11-21"},
        base | {"delivery": "3.csv", "nominal_date": "2017-11-21", "taken_on": "2017-11-23",
                "quarantined": 20, "kept": 78},
        base | {"delivery": "4.csv", "nominal_date": "2017-12-01", "taken_on": "2017-12-02"},
        base | {"source": "coupons", "delivery": "1.csv", "nominal_date": "2017-11-01", "taken_on": "2017-11-02",
                "read": 0, "kept": 0, "quarantined": 0, "duplicate": 0, "accepted_incomplete": True},
    )  # fmt: skip
    found = aggregates.deliveries(taken, made_project().sources, date(2017, 12, 1)).toPandas().set_index("source")
    purchases, coupons = found.loc["purchases"], found.loc["coupons"]
    assert list(purchases[["deliveries", "read", "kept", "quarantined", "duplicate", "late", "incomplete"]]) == [
        3, 300, 258, 36, 6, 1, 0,
    ]  # fmt: skip
    assert (purchases["first"], purchases["last"]) == (date(2017, 10, 31), date(2017, 11, 21))
    assert set(purchases["nominal_dates"]) == {date(2017, 10, 31), date(2017, 11, 20), date(2017, 11, 21)}
    assert list(purchases[["worst", "worst_refused", "worst_read"]]) == ["3.csv", 20, 100]
    assert list(purchases["ignored_columns"]) == ["a", "b"]
    assert coupons["incomplete"] == 1
    assert list(coupons["nominal_dates"]) == []


def test_reasons_are_summed_over_deliveries(spark: SparkSession) -> None:
    base = {"source": "purchases", "taken_on": "2017-11-01"}
    taken = rows(
        spark,
        DELIVERIES.schema,
        base | {"delivery": "1", "reasons": [("no_customer", 3), ("duplicate", 1)]},
        base | {"delivery": "2", "reasons": [("no_customer", 4)]},
        base | {"delivery": "3", "taken_on": "2017-12-24", "reasons": [("no_customer", 4)]},
    )
    found = {tuple(row) for row in aggregates.reasons(taken, date(2017, 12, 1)).collect()}
    assert found == {("purchases", "no_customer", 7), ("purchases", "duplicate", 1)}


def test_what_was_cleaned_is_summed_by_measure(spark: SparkSession) -> None:
    base = {"events": 5, "amount_missing": 2, "amount_outlier": 1}
    tiles = rows(spark, base, base, base | {"events": 3, "amount_missing": 0})
    found = aggregates.cleaned(tiles, made_project().source("purchases")).collect()
    assert [row.asDict() for row in found] == [
        {"source": "purchases", "column": "amount", "events": 8, "missing": 2, "outlier": 2}
    ]


def test_the_history_of_a_source_begins_with_its_first_known_event(spark: SparkSession) -> None:
    base = {"source": "purchases", "first_seen": "2017-01-02", "known_from": "2017-01-03"}
    seen = rows(spark, base, base, base | {"first_seen": "2016-01-02", "known_from": "2017-12-02"})
    assert [tuple(row) for row in aggregates.history(seen, date(2017, 12, 1)).collect()] == [
        ("purchases", date(2017, 1, 2))
    ]
