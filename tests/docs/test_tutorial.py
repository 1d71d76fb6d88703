"""docs/tutorial.md: its commands are run in order, its edits are made, and what it shows is what comes out.

All steps before the first that needs Spark are run each time, all of them in the soak. Numbers are compared exactly up
to training; those that follow from a fitted model only in their form, as their last digits depend on the machine.
Lines that the page leaves out are written `...`.
"""

import logging
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from churn_spark.cli.main import app
from tests.docs.pages import ROOT, page

PAGE = page("docs/tutorial.md")
STEPS = re.findall(r"^```(console|diff)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
CONF = "conf/shop.yaml"
FITTED = ("train", "daily", "sql", "status")
"""Verbs whose numbers come from a fitted model."""
NUMBER = re.compile(r"\d+(?:\.\d+)?")
SECONDS = re.compile(r"^ +\d+\.\d s +")
"""What stands before a line of the log, and not on the page."""


@pytest.fixture
def place(tmp_path) -> Iterator[None]:
    """A folder to run in, with what the process had before given back at the end."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    logger, here, mask = logging.getLogger("churn_spark"), os.getcwd(), os.umask(0o022)
    interrupt, state = signal.getsignal(signal.SIGINT), (logger.handlers[:], logger.level, logger.propagate)
    os.chdir(tmp_path)
    yield
    os.chdir(here)
    os.umask(mask)
    signal.signal(signal.SIGINT, interrupt)
    logger.handlers[:], logger.level, logger.propagate = state
    os.environ.pop("CHURN_SPARK_KEY", None)


def test_the_tutorial_begins_as_it_says(place, capsys):
    _follow(STEPS[: next(n for n, (_, text) in enumerate(STEPS) if "$ churn-spark check" in text)], capsys)
    assert os.environ["CHURN_SPARK_KEY"], "the last step before the check"


@pytest.mark.soak(minutes=6)
def test_the_tutorial_goes_to_its_end_as_it_says(spark, place, capsys):
    _follow(STEPS, capsys)


def _follow(steps: list[tuple[str, str]], capsys) -> None:
    for kind, text in steps:
        if kind == "diff":
            _edit(text)
            continue
        for command, shown in _commands(text):
            _compare(command, shown, _run(command, capsys))


def test_it_goes_all_the_way():
    verbs = re.findall(r"^\$ churn-spark ([\w-]+)", PAGE, re.MULTILINE)
    for verb in ("init", "check", "ingest", "profile", "backfill", "train", "daily", "status", "sql"):
        assert verb in verbs


def _commands(block: str) -> Iterator[tuple[str, list[str]]]:
    """The commands of a block, each with the lines that follow it."""
    for part in re.split(r"^\$ ", block.replace("\\\n", ""), flags=re.MULTILINE)[1:]:
        command, *shown = part.rstrip("\n").split("\n")
        yield command, shown


def _edit(diff: str) -> None:
    """Replace each run of lines with `-` in the configuration by the lines with `+` after it."""
    text = Path(CONF).read_text(encoding="utf-8")
    for old, new in re.findall(r"((?:^-.*\n)+)((?:^\+.*\n)*)", diff, re.MULTILINE):
        before, after = (re.sub(r"^[-+]", "", lines, flags=re.MULTILINE) for lines in (old, new))
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    Path(CONF).write_text(text, encoding="utf-8")


def _absolute() -> None:
    """Make the paths of the configuration absolute: the session of the tests was started in another folder."""
    text = Path(CONF).read_text(encoding="utf-8")
    Path(CONF).write_text(re.sub(r"(path|report): (landing|churn)/", rf"\1: {os.getcwd()}/\2/", text), encoding="utf-8")


def _run(command: str, capsys) -> list[str]:
    words = shlex.split(command)
    if exported := re.fullmatch(r"export (\w+)=(.*)", command):
        os.environ[exported[1]] = subprocess.check_output(["bash", "-c", f"echo {exported[2]}"], text=True).strip()
        return []
    if words[0] != "churn-spark":
        shell = f'python() {{ {shlex.quote(sys.executable)} "$@"; }}; {command}'
        return subprocess.check_output(["bash", "-c", shell], text=True).splitlines()
    capsys.readouterr()
    app(words[1:], standalone_mode=False)
    if words[1] == "init":
        _absolute()
    out, err = capsys.readouterr()
    return [line.replace(f"{os.getcwd()}/", "") for line in (*err.splitlines(), *out.splitlines())]


def _compare(command: str, shown: list[str], printed: list[str]) -> None:
    """Every line that the page shows is printed, in the same order."""
    fitted = command.split()[1] in FITTED and command.startswith("churn-spark")
    lines = iter([_form(line, fitted) for line in printed])
    for line in shown:
        if line.strip() != "...":
            assert _form(line, fitted) in lines, "\n".join((command, "does not print, here", line, "but", *printed))


def _form(line: str, fitted: bool) -> str:
    line = re.sub(r" {2,}|-{2,}", " ", SECONDS.sub("", line.rstrip()))
    return NUMBER.sub("N", line) if fitted else line
