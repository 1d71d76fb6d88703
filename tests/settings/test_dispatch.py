"""Routes: what is resolved, over which columns their conditions are, and what is refused."""

import pytest
from pyspark.sql import SparkSession

from churn_spark.definitions.dispatch import Dispatch, Route
from churn_spark.runtime.sql_expressions import expressions
from churn_spark.settings import errors, load
from tests.settings.conftest import Write

SCORING = "scoring: {value: orders_amount_sum_56d * 6}\n"
ALERTS = "alerts: {high_risk: {tier: high}}\n"
PLAYBOOK = "interventions: {actions: {letter: {channel: letter, cost: 1, effect: 0.1}}}\n"
TEAM = "team: {url_env: TEAM_URL, for: alerts, as: digest}"


def routes(text: str, more: str = "") -> tuple[str, str]:
    playbook = PLAYBOOK if "for: interventions" in text else ""
    return SCORING, f"{SCORING}{ALERTS}{playbook}dispatch: {{routes: {{{text}}}{more}}}\n"


def test_routes_keep_their_order_and_limits_have_defaults(write: Write) -> None:
    assert load(write()).dispatch is None
    crm = "crm: {url_env: CRM_URL, for: interventions, as: single, where: channel = 'sms'}"
    assert load(write(routes(f"{TEAM}, {crm}", ", attempts: 2, most_single: 5"))).dispatch == Dispatch(
        (
            Route("team", "TEAM_URL", "alerts", "digest"),
            Route("crm", "CRM_URL", "interventions", "single", "channel = 'sms'"),
        ),
        attempts=2,
        most_single=5,
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{url_env: 'mailto://me:secret@x', for: alerts, as: digest}", "url_env: is not the name of an environment"),
        ("{url_env: URL, for: scores, as: digest}", "for: 'scores' is not one of alerts, interventions"),
        ("{url_env: URL, for: alerts}", "team: as is missing"),
        ("{url_env: URL, for: interventions, as: brief}", "for: the brief belongs to alerts: write for: alerts"),
        ("{url_env: URL, for: alerts, as: brief, where: risk > 0.5}", "where: the brief is one page for everybody"),
        ("{url_env: URL, for: alerts, as: single, to: phone}", "to: unknown key"),
    ],
)
def test_what_is_wrong_with_a_route_is_said(write: Write, text: str, line: str) -> None:
    (problem,) = errors(write(routes(f"team: {text}")))
    assert line in problem
    assert "secret" not in problem


def test_what_a_route_sends_has_to_be_decided(write: Write) -> None:
    key, text = routes(TEAM)
    assert errors(write((key, text.replace(ALERTS, "")))) == [
        "conf/shop.yaml:46: dispatch.routes.team.for: there are no alerts: alerts is missing; say there how they are"
        " decided"
    ]


def test_a_route_for_interventions_needs_a_playbook(write: Write) -> None:
    key, text = routes("crm: {url_env: CRM_URL, for: interventions, as: digest}")
    assert errors(write((key, text.replace(PLAYBOOK, "")))) == [
        "conf/shop.yaml:47: dispatch.routes.crm.for: there are no interventions: interventions is missing; say there"
        " how they are decided"
    ]


def test_conditions_see_the_rows_but_not_who_is_withheld(write: Write, spark: SparkSession) -> None:
    conditions = {
        "a": "alerts, as: digest, where: tier = 'high' AND size(reasons) > 1 AND expected_loss > 10",
        "b": "interventions, as: single, where: channel = 'sms' AND cost < 3",
        "c": "alerts, as: digest, where: suppressed = 'control'",
        "d": "interventions, as: single, where: arm = 'control'",
        "e": "interventions, as: single, where: risk * 2",
    }
    given = ", ".join(f"{name}: {{url_env: URL, for: {text}}}" for name, text in conditions.items())
    problems = errors(write(routes(given)), expressions=expressions(spark))
    assert [problem.split(": ")[1] for problem in problems] == [f"dispatch.routes.{name}.where" for name in "cde"]
    assert "gives double; true or false is needed" in problems[-1]
