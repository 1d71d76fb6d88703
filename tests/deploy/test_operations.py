"""docs/operations.md says what the code does."""

import re
from pathlib import Path

from churn_spark.cli import job
from churn_spark.definitions.errors import ALL
from churn_spark.tables import damage

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text()


def test_the_table_of_exit_codes_is_that_of_the_errors():
    rows = re.findall(r"^\| (\d+) \| (?:`(\w+)`)? *\| (.*?) \|", PAGE, re.MULTILINE)
    named = {int(code): (name, text) for code, name, text in rows if name}
    assert named == {error.exit_code: (error.__name__, error.__doc__) for error in ALL}
    assert {int(code) for code, *_ in rows} - set(named) == {0, 2, job.BUG, job.INTERRUPTED}


def test_every_command_it_shows_is_one_that_there_is():
    from churn_spark.cli.main import app

    verbs = {command.name or command.callback.__name__.rstrip("_") for command in app.registered_commands}
    shown = set(re.findall(r"churn-spark (\w[\w-]*)", PAGE))
    assert shown - verbs == set()


def test_every_file_it_links_to_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target


def test_the_section_that_errors_point_to_is_there():
    (section,) = re.findall(r'"(.+)"', damage.REPAIR)
    assert f"\n## {section}\n" in PAGE
