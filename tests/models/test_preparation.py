from datetime import date

import pytest
from pyspark.ml import PipelineModel

from churn_spark.models.families.family import LOGGED, PLAIN, VECTORS
from churn_spark.models.preparation import prepare
from churn_spark.models.slots import Slot, slots_of

SCHEMA = (
    "customer_id string, as_of_date date, orders bigint, amount double, last_amount double, member boolean,"
    " plan string, signed_on date, constant int, never double"
)
DAY = date(2026, 1, 31)
ROWS = [
    ("a", DAY, 1, 10.0, None, True, "basic", date(2026, 1, 1), 7, None),
    ("b", DAY, 2, float("inf"), None, False, "basic", date(2026, 1, 21), 7, None),
    ("c", DAY, 3, -30.0, 5.0, True, "plus", None, 7, None),
]
FEATURES = ("orders", "amount", "last_amount", "member", "plan", "signed_on", "constant", "never")


@pytest.fixture(scope="module")
def learnt(spark):
    return prepare(spark.createDataFrame(ROWS, SCHEMA), FEATURES)


def vectors(spark, learnt, rows, vector=PLAIN):
    frame = PipelineModel([*learnt.stages([vector])]).transform(spark.createDataFrame(rows, SCHEMA))
    return [row[0].toArray().tolist() for row in frame.orderBy("customer_id").select(vector).collect()]


def slot_names(learnt):
    return tuple(slot.name for slot in learnt.slots)


def test_every_slot_has_its_name(learnt):
    assert slot_names(learnt) == (
        "orders", "amount", "last_amount", "member", "signed_on",
        "amount is null", "last_amount is null", "signed_on is null", "plan = basic", "plan = plus",
    )  # fmt: skip
    assert learnt.slots[6:9:2] == (Slot("last_amount", "missing"), Slot("plan", "category", "basic"))


@pytest.mark.parametrize("vectors", [[PLAIN], [LOGGED], VECTORS])
def test_the_slots_can_be_read_off_the_fitted_stages(learnt, vectors):
    assert slots_of(learnt.stages(vectors)) == learnt.slots


def test_a_feature_that_never_varies_is_left_out_by_name(learnt):
    assert learnt.left_out == {"constant": "never varies in training", "never": "never varies in training"}
    assert learnt.features == ("orders", "amount", "last_amount", "member", "signed_on", "plan")


def test_nulls_and_infinities_become_medians_and_are_marked(spark, learnt):
    assert vectors(spark, learnt, ROWS) == [
        [1, 10, 5, 1, 30, 0, 1, 0, 1, 0],
        [2, -30, 5, 0, 10, 1, 1, 0, 1, 0],
        [3, -30, 5, 1, 10, 0, 0, 1, 0, 1],
    ]


def test_unseen_values_and_nulls_of_a_string_are_no_value(spark, learnt):
    unseen = [
        ("d", DAY, 1, 10.0, 5.0, None, "gold", DAY, None, 3.0),
        ("e", DAY, 1, 10.0, 5.0, None, None, DAY, 7, None),
    ]
    assert [vector[-2:] for vector in vectors(spark, learnt, unseen)] == [[0, 0], [0, 0]]


def test_an_empty_text_is_null_and_one_value_beside_nulls_varies(spark):
    made = [("a", DAY, "", "Y"), ("b", DAY, "basic", None), ("c", DAY, "plus", ""), ("d", DAY, None, "Y")]
    frame = spark.createDataFrame(made, "customer_id string, as_of_date date, plan string, `left on` string")
    learnt = prepare(frame, ("plan", "left on"))
    assert slot_names(learnt) == ("plan = basic", "plan = plus", "left on = Y")
    encoded = PipelineModel([*learnt.stages([PLAIN])]).transform(frame).orderBy("customer_id").select(PLAIN)
    assert [row[0].toArray().tolist() for row in encoded.collect()] == [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_the_logged_scale_keeps_the_sign(spark, learnt):
    logged = vectors(spark, learnt, ROWS, LOGGED)[2]
    assert logged[:3] == pytest.approx([1.3862943611, -3.4339872045, 1.7917594692])


def test_features_that_are_null_together_share_an_indicator(spark):
    rows = [(str(n), DAY, n, None if n % 2 else 1.0 * n, None if n % 2 else 2.0 * n) for n in range(6)]
    frame = spark.createDataFrame(rows, "customer_id string, as_of_date date, n int, one double, two double")
    assert prepare(frame, ("n", "one", "two")).indicators == ("one",)


def test_a_string_with_too_many_values_is_left_out(spark):
    rows = [(str(n), DAY, n, f"name {n}") for n in range(150)]
    frame = spark.createDataFrame(rows, "customer_id string, as_of_date date, n int, name string")
    learnt = prepare(frame, ("n", "name"))
    assert learnt.left_out == {"name": "more than 100 values; training.target_encoding makes rates of them"}
    assert slot_names(learnt) == ("n",)
