"""Models of survival: what is resolved, and what cannot be fitted."""

import pytest

from churn_spark.definitions.modelling import Survival
from churn_spark.settings import errors, load
from tests.settings.conftest import Write

TRAINING = "  random_forest: {trees: 50}\n"


def survival(text: str) -> tuple[str, str]:
    return TRAINING, f"{TRAINING}  survival: {{{text}}}\n"


def test_without_the_key_nothing_is_fitted(write: Write) -> None:
    assert load(write()).training.survival is None


def test_a_hazard_in_periods_of_two_weeks_is_the_default(write: Write) -> None:
    found = load(write(survival("horizons: [14, 56]"))).training.survival
    assert (found, found.periods) == (Survival("hazard", (14, 56), 14), 4)
    found = load(write(survival("model: aft, horizons: 60, period_days: 30"))).training.survival
    assert found == Survival("aft", (60,), 30)


@pytest.mark.parametrize(("text", "line"), [
    (
        "horizons: [14, 30]",
        "45: training.survival.horizons[1]: 30 is not a multiple of period_days (14); the nearest: 28, 42",
    ),
    ("horizons: [10]", "45: training.survival.horizons[0]: 10 is not a multiple of period_days (14); the nearest: 14"),
    ("horizons: [56, 14, 14]", "45: training.survival.horizons: [56, 14, 14] must be ascending: [14, 56]"),
    (
        "horizons: [70], period_days: 1",
        "45: training.survival.horizons: 70 days are more than 60 periods (period_days: 1); raise period_days",
    ),
    ("model: cox, horizons: [14]", "45: training.survival.model: 'cox' is not one of hazard, aft"),
    ("model: hazard", "45: training.survival: horizons is missing"),
])  # fmt: skip
def test_horizons_are_whole_periods(write: Write, text: str, line: str) -> None:
    (found,) = errors(write(survival(text)))
    assert found.removeprefix("conf/shop.yaml:").startswith(line)


def test_the_label_must_say_on_which_day_somebody_left(write: Write) -> None:
    decline = (
        "label: {rule: inactivity, sources: [orders], performance: 28}",
        "label: {rule: decline, sources: [orders], measure: amount, performance: 28}",
    )
    (found,) = errors(write(survival("horizons: [14]"), decline))
    assert found == (
        "conf/shop.yaml:45: training.survival: label.rule decline does not say on which day a customer left; remove"
        " survival, or use one of inactivity, event, attribute"
    )
