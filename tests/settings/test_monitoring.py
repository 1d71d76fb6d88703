"""The limits of monitoring: what is resolved, and what they cannot be."""

import pytest

from churn_spark.definitions.monitoring import Limits, Monitoring
from churn_spark.settings import errors, load
from tests.settings.conftest import Write

SCORING = "scoring: {value: orders_amount_sum_56d * 6}\n"


def monitoring(text: str) -> tuple[str, str]:
    return SCORING, f"{SCORING}monitoring: {{{text}}}\n"


def test_without_the_section_everything_is_watched_by_the_defaults(write: Write) -> None:
    assert load(write()).monitoring == Monitoring()


def test_a_limit_alone_leaves_all_others_as_they_are(write: Write) -> None:
    found = load(write(monitoring("psi: {warn: 0.2}, completeness: {warn: 1}, false_alarms: 0.05, retrain: true")))
    assert found.monitoring == Monitoring(
        false_alarms=0.05, psi=Limits(0.2, 0.25), completeness=Limits(1.0, 2.0), retrain=True
    )


@pytest.mark.parametrize(("text", "line"), [
    ("psi: {warn: 0.3}", "monitoring.psi.act: 0.25 is below warn, 0.3: a signal warns first; exchange them, or change"),
    ("volume: {act: 0.9}", "monitoring.volume.act: 0.9 is above warn, 0.7: a signal warns first"),
    ("psi: {warn: 0}", "monitoring.psi.warn: 0 must be more than 0"),
    ("mean_risk: {warn: 1}", "monitoring.mean_risk.warn: 1 must be more than 1"),
    ("null_share: {act: 1}", "monitoring.null_share.act: 1 must be less than 1"),
    ("false_alarms: 0", "monitoring.false_alarms: 0 must be more than 0"),
    ("psy: {warn: 1}", "monitoring.psy"),
])  # fmt: skip
def test_limits_in_the_wrong_order_or_out_of_bounds_are_named(write: Write, text: str, line: str) -> None:
    found = errors(write(monitoring(text)))
    assert any(line in one for one in found), found
