from dataclasses import replace
from datetime import date

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from churn_spark.actions.holdout import in_control
from churn_spark.definitions.actions import Action, Holdout, Interventions
from churn_spark.definitions.periods import Days
from churn_spark.report.all_sections import queries
from churn_spark.report.facts import Facts
from churn_spark.report.query import Available, Query
from churn_spark.report.sections.assumptions import HISTORY
from churn_spark.report.sections.columns import CLEANED, PROFILE
from churn_spark.report.sections.customers import COSTLIEST, RISKIEST
from churn_spark.report.sections.model import CURVES
from churn_spark.report.sections.rates import SNAPSHOTS
from churn_spark.report.sections.reasons import REASONS, SHARED
from churn_spark.report.sections.segments import CENTRES, SEGMENTS
from churn_spark.report.sections.survival import SURVIVAL
from churn_spark.report.shared_queries import DELIVERIES, MODEL_METRICS, RISKS
from churn_spark.tables.contracts import intake, models, snapshots
from tests.frames import rows
from tests.report.made_facts import bare_facts, in_project, made_facts, made_project

DAY = "2017-12-01"
FACTS = made_facts()
SCORES = [("a", 0.94, "high", 100.0), ("b", 0.941, "high", 50.0), ("c", 0.2, "low", 10.0), ("d", 1.0, "high", 20.0)]


def scores(spark: SparkSession) -> DataFrame:
    return rows(
        spark,
        snapshots.RISK_SCORES.schema,
        *(
            {
                "customer_id": customer, "as_of_date": DAY, "risk": risk, "tier": tier, "value": value,
                "expected_loss": risk * value, "risk_rank": rank, "model_version": 3, "replayed": False,
            }
            for rank, (customer, risk, tier, value) in enumerate(SCORES, start=1)
        ),
    )  # fmt: skip


def rows_of(query: Query, facts: Facts = FACTS, **tables: DataFrame) -> list[Row]:
    """What a query gives of some tables, with the columns that sections read."""
    return query.rows(facts, tables).select(*query.columns).collect()


def test_the_riskiest_are_the_first_ranks(spark: SparkSession) -> None:
    most = 20
    many = [{"customer_id": str(rank), "risk_rank": rank} for rank in range(1, most + 3)]
    ranked = rows(spark, snapshots.RISK_SCORES.schema, *({"as_of_date": DAY, "risk": 0.5} | row for row in many))
    assert {row.risk_rank for row in rows_of(RISKIEST, risk_scores=ranked)} == set(range(1, most + 1))


def test_nobody_of_the_control_group_is_listed_by_name(spark: SparkSession) -> None:
    """Somebody would act by the list, and then the effect of acting could not be measured."""
    holdout = Holdout(control=0.5, salt="x")
    project = replace(FACTS.project, interventions=Interventions((Action("coupon", "email", 1, 0.1),), holdout=holdout))
    many = [{"customer_id": str(rank), "risk_rank": rank, "expected_loss": 1.0} for rank in range(1, 41)]
    ranked = rows(spark, snapshots.RISK_SCORES.schema, *({"as_of_date": DAY, "risk": 0.5} | row for row in many))
    left_alone = {row.customer_id for row in ranked.where(in_control(holdout)).collect()}
    assert 10 < len(left_alone) < 30
    first = [str(rank) for rank in range(1, 41) if str(rank) not in left_alone]
    for query, most in ((RISKIEST, 20), (COSTLIEST, 10)):
        listed = rows_of(query, in_project(FACTS, project), risk_scores=ranked)
        assert [row.customer_id for row in listed] == first[:most]


def test_the_costliest_come_in_the_order_of_their_expected_loss(spark: SparkSession) -> None:
    without = scores(spark).withColumns(
        {"value": F.lit(None).cast("double"), "expected_loss": F.lit(None).cast("double")}
    )
    costliest = rows_of(COSTLIEST, risk_scores=scores(spark).unionByName(without))
    assert [row.customer_id for row in costliest] == ["a", "b", "d", "c"]


def test_risks_are_summed_by_tier_and_bucket(spark: SparkSession) -> None:
    summed = rows_of(RISKS, risk_scores=scores(spark))
    expected: dict[tuple[str, int], tuple[float, ...]] = {}
    for _, risk, tier, value in SCORES:
        at = tier, min(int(risk * 50 + 1e-9), 49)
        customers, risks, loss = expected.get(at, (0, 0.0, 0.0))
        expected[at] = (customers + 1, risks + risk, loss + risk * value)
    by_bucket = {(row.tier, row.bucket): (row.customers, row.risk, row.expected_loss) for row in summed}
    assert by_bucket == {at: pytest.approx(sums) for at, sums in expected.items()}
    assert {(row.model_version, row.replayed) for row in summed} == {(3, False)}


