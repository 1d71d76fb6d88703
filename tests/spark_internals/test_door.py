"""Only one room reaches into the JVM: else what a user of Databricks or Spark Connect cannot have is on no page."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOM = ROOT / "churn_spark" / "spark_internals"
PRIVATE = re.compile(
    r"\._(?:jvm|jsc|jdf|jdt|jsparkSession|jconf|jc|jrdd|jmodel|java_obj|gateway|ensure_initialized|origin)\b|\bpy4j\b"
)


def reaching(folder: Path) -> list[str]:
    """The places below a folder, outside the room, where something private of PySpark or Delta is named."""
    return [
        f"{path.relative_to(folder)}:{number}"
        for path in sorted(folder.rglob("*.py"))
        if ROOM not in path.parents
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if PRIVATE.search(line)
    ]


@pytest.mark.parametrize("folder", ["churn_spark", "jobs", "benchmarks"])
def test_nothing_outside_the_room_reaches_into_the_jvm(folder: str) -> None:
    assert reaching(ROOT / folder) == []


def test_what_reaches_into_the_jvm_is_recognised(tmp_path: Path) -> None:
    lines = ["spark._jvm.java", "rows._jdf.schema()", "SparkContext._gateway", "table._jdt", "import py4j", "x._jvm_s"]
    (tmp_path / "made.py").write_text("\n".join(lines))
    assert reaching(tmp_path) == [f"made.py:{number}" for number in range(1, 6)]


def test_each_function_that_needs_the_jvm_names_what_is_public_instead() -> None:
    """A module says it, or the class, or each of its public functions."""
    silent = []
    for path in sorted(ROOM.glob("[a-z]*.py")):
        text = path.read_text()
        if "Public:" in text.split('"""')[1]:
            continue
        for block in re.split(r"^(?=def [a-z]|class [A-Z])", text, flags=re.MULTILINE)[1:]:
            needs = re.search(r"spark\._|_jvm|self\._node|SparkContext\._|_parser\(|_analysed\(|_execution\(", block)
            if needs and not re.search(r"Public:|Connect:|Databricks", block):
                silent.append(f"{path.name}: {block.splitlines()[0]}")
    assert silent == []
