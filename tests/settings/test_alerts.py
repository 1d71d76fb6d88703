"""Alerts: what is resolved, and every mistake, with its line, in the configuration or in a template."""

from pathlib import Path

import pytest

from churn_spark.definitions.actions import KINDS, PARTS, Alerts, HighRisk, Line, RiskJump, Silent, Wave
from churn_spark.settings import errors, load
from tests.settings.conftest import Write

SCORING = "scoring: {value: orders_amount_sum_56d * 6}\n"


def alerts(text: str) -> tuple[str, str]:
    return SCORING, f"{SCORING}audiences: {{young: age < 30}}\nalerts:\n{text}\n"


def test_without_alerts_there_are_none(write: Write) -> None:
    assert load(write()).alerts is None


def test_what_is_left_out_has_its_default(write: Write) -> None:
    rules = load(write(alerts("  high_risk: {tier: high}"))).alerts
    assert rules
    assert (rules.kinds, rules.cooldown_days, rules.wave, rules.reasons) == (("high_risk",), 28, Wave(3.0, 8), 3)
    assert rules.high_risk == HighRisk(Line("tier", tier="high"))
    assert [(one.kind, one.part) for one in rules.texts] == [("high_risk", "title"), ("high_risk", "text")]
    assert load(write(alerts("  high_risk: {tier: high}\n  wave: null"))).alerts == rules


def test_every_key_is_resolved(write: Write) -> None:
    text = (
        "  high_risk: {riskiest: 200, by_audience: {young: {model: true}, others: {risk: 0.25}}}\n"
        "  risk_jump: {rise: 0.2, within_days: 8, by_audience: {young: {rise: 1}}}\n"
        "  silent: {feature: pace, times: 3, by_audience: {young: {times: 2.5}}}\n"
        "  cooldown_days: 0\n  wave: {times: 2, dates: 5}\n  reasons: 0\n  language: zh"
    )
    rules = load(write(alerts(text))).alerts
    assert rules
    assert rules == Alerts(
        HighRisk(Line("riskiest", customers=200), (("young", Line("model")), ("others", Line("risk", risk=0.25)))),
        RiskJump(0.2, 8, (("young", 1.0),)),
        Silent("pace", 3.0, (("young", 2.5),)),
        cooldown_days=0,
        wave=Wave(2.0, 5),
        reasons=0,
        language="zh",
        texts=rules.texts,
    )
    assert [(one.kind, one.part) for one in rules.texts] == [(kind, part) for kind in KINDS for part in PARTS]
    assert all("/zh/" in one.origin for one in rules.texts)


@pytest.mark.parametrize(("text", "problem"), [
    (
        "  cooldown_days: 7",
        "47: alerts: names no kind of alert; give at least one of high_risk, risk_jump, silent",
    ),
    (
        "  high_risk: {}",
        "48: alerts.high_risk: give exactly one of tier, risk, riskiest, model; here is none",
    ),
    (
        "  high_risk: {tier: high, risk: 0.2}",
        "48: alerts.high_risk: give exactly one of tier, risk, riskiest, model; here are tier and risk",
    ),
    (
        "  high_risk: {tier: low}",
        "48: alerts.high_risk.tier: 'low' is not one of high, medium",
    ),
    (
        "  high_risk: {risk: 20}",
        "48: alerts.high_risk.risk: 20 must be at most 1",
    ),
    (
        "  high_risk: {model: false}",
        "48: alerts.high_risk.model: can only be true; remove it where another threshold counts",
    ),
    (
        "  high_risk:\n    tier: high\n    by_audience:\n      young: {}",
        "51: alerts.high_risk.by_audience.young: give exactly one of tier, risk, riskiest, model; here is none",
    ),
    (
        "  risk_jump: {rise: 0.2, by_audience: {yong: {rise: 0.1}}}",
        "48: alerts.risk_jump.by_audience.yong: there is no audience 'yong'. Did you mean young? There are: young,"
        " others",
    ),
    (
        "  risk_jump: {rise: 0}",
        "48: alerts.risk_jump.rise: 0 must be more than 0",
    ),
    (
        "  silent: {feature: age_, times: 3}",
        "48: alerts.silent.feature: there is no feature 'age_'. Did you mean age? There are: orders_count_7d,"
        " orders_count_28d, orders_count_56d, orders_amount_sum_7d, orders_amount_sum_28d, orders_amount_sum_56d,"
        " orders_recency_56d, age, pace",
    ),
    (
        "  silent: {feature: age, times: 3}\n  texts: conf/texts",
        "49: alerts.texts: conf/texts: there is no such folder",
    ),
    (
        "  silent: {feature: age, times: 3}\n  language: fr",
        "49: alerts.language: 'fr' is not one of en, zh",
    ),
])  # fmt: skip
def test_a_mistake_is_named_alone(write: Write, text: str, problem: str) -> None:
    assert errors(write(alerts(text))) == [f"conf/shop.yaml:{problem}"]


