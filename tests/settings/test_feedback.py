"""Feedback: how it is resolved, and which mistakes are named."""

from churn_spark.definitions.feedback import MEANINGS, Answers, Feedback
from churn_spark.settings import errors, load
from tests.settings.conftest import Write

SCORING = "scoring: {value: orders_amount_sum_56d * 6}\n"


def feedback(text: str) -> tuple[str, str]:
    return SCORING, f"{SCORING}feedback: {{{text}}}\n"


def test_without_it_there_are_no_answers_and_defaults_hold(write: Write) -> None:
    assert load(write()).feedback == Feedback()


def test_values_mean_what_is_said_and_else_their_own_name(write: Write) -> None:
    text = (
        "answers: {source: orders, answer: town, meaning: {declined: [Rome, accepted]}}, carry_over_days: 7, least: 9"
    )
    own = {name: name for name in MEANINGS} | {"Rome": "declined", "accepted": "declined"}
    assert load(write(feedback(text))).feedback == Feedback(
        Answers("orders", "town", None, tuple(own.items())), carry_over_days=7, least=9
    )


def test_plans_learn_from_effects_or_from_uplift_too(write: Write) -> None:
    assert (load(write(feedback("learn: true"))).feedback) == Feedback(learn=True)
    text = feedback("learn: individual, least_uplift: 30")
    assert load(write(text)).feedback == Feedback(learn=True, individual=True, least_uplift=30)
    assert errors(write(feedback("learn: each"))) == [
        "conf/shop.yaml:46: feedback.learn: 'each' is not one of true, false, individual"
    ]


def test_answers_that_do_not_exist_or_mean_two_things_are_named(write: Write) -> None:
    at = "conf/shop.yaml:46: feedback.answers"
    assert errors(write(feedback("answers: {source: order, answer: town}"))) == [
        f"{at}.source: there is no source of events 'order'. Did you mean orders? There are: orders"
    ]
    assert errors(write(feedback("answers: {source: people, answer: town}"))) == [
        f"{at}.source: there is no source of events 'people'. There are: orders"
    ]
    assert errors(write(feedback("answers: {source: orders, answer: twon, action: what}"))) == [
        f"{at}.answer: there is no category 'twon' in orders. Did you mean town? There are: town",
        f"{at}.action: there is no category 'what' in orders. There are: town",
    ]
    twice = "answers: {source: orders, answer: town, meaning: {accepted: [Rome], declined: Rome}}"
    assert errors(write(feedback(twice))) == [
        f"{at}.meaning.declined: 'Rome' is named under accepted already; an answer means one thing: keep one"
    ]