def test_survival_is_averaged_by_tier_and_horizon(spark: SparkSession) -> None:
    base = {"as_of_date": DAY, "tier": "high"}
    made = [
        base | {"customer_id": "a", "expected_days": 20.0, "survival": [(14, 0.8), (28, 0.5)]},
        base | {"customer_id": "b", "expected_days": 24.0, "survival": [(14, 0.6), (28, 0.1)]},
        base | {"customer_id": "c", "tier": "low", "expected_days": 28.0, "survival": [(14, 1.0), (28, 1.0)]},
        base | {"customer_id": "d"},
    ]
    found = rows_of(SURVIVAL, risk_scores=rows(spark, snapshots.RISK_SCORES.schema, *made))
    assert sorted(tuple(row) for row in found) == [
        ("high", 14, 2, pytest.approx(0.7), 22.0),
        ("high", 28, 2, pytest.approx(0.3), 22.0),
        ("low", 14, 1, 1.0, 28.0),
        ("low", 28, 1, 1.0, 28.0),
    ]


def test_segments_count_their_customers_with_scores(spark: SparkSession) -> None:
    base = {"as_of_date": DAY, "segment": 1, "recency_quintile": 5, "frequency_quintile": 2, "monetary_quintile": 1}
    segmented = rows(spark, snapshots.SEGMENTS.schema, *(base | {"customer_id": name, "rfm": "521"} for name in "abcx"))
    summed = rows_of(SEGMENTS, segments=segmented, risk_scores=scores(spark))
    loss = 0.94 * 100 + 0.941 * 50 + 0.2 * 10
    assert [tuple(row)[:5] for row in summed] == [("1", 5, 2, 3, 2)]
    assert [round(amount, 9) for amount in tuple(summed[0])[5:]] == [2.081, 160.0, round(loss, 9)]


def test_centres_are_in_the_unit_of_the_feature(spark: SparkSession) -> None:
    base = {"as_of_date": DAY, "segment": 0, "centre": 1.5, "mean": 2.0, "std": 0.5}
    kept = rows(spark, snapshots.SEGMENT_CENTRES.schema, base | {"feature": "count_84d"}, base | {"feature": "other"})
    centres = rows_of(CENTRES, segment_centres=kept)
    assert [(row.segment, row.feature) for row in centres] == [("0", "count_84d")]
    assert abs(centres[0].typical - (2.718281828459045 ** (1.5 * 0.5 + 2.0) - 1)) < 1e-9


def test_snapshots_count_labels_known_by_the_date_and_why_others_have_none(spark: SparkSession) -> None:
    base = {"as_of_date": "2017-10-01", "matured_on": "2017-11-07"}
    labels = rows(
        spark,
        snapshots.LABELS.schema,
        base | {"customer_id": "a", "label": 1},
        base | {"customer_id": "b", "label": 0},
        base | {"customer_id": "c", "excluded": "no_base"},
        base | {"customer_id": "d", "excluded": "churned_in_gap"},
        base | {"customer_id": "e", "excluded": "churned_in_gap"},
        base | {"as_of_date": "2017-10-29", "matured_on": "2017-12-05", "customer_id": "a", "label": 1},
        base | {"as_of_date": "2017-09-03", "customer_id": "a", "excluded": "no_base"},
    )
    assert sorted(map(tuple, rows_of(SNAPSHOTS, labels=labels))) == [
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
        intake.DELIVERIES.schema,
        # In the loaded history: never late, however long ago.
        base | {"delivery": "1.csv", "nominal_date": "2017-10-31", "taken_on": "2017-11-10",
                "ignored_columns": ["b", "a"]},
        base | {"delivery": "2.csv", "nominal_date": "2017-11-20", "taken_on": "2017-11-21",
                "kept": 83, "unchanged": 4, "left_out": 3},
        base | {"delivery": "3.csv", "nominal_date": "2017-11-21", "taken_on": "2017-11-23",
                "quarantined": 20, "kept": 78},
        base | {"source": "coupons", "delivery": "1.csv", "nominal_date": "2017-11-01", "taken_on": "2017-11-02",
                "read": 0, "kept": 0, "quarantined": 0, "duplicate": 0, "accepted_incomplete": True},
    )  # fmt: skip
    by_source = {row.source: row for row in rows_of(DELIVERIES, deliveries=taken)}
    purchases, coupons = by_source["purchases"], by_source["coupons"]
    counts = ["deliveries", "read", "kept", "quarantined", "duplicate", "unchanged", "left_out", "late", "incomplete"]
    assert [purchases[count] for count in counts] == [3, 300, 251, 36, 6, 4, 3, 1, 0]
    assert (purchases["first"], purchases["last"]) == (date(2017, 10, 31), date(2017, 11, 21))
    assert set(purchases["nominal_dates"]) == {date(2017, 10, 31), date(2017, 11, 20), date(2017, 11, 21)}
    assert (purchases.worst, purchases.worst_refused, purchases.worst_read) == ("3.csv", 20, 100)
    assert purchases.ignored_columns == ["a", "b"]
    assert (coupons["incomplete"], coupons["unchanged"]) == (1, 0)
    assert coupons.nominal_dates == []


