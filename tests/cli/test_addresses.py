"""`check` and the addresses of routes, which may stand in the environment of another machine."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from typer.testing import CliRunner

from churn_spark.cli import main
from tests.small_project import small_project

ROUTES = (
    "\nalerts: {high_risk: {tier: high}}\ndispatch: {routes: {team: {url_env: TEAM_URL, for: alerts, as: digest}}}\n"
)


def test_check_warns_of_addresses_that_are_missing_or_wrong_and_shows_none(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = small_project(tmp_path, customers=2, history=1).conf
    conf.write_text(conf.read_text() + ROUTES)
    said = []
    for value in ("", "nowhere://secret", "json://localhost/hook"):
        monkeypatch.setenv("TEAM_URL", value)
        done = CliRunner().invoke(main.app, ["check", str(conf)])
        assert done.exit_code == 0, done.output
        said.append([line for line in done.stderr.splitlines() if "warning" in line])
    place = f"{conf}: warning: dispatch.routes.team.url_env"
    assert [len(lines) for lines in said] == [1, 1, 0]
    assert said[0][0].startswith(f"{place}: the environment variable TEAM_URL is empty; set it to one or several")
    assert said[1][0].startswith(f"{place}: address 1 of 1 in the environment variable TEAM_URL is not one that")
    assert "secret" not in str(said)
