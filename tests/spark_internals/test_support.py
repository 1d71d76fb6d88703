"""The versions of Spark that are said to be supported are those that can be tested, with Delta's jars for them."""

import re
from pathlib import Path

from churn_spark.runtime.jars import DELTA_SPARK, coordinates

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "support.md").read_text(encoding="utf-8")


def locked(lock: Path) -> str:
    """The version of PySpark that a file of locked requirements names."""
    (version,) = re.findall(r"^pyspark==(\S+)", lock.read_text(), re.MULTILINE)
    return version


def test_each_version_with_jars_is_locked_and_on_the_page() -> None:
    versions = [locked(lock) for lock in [ROOT / "requirements" / "run.lock", *ROOT.glob("requirements/spark-*.lock")]]
    assert {version.rpartition(".")[0] for version in versions} == set(DELTA_SPARK)
    for version in versions:
        delta, _ = coordinates(version)
        assert re.search(rf"^\| {re.escape(version)}\b.*`{delta.removeprefix('io.delta:')}`", PAGE, re.MULTILINE)


def test_the_tests_for_another_spark_exist() -> None:
    """Make passes the list to pytest, of which a file that was moved would end the whole run."""
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    text = re.search(r"^SPARK_TESTS := \$\(addprefix tests/,(.*)\)$", makefile, re.MULTILINE)[1]
    outer, _, stages = text.partition("$(addprefix stages/test_,")
    paths = [*outer.split(), *(f"stages/test_{name}" for name in stages.rstrip(")").split())]
    assert len(paths) > 15
    assert [path for path in paths if not (ROOT / "tests" / path).exists()] == []


def test_each_module_behind_the_door_is_on_the_page() -> None:
    modules = {path.stem for path in (ROOT / "churn_spark" / "spark_internals").glob("[a-z]*.py")}
    assert modules == set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
