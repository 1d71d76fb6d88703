"""What a job says before Spark starts."""

import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from churn_spark.cli.preflight import announce, refuse_early
from churn_spark.definitions.errors import ConfigError, DeliveryError
from churn_spark.definitions.project import Privacy, Project
from churn_spark.definitions.sources import STAMP, Delivered
from churn_spark.settings import load
from churn_spark.stages.intake.names import ELSEWHERE
from tests.small_project import SmallProject, small_project


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallProject:
    for name in ELSEWHERE:
        monkeypatch.delenv(name, raising=False)
    return small_project(tmp_path, customers=2, history=1)


def early(project: Project, *options: str, verb: str = "ingest") -> None:
    refuse_early(verb, project, options, date(2026, 1, 12))


def test_a_name_without_a_date_and_a_path_without_anything_are_refused_for_a_first_load(shop: SmallProject) -> None:
    project = load(shop.conf)
    early(project)
    wrong = shop.landing / "purchases" / "2026-13-01.csv"
    wrong.touch()
    with pytest.raises(DeliveryError, match=r"'2026-13-01.csv'"):
        early(project)
    early(project, verb="train")
    wrong.unlink()
    (shop.landing / "members").rename(shop.landing / "customers")
    with pytest.raises(DeliveryError, match=r"members: there is nothing at .*/members \(sources.members.path\)"):
        early(project, verb="daily")


def test_where_there_is_a_ledger_the_run_goes_on_to_note_it(shop: SmallProject, caplog) -> None:  # type: ignore[no-untyped-def]
    (shop.landing / "purchases" / "notes.csv").touch()
    (shop.warehouse / "runs").mkdir(parents=True)
    early(load(shop.conf))
    assert "this will stop the run: 'notes.csv'" in caplog.text


def test_what_lies_elsewhere_or_is_no_delivery_is_left_to_the_stage(shop: SmallProject, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    project = load(shop.conf)
    for name in ("_SUCCESS", ".hidden", "upload.tmp"):
        (shop.landing / "purchases" / name).touch()
    (shop.landing / "purchases" / "archive").mkdir()
    early(project)
    source = replace(project.sources[0], path="s3a://landing/purchases")
    early(replace(project, sources=(source,)))
    monkeypatch.setenv("HADOOP_CONF_DIR", "/etc/hadoop")
    early(replace(project, sources=(replace(source, path="none"),)))


def test_what_cannot_be_looked_at_is_left_to_the_stage(shop: SmallProject, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    project = load(shop.conf)
    (shop.landing / "purchases" / "notes.csv").symlink_to("nothing")
    early(project)
    (shop.landing / "purchases" / "notes.csv").unlink()

    def refuse(path: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    for look in ("exists", "iterdir", "stat"):
        with monkeypatch.context() as closed:
            closed.setattr(Path, look, refuse)
            early(project)


def test_a_file_that_each_dump_overwrites_needs_no_date(shop: SmallProject) -> None:
    project = load(shop.conf)
    delivered = Delivered(pattern=STAMP, stamped=True)
    sources = [replace(source, delivered=delivered) for source in project.sources]
    for name in ("dump.csv", "dump@2026-13-01"):
        (shop.landing / "purchases" / name).touch()
    early(replace(project, sources=tuple(sources)))


def test_options_and_the_key_are_looked_at(shop: SmallProject, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    project = load(shop.conf)
    for option in ("add-history=purchase", "restate=purchase"):
        with pytest.raises(ConfigError, match="Did you mean purchases"):
            early(project, option)
    monkeypatch.delenv("NO_KEY", raising=False)
    with pytest.raises(ConfigError, match="NO_KEY"):
        early(replace(project, privacy=Privacy(key_env="NO_KEY")))


def test_the_command_line_answers_without_spark(shop: SmallProject) -> None:
    (shop.landing / "purchases" / "notes.csv").touch()
    program = [
        sys.executable,
        "-c",
        "from churn_spark.cli.main import main; main()",
        "ingest",
        "--conf",
        str(shop.conf),
    ]
    ended = subprocess.run([*program, "--as-of", "2026-01-12"], capture_output=True, text=True, check=False)
    assert ended.returncode == 65
    assert f"ingest of corner_shop at 2026-01-12, tables in {shop.warehouse}: Take in every" in ended.stderr
    assert "'notes.csv'" in ended.stderr
    assert "starting Spark" not in ended.stderr


def test_daily_names_its_stages(shop: SmallProject, caplog) -> None:  # type: ignore[no-untyped-def]
    with caplog.at_level("INFO", logger="churn_spark.run"):
        announce("daily", load(shop.conf), date(2026, 1, 12))
    assert caplog.messages[0].endswith(": ingest, build-tiles, build-features, build-labels, score, monitor, report")
