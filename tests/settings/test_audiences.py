"""Audiences: how they are resolved, what their conditions are over, and which mistakes are named."""

from churn_spark.definitions.actions import SCORE_COLUMNS, Audience
from churn_spark.settings import errors, load
from tests.settings.conftest import Write
from tests.settings.test_sql import Recorded

SCORING = "scoring: {value: orders_amount_sum_56d * 6}\n"


def audiences(text: str) -> tuple[str, str]:
    return SCORING, f"{SCORING}audiences: {{{text}}}\n"


def test_audiences_keep_their_order(write: Write) -> None:
    assert load(write()).audiences == ()
    project = load(write(audiences("young: age < 30, big: value > 100")))
    assert project.audiences == (Audience("young", "age < 30"), Audience("big", "value > 100"))


def test_conditions_are_checked_over_scores_and_the_features_they_do_not_hide(write: Write) -> None:
    recorded = Recorded(**{"age < 30": "boolean", "pace * 2": "double"})
    path = write(
        ("    pace: try_divide(orders_count_7d, orders_count_28d)", "    pace: age\n    risk: age"),
        audiences("young: age < 30, quick: pace * 2"),
    )
    assert errors(path, expressions=recorded) == [
        "conf/shop.yaml:47: audiences.quick: 'pace * 2' gives double; true or false is needed"
    ]
    columns = recorded.asked["age < 30"]
    assert columns[: len(SCORE_COLUMNS)] == SCORE_COLUMNS
    assert columns[-3:] == (("orders_recency_56d", "bigint"), ("age", "int"), ("pace", "double"))


def test_others_have_their_name_already(write: Write) -> None:
    assert errors(write(audiences("others: age < 30"))) == [
        "conf/shop.yaml:46: audiences.others: 'others' are the customers for whom no audience's condition holds; choose"
        " another name"
    ]
