"""The Airflow DAGs, derived from the stages, with a stand-in for Airflow that records what is built."""

import os
import runpy
import shlex
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from typer.testing import CliRunner

from churn_spark.cli import job, main
from churn_spark.definitions.dispatch import Dispatch, Route
from churn_spark.definitions.errors import ALL, BusyError, UnavailableError
from churn_spark.settings import load
from churn_spark.stages.all_stages import STAGES, daily_stages

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "airflow"
CONF = ROOT / "conf" / "telecom.yaml"
"""With a route it asks for every stage."""
ROUTES = Dispatch((Route("team", "TEAM_URL", "alerts", "digest"), Route("crm", "CRM_URL", "interventions", "single")))


@pytest.fixture
def derived(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import derived_tasks

    return derived_tasks


def test_daily_tasks_are_the_daily_stages_in_the_order_of_the_graph(derived):
    tasks = derived.daily_tasks(replace(load(CONF), dispatch=ROUTES), "--conf conf/x.yaml")
    names = [task.task_id for task in tasks]
    assert names == [stage.name for stage in STAGES if stage.daily]
    upstream = {task.task_id: set(task.upstream) for task in tasks}
    assert upstream["ingest"] == set()
    assert upstream["build_tiles"] == {"ingest"}
    assert upstream["build_networks"] == {"ingest", "build_tiles"}
    assert "build_networks" in upstream["build_features"]
    assert "build_features" in upstream["build_labels"] & upstream["score"]
    assert "score" not in upstream["build_labels"]
    assert upstream["report"] == {*names} - {"report", "dispatch"}
    assert upstream["dispatch"] == {*names} - {"dispatch"}  # a route may be that of the brief
    for place, task in enumerate(tasks):
        assert set(task.upstream) <= {before.task_id for before in tasks[:place]}


def test_what_nothing_in_a_project_asks_for_is_no_task_of_its(derived):
    project = load(ROOT / "conf" / "complete_journey.yaml")
    names = [task.task_id for task in derived.daily_tasks(project, "--conf conf/x.yaml")]
    assert names == [stage.name for stage in daily_stages(project)]
    assert "build_networks" not in names


def test_every_command_is_one_the_command_line_takes(derived, monkeypatch):
    asked = []
    monkeypatch.setattr(job, "start", lambda *given: asked.append(given[:5]))
    tasks = [
        *derived.daily_tasks(replace(load(CONF), dispatch=ROUTES), "--conf conf/x.yaml --env prod"),
        *_occasional(derived),
    ]
    for task in tasks:
        program, *arguments = shlex.split(task.command.replace(derived.AS_OF, str(date(2026, 6, 1))))
        assert program == "churn-spark"
        done = CliRunner().invoke(main.app, arguments)
        assert done.exit_code == 0, done.output
    assert asked == [(Path("conf/x.yaml"), "2026-06-01", "prod", "json", [])] * len(STAGES)


def _occasional(derived) -> list:
    return list(derived.occasional_tasks("--conf conf/x.yaml --env prod").values())


def test_every_task_runs_where_relative_paths_are_meant(airflow, monkeypatch):
    monkeypatch.setenv("CHURN_SPARK_CONF", str(CONF))
    for given, folder in ((None, str(CONF.parent)), ("/srv/churn", "/srv/churn")):
        monkeypatch.setenv("CHURN_SPARK_FOLDER", given) if given else monkeypatch.delenv("CHURN_SPARK_FOLDER", False)
        airflow.clear()
        runpy.run_path(str(FOLDER / "churn_spark_dag.py"))
        assert {place for dag in airflow.values() for place in dag.folders} == {folder}


def test_the_dag_file_builds_a_dag_of_all_daily_stages_and_one_for_each_other(derived, airflow, monkeypatch):
    monkeypatch.setenv("CHURN_SPARK_CONF", str(CONF))
    runpy.run_path(str(FOLDER / "churn_spark_dag.py"))
    tasks = {task.task_id: task for task in derived.daily_tasks(load(CONF), f"--conf {CONF}")}
    daily = airflow["simulated_telecom_daily"]
    assert {name: set(task.upstream) for name, task in tasks.items()} == daily.upstream
    assert {name: task.command for name, task in tasks.items()} == daily.commands
    others = {stage.name for stage in STAGES if not stage.daily}
    assert set(airflow) == {"simulated_telecom_daily"} | {f"simulated_telecom_{name}" for name in others}
    assert all(dag.schedule for dag in airflow.values())


class FailError(Exception):
    """Airflow's error that no retry follows."""


@pytest.mark.parametrize(
    ("code", "error"),
    [(0, None), (75, RuntimeError), (68, RuntimeError), (137, RuntimeError)]
    + [(code, FailError) for code in (2, 64, 65, 66, 67, 69, 70)],
)
@pytest.mark.usefixtures("derived", "airflow")
def test_a_task_is_tried_again_only_where_its_exit_code_says_that_it_can_help(monkeypatch, tmp_path, code, error):
    monkeypatch.setenv("CHURN_SPARK_CONF", str(CONF))
    made = runpy.run_path(str(FOLDER / "churn_spark_dag.py"))
    with made["DAG"]("one", schedule=None):
        task = made["Job"](task_id="score", bash_command='pwd > there; exit "$CODE"', cwd=str(tmp_path))
    with pytest.raises(error, match=f"exit code {code}") if error else nullcontext():
        task.execute({"CODE": str(code)})
    assert (tmp_path / "there").read_text().strip() == str(tmp_path)


def test_the_codes_that_no_retry_follows_are_all_but_those_that_pass_by_themselves(derived):
    assert {BusyError.exit_code, UnavailableError.exit_code} == derived.RETRIED
    assert {2, job.BUG} | {error.exit_code for error in ALL} - derived.RETRIED == derived.FINAL


@pytest.fixture
def airflow(monkeypatch) -> dict:
    """Stand-ins for the names the DAG file takes from Airflow; gives the DAGs by id."""
    dags: dict = {}

    class Dag:
        def __init__(self, dag_id: str, schedule: str | None, **_: object) -> None:
            self.schedule, self.upstream, self.commands, self.folders = schedule, {}, {}, []
            dags[dag_id] = self

        def __enter__(self) -> "Dag":
            Operator.dag = self
            return self

        def __exit__(self, *_: object) -> None:
            del Operator.dag

    class Operator:
        dag: Dag

        def __init__(self, task_id: str, bash_command: str, cwd: str) -> None:
            self.dag.folders.append(cwd)
            self.name, self.within = task_id, self.dag
            self.dag.commands[task_id], self.dag.upstream[task_id] = bash_command, set()
            self.bash_command, self.cwd, self.subprocess_hook = bash_command, cwd, Hook()

        def get_env(self, context: dict) -> dict[str, str]:
            return {**os.environ, **context}

        def __rshift__(self, after: "Operator") -> None:
            self.within.upstream[after.name].add(self.name)

    class Hook:
        def run_command(self, command: list[str], env: dict[str, str], cwd: str) -> SimpleNamespace:
            return SimpleNamespace(exit_code=subprocess.run(command, env=env, cwd=cwd, check=False).returncode)

    modules = {"airflow": {}, "airflow.sdk": {"DAG": Dag}, "airflow.exceptions": {"AirflowFailException": FailError}}
    modules |= {"pendulum": {"datetime": lambda *_, **__: None}}
    for name in ("airflow.providers", "airflow.providers.standard", "airflow.providers.standard.operators"):
        modules[name] = {}
    modules["airflow.providers.standard.operators.bash"] = {"BashOperator": Operator}
    for name, members in modules.items():
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    return dags


def test_the_commands_on_schedule_name_the_as_of_date_of_the_run(derived):
    assert all(derived.AS_OF in task.command for task in _occasional(derived))
    assert os.linesep not in "".join(task.command for task in _occasional(derived))
