"""docs/python.md and the docstrings of a project: their examples run, in a folder with a project."""

import doctest

import pytest

import churn_spark
from churn_spark.api import project
from tests.docs.pages import blocks, page

PAGE = page("docs/python.md")


@pytest.fixture
def _in_its_folder(spark, scored, tmp_path, monkeypatch):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "mine.yaml").write_text(scored.read_text())
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_in_its_folder")
def test_the_examples_of_the_page_run(tmp_path):
    known = {}
    for example in blocks(PAGE, "python"):
        exec(example, known)
    assert list(known["features"].columns[:2]) == ["customer_id", "as_of_date"]
    assert (tmp_path / "risks.csv").exists()
    assert known["runs"].job.tolist() == ["ingest"]
    assert set(known["train"].part) == {"train"}


@pytest.mark.usefixtures("_in_its_folder")
def test_the_examples_of_docstrings_are_true():
    outcome = doctest.testmod(project, optionflags=doctest.ELLIPSIS)
    assert outcome.attempted
    assert not outcome.failed


def test_every_argument_in_the_table_exists():
    known = churn_spark.window_features.__annotations__
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    named = {word.removesuffix("=") for row in rows for word in row.split("`") if word.endswith("=")}
    assert named
    assert named <= known.keys()