def test_reasons_of_all_deliveries_stand_with_their_source(spark: SparkSession) -> None:
    base = {"source": "purchases", "taken_on": "2017-11-01", "quarantined": 4, "read": 9}
    taken = rows(
        spark,
        intake.DELIVERIES.schema,
        base | {"delivery": "1", "reasons": [("no_customer", 3), ("duplicate", 1)]},
        base | {"delivery": "2", "reasons": [("no_customer", 4)]},
        base | {"delivery": "3"},
    )
    (purchases,) = rows_of(DELIVERIES, deliveries=taken)
    assert sorted(map(tuple, purchases.reasons)) == [("duplicate", 1), ("no_customer", 3), ("no_customer", 4)]


def test_what_was_cleaned_is_summed_by_measure(spark: SparkSession) -> None:
    base = {"events": 5, "amount_missing": 2, "amount_outlier": 1}
    tiles = rows(spark, base, base, base | {"events": 3, "amount_missing": 0})
    assert [row.asDict() for row in rows_of(CLEANED, tiles_purchases=tiles)] == [
        {"source": "purchases", "column": "amount", "events": 8, "missing": 2, "outlier": 2}
    ]


def test_the_history_of_a_source_begins_with_its_first_known_event(spark: SparkSession) -> None:
    base = {"source": "purchases", "first_seen": "2017-01-02", "known_from": "2017-01-03"}
    seen = rows(spark, base, base, base | {"first_seen": "2017-01-01"})
    assert [tuple(row) for row in rows_of(HISTORY, first_seen=seen)] == [("purchases", date(2017, 1, 1))]


def test_curves_are_those_of_the_training_that_the_model_in_force_comes_from(spark: SparkSession) -> None:
    mine = {"as_of_date": "2017-11-03", "run_id": FACTS.champion.run_id, "model": "mine", "curve": "roc", "position": 0}
    others = {"as_of_date": "2017-10-06"}, {"run_id": "train-2017-11-03-other"}, {"run_id": None}
    curves = rows(spark, models.MODEL_CURVES.schema, mine, *(mine | other | {"model": "other"} for other in others))
    assert [row.model for row in rows_of(CURVES, model_curves=curves)] == ["mine"]
    assert rows_of(CURVES, bare_facts(), model_curves=curves) == []


def test_queries_ask_for_nothing_later_than_the_date() -> None:
    as_of, later = date(2017, 12, 1), date(2017, 12, 2)
    there = Available(made_project(), as_of, lambda table: (date(2017, 11, 24), as_of, later), (date(2017, 9, 29),))
    wanted = {query: query.wanted(there) for query in queries()}
    spans = [dates for tables in wanted.values() for dates in tables.values()]
    assert len(spans) > len(wanted)
    assert not [dates for dates in spans if dates is None or later in dates]
    assert wanted[PROFILE] == {"data_profile": (as_of,)}
    assert wanted[MODEL_METRICS] == {"model_metrics": (date(2017, 11, 24), as_of)}
    assert wanted[CLEANED] == dict.fromkeys(("tiles_purchases", "tiles_coupons"), Days(date(2016, 12, 3), later))


def test_a_query_asks_for_nothing_where_one_of_its_tables_has_no_partition() -> None:
    there = Available(made_project(), date(2017, 12, 1), lambda table: ())
    assert [query.name for query in (PROFILE, MODEL_METRICS, CLEANED, SNAPSHOTS) if query.wanted(there)] == []


def test_reasons_are_those_of_the_riskiest_and_shared_ones_raise_the_risk_of_tier_high(spark: SparkSession) -> None:
    def codes(*reasons):
        return [
            {"feature": name, "contribution": by, "text": name, "value": None, "typical": None} for name, by in reasons
        ]

    given = {1: ("high", codes(("a", 2.0), ("b", -1.0), ("other", 1.0))), 2: ("high", codes(("a", 1.0)))}
    given |= {rank: ("low", codes(("a", 5.0))) for rank in range(3, 12)} | {12: ("high", None)}
    base = {"as_of_date": DAY, "risk": 0.5, "reason_unit": "log_odds", "reasons_exact": True}
    scored = rows(
        spark,
        snapshots.RISK_SCORES.schema,
        *(
            base | {"customer_id": str(rank), "risk_rank": rank, "tier": tier, "reason_codes": reasons}
            for rank, (tier, reasons) in given.items()
        ),
    )
    found = rows_of(REASONS, risk_scores=scored)
    assert {row.risk_rank for row in found} == set(range(1, 11))
    assert [(r.place, r.feature, r.contribution) for r in found if r.risk_rank == 1] == [
        (0, "a", 2.0), (1, "b", -1.0), (2, "other", 1.0),
    ]  # fmt: skip
    assert [tuple(row) for row in rows_of(SHARED, risk_scores=scored)] == [("a", 2, 3.0)]
