"""What the command line takes, and what it refuses before anything is started."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import typer
from typer.testing import CliRunner

from churn_spark.cli import job, main
from churn_spark.cli.arguments import options, valid_options
from tests.report.made_facts import made_project

OPERATIONS = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        ("daily", ["accept-incomplete=sales@2026-05-31", "restate", "verify", "model-version=12"]),
        ("ingest", ["restate", "restate=sales"]),
        ("score", ["model-version=3", "future"]),
        ("maintain", ["accept-rollback"]),
        ("train", ["future"]),
    ],
)
def test_an_option_that_the_verb_heeds_is_taken(verb: str, given: list[str]) -> None:
    assert valid_options(given, verb) == given


@pytest.mark.parametrize(
    ("verb", "given", "message"),
    [
        ("ingest", "acept-incomplete", "'acept-incomplete' is not one of"
         " accept-incomplete=SOURCE@DATE, restate,"
         " restate=SOURCE, add-columns, add-history=SOURCE, no-history=SOURCE, verify, future. Did you mean"
         " accept-incomplete=SOURCE@DATE?"),
        ("score", "model-version=abc", "'model-version=abc' is not one of model-version=N, future. Did you mean"
         " model-version=N?"),
        ("score", "model-version=0", "'model-version=0' is not one of model-version=N, future. Did you mean"
         " model-version=N?"),
        ("train", "restate", "'restate' is not one of future. It goes with daily and ingest"),
        ("daily", "restate ", "'restate ' is not one of accept-incomplete=SOURCE@DATE, restate,"
         " restate=SOURCE, add-columns, add-history=SOURCE, no-history=SOURCE, verify, model-version=N, accept-wave,"
         " redecide, past, dry-run ... (14 in all). Did you mean restate?"),
    ],
)  # fmt: skip
def test_any_other_is_refused_with_those_there_are(verb: str, given: str, message: str) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        valid_options([given], verb)
    assert str(refused.value) == f"--option {message}"


@pytest.mark.parametrize("arguments", [["--option", "acept-incomplete"], ["--log", "xml"]])
def test_a_mistake_of_the_command_line_ends_it_before_the_file_is_read(arguments: list[str]) -> None:
    for verb in ("daily", "ingest", "backfill"):
        done = CliRunner().invoke(main.app, [verb, "--conf", "nowhere.yaml", *arguments])
        assert done.exit_code == 2, done.output
        assert "nowhere.yaml" not in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["promote", "--version", "3", "--reason", " "], "a reason is needed"),
        (["promote", "--version", "3"], "Missing option '--reason'"),
        (["promote", "--version", "0", "--reason", "x"], "Invalid value for '--version'"),
        (["rollback", "--reason", ""], "a reason is needed"),
        (["recalibrate", "--reason", ""], "a reason is needed"),
    ],
)
def test_a_decision_on_the_model_in_force_needs_a_version_and_a_reason(arguments: list[str], message: str) -> None:
    done = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"}).invoke(main.app, [*arguments, "--conf", "nowhere.yaml"])
    assert done.exit_code == 2
    assert message in done.output


def test_the_page_on_operations_lists_every_option_with_its_verbs() -> None:
    rows = re.findall(r"^\| `([\w=@-]+)` \| (`.*?`|all) \|", OPERATIONS, re.MULTILINE)
    known = {option.written: set(verbs or ("all",)) for option, verbs in options()}
    assert {name: set(re.findall(r"[\w-]+", verbs)) for name, verbs in rows if name in known} == known


def test_an_as_of_date_after_tomorrow_must_be_meant() -> None:
    project = made_project()
    today = datetime.now(ZoneInfo(project.zone)).date()
    assert job.as_of_date(None, project) in (today, today + timedelta(days=1))  # midnight may pass meanwhile
    tomorrow = today + timedelta(days=1)
    assert job.as_of_date(tomorrow.isoformat(), project, future=False) == tomorrow
    with pytest.raises(typer.BadParameter, match="lies in the future; if it is meant, add --option future"):
        job.as_of_date("2917-06-01", project, future=False)
    assert job.as_of_date("2917-06-01", project, future=True).year == 2917
    with pytest.raises(typer.BadParameter, match="is no date of the calendar"):
        job.as_of_date("2017-02-30", project)
