"""What a stage says is due, beside what is built."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from churn_spark.definitions.project import Project, Run
from churn_spark.lineage.ledger import Ledger
from churn_spark.settings import load
from churn_spark.stages import all_stages
from churn_spark.stages.stage import PUBLISHED, Stage
from churn_spark.tables.catalog import Catalog
from tests.report.made_facts import made_project

PROJECT = made_project()
DAYS = [date(2026, 1, 1) + timedelta(days=back) for back in range(40)]


def no_work(run: Run, project: Project, catalog: Catalog) -> None:
    raise AssertionError("nothing is run here")


def test_definitions_are_hashed_once_however_many_partitions_there_are():
    asked: list[str] = []

    def definitions(project: Project) -> dict[str, dict[str, str]]:
        asked.append(project.name)
        return {"made": {"column": "1"}}

    stage = Stage("make", "Make it.", no_work, definitions=definitions)
    assert [item.day for item in stage.due(PROJECT, Ledger(), "made", DAYS)] == DAYS
    assert len(asked) == 1


def test_what_others_have_acted_upon_is_due_and_not_built():
    stage = Stage("make", "Make it.", no_work, published=lambda project, ledger: [DAYS[0]])
    due = stage.due(PROJECT, Ledger(), "made", DAYS[:2])
    assert [(item.day, item.kind) for item in due] == [(DAYS[0], PUBLISHED), (DAYS[1], "missing")]
    assert stage.to_build(PROJECT, Ledger(), "made", DAYS[:2]) == [DAYS[1]]


@pytest.mark.parametrize("stage", all_stages.STAGES, ids=lambda stage: stage.name)
def test_a_contract_names_the_stage_that_writes_it(stage):
    tables = stage.writes(load(Path("conf/telecom.yaml")))
    assert [table.name for table in tables if stage.name not in table.written_by] == []
