"""The economics of a campaign: what is resolved, and what no campaign can be."""

import pytest

from churn_spark.definitions.economics import Economics
from churn_spark.definitions.modelling import ExpectedValue
from churn_spark.settings import errors, load
from tests.settings.conftest import Write

SCORING = "scoring: {value: orders_amount_sum_56d * 6}\n"


def economics(text: str, after: str = SCORING) -> tuple[str, str]:
    return SCORING, f"{after}economics: {{{text}}}\n"


def test_without_economics_there_is_none(write: Write) -> None:
    assert load(write()).training.economics is None


def test_the_value_is_a_number_or_sql_and_that_of_scoring_by_default(write: Write) -> None:
    costs = "contact_cost: 1, incentive_cost: 10, acceptance: 0.3"
    assert load(write(economics(costs))).training.economics == Economics("orders_amount_sum_56d * 6", 1, 10, 0.3)
    assert load(write(economics(f"value: 200, {costs}"))).training.economics == Economics("200", 1, 10, 0.3)
    known = load(write(economics(f"value: pace * 90.5, acceptance_deviation: 0.1, {costs}"))).training.economics
    assert known == Economics("pace * 90.5", 1, 10, 0.3, 0.1)
    assert known.beta == pytest.approx((6, 14))


@pytest.mark.parametrize(("text", "line"), [
    ("contact_cost: -1, incentive_cost: 10, acceptance: 0.3", "economics.contact_cost: -1 must be at least 0"),
    ("contact_cost: 1, incentive_cost: -2.5, acceptance: 0.3", "economics.incentive_cost: -2.5 must be at least 0"),
    ("contact_cost: 1, incentive_cost: 10, acceptance: 0", "economics.acceptance: 0 must be more than 0"),
    ("contact_cost: 1, incentive_cost: 10, acceptance: 1.2", "economics.acceptance: 1.2 must be at most 1"),
    (
        "contact_cost: 1, incentive_cost: 10, acceptance: 0.3, acceptance_deviation: 0.46",
        "economics.acceptance_deviation: 0.46 is too much for acceptance 0.3: it must be below 0.458",
    ),
    (
        "contact_cost: 1, incentive_cost: 10, acceptance: 1, acceptance_deviation: 0.1",
        "economics.acceptance_deviation: 0.1 is too much for acceptance 1: it must be 0",
    ),
    (
        "value: 12, contact_cost: 1, incentive_cost: 10, acceptance: 0.3",
        "economics.value: no contact can pay: one of a leaver brings acceptance x (value - incentive_cost) = 0.6 and"
        " costs 1 (contact_cost)",
    ),
    (
        "value: true, contact_cost: 1, incentive_cost: 10, acceptance: 0.3",
        "economics.value: true is not text; quote it if it is meant as text",
    ),
])  # fmt: skip
def test_an_impossible_campaign_is_refused(write: Write, text: str, line: str) -> None:
    found = errors(write(economics(text)))
    assert [each.partition(": ")[2] for each in found] == [line]


def test_a_value_must_come_from_somewhere(write: Write) -> None:
    costs = "contact_cost: 1, incentive_cost: 10, acceptance: 0.3"
    (found,) = errors(write(economics(costs, "scoring: {}\n")))
    assert ": economics: value is missing, and so is scoring.value, its default; say what a customer is worth" in found


def test_everybody_may_accept(write: Write) -> None:
    assert (
        load(write(economics("contact_cost: 0, incentive_cost: 0, acceptance: 1"))).training.economics.acceptance == 1
    )


MODELLED = "model: bg_nbd, source: orders, measure: amount"


def expected_value(text: str, before: str = "") -> tuple[str, str]:
    return SCORING, f"scoring: {{{before}expected_value: {{{text}}}}}\n"


def test_the_value_can_come_from_models_of_purchasing(write: Write) -> None:
    project = load(write(expected_value(MODELLED)))
    assert project.expected_value == ExpectedValue("orders", "amount", 365, 364, 7)
    assert (project.scoring.value, project.has_value) == (None, True)
    given = load(write(expected_value(f"{MODELLED}, horizon_days: 90, history_days: 200, unit_days: 2")))
    assert given.expected_value == ExpectedValue("orders", "amount", 90, 200, 2)


@pytest.mark.parametrize(("text", "line"), [
    (
        "model: bg_nbd, source: people, measure: amount",
        "source: there is no source of events 'people'. There are: orders",
    ),
    (
        "model: bg_nbd, source: orders, measure: amout",
        "measure: there is no measure of orders 'amout'. Did you mean amount? There are: amount",
    ),
    (
        f"{MODELLED}, unit_days: 2",
        "history_days: 364 days are 182 units of 2 days (unit_days); there must be 2 to 156",
    ),
    (
        f"{MODELLED}, history_days: 10",
        "history_days: 10 days are 1.43 units of 7 days (unit_days); there must be 2 to 156",
    ),
])  # fmt: skip
def test_models_that_cannot_be_fitted_are_refused(write: Write, text: str, line: str) -> None:
    (found,) = errors(write(expected_value(text)))
    assert found.partition(": ")[2] == f"scoring.expected_value.{line}"


def test_there_is_one_value_of_a_customer(write: Write) -> None:
    (found,) = errors(write(expected_value(MODELLED, before="value: pace, ")))
    assert found == (
        "conf/shop.yaml:45: scoring.expected_value: scoring.value gives the value of a customer already; remove one of"
        " them"
    )


def test_training_needs_a_value_of_its_own(write: Write) -> None:
    (_, scoring), costs = (
        expected_value(MODELLED),
        "economics: {contact_cost: 1, incentive_cost: 10, acceptance: 0.3}\n",
    )
    (found,) = errors(write((SCORING, scoring + costs)))
    assert "value is missing" in found
    assert found.endswith("(scoring.expected_value is of the date that is scored only)")