def test_a_feature_that_counts_nothing_is_refused(write: Write) -> None:
    path = write(
        ("      age: {", "      town: {expression: customer, type: string}\n      age: {"),
        ("attributes: [age]", "attributes: [age, town]"),
        alerts("  silent: {feature: town, times: 3}"),
    )  # fmt: skip
    (problem,) = errors(path)
    assert problem.endswith("alerts.silent.feature: town is string; a feature that is a number is needed")
    path = write(("    pace: try", "    value: try"), alerts("  silent: {feature: value, times: 3}"))
    (problem,) = errors(path)
    assert problem.endswith(
        "alerts.silent.feature: value is the name of a column of risk_scores too; rename the feature"
    )


def test_without_audiences_there_is_none_to_name(write: Write) -> None:
    change = (SCORING, f"{SCORING}alerts: {{risk_jump: {{rise: 0.2, by_audience: {{young: {{rise: 0.1}}}}}}}}\n")
    (problem,) = errors(write(change))
    assert problem.endswith("alerts.risk_jump.by_audience.young: there is no audience 'young'. There are none")


def test_templates_of_ones_own(write: Write) -> None:
    path = write(alerts("  silent: {feature: age, times: 3}\n  texts: conf/texts"))
    folder = Path("conf/texts")
    folder.mkdir()
    (folder / "silent.title.txt").write_text("{{ customer }}\n{{ custommer }}")
    text = folder / "silent.text.txt"
    assert errors(path) == [
        "conf/shop.yaml:49: alerts.texts: conf/texts/silent.text.txt is missing: the folder needs a title and a text"
        " for each kind of alert; copy it from churn_spark/actions/texts",
        "conf/texts/silent.title.txt:2: alerts.texts: there is no variable 'custommer'. There are: customer, project,"
        " as_of_date, kind, audience, segment, tier, risk, risk_rank, previous_risk, threshold, observed, value,"
        " expected_loss, reasons, model_version",
    ]
    text.write_bytes(b"caf\xe9")
    (folder / "silent.title.txt").write_text("{{ customer }}")
    assert errors(path) == ["conf/shop.yaml:49: alerts.texts: conf/texts/silent.text.txt is not in UTF-8"]
    text.write_text("\ufeff{{ customer }} {{ reasons[0] }}", encoding="utf-8")
    (problem,) = errors(path)
    assert problem.startswith(
        "conf/texts/silent.text.txt:1: alerts.texts: fails on a customer with values that are unknown: "
    )
    text.write_text("\ufeff{{ customer }} is silent", encoding="utf-8")
    assert errors(path) == []
    rules = load(path).alerts
    assert rules
    assert [(one.source, one.origin) for one in rules.texts] == [
        ("{{ customer }}", "conf/texts/silent.title.txt"),
        ("{{ customer }} is silent", "conf/texts/silent.text.txt"),
    ]
