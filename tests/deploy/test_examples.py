"""The deployment examples, as far as they can be tried without an engine: files, syntax, arguments, exit codes."""

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from churn_spark import run
from churn_spark.definitions.errors import ALL

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SCRIPTS = sorted(DEPLOY.rglob("*.sh"))


def test_what_the_image_copies_is_there():
    copied = re.findall(r"^COPY (?:--\S+ )*(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    sources = [name for line in copied for name in line.split()]
    assert len(sources) >= 8
    assert [name for name in sources if not (ROOT / name).exists()] == []


def test_the_image_does_not_run_as_root():
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    (user,) = [line.split()[1] for line in lines if line.startswith("USER")]
    assert user.split(":")[0] not in ("0", "root")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_executable_and_parse(script):
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)


@pytest.fixture
def cronjob():
    documents = {d["kind"]: d for d in yaml.safe_load_all((DEPLOY / "kubernetes" / "cronjob.yaml").read_text())}
    assert set(documents) == {"ServiceAccount", "Role", "RoleBinding", "PersistentVolumeClaim", "CronJob"}
    return documents["CronJob"]


def test_kubernetes_retries_only_what_can_pass_later(cronjob):
    (rule,) = cronjob["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    final = {"ConfigError", "ContractError", "ModelError"}
    assert set(rule["onExitCodes"]["values"]) == {e.exit_code for e in ALL if e.__name__ in final} | {run.BUG}


def test_the_cron_job_s_command_reaches_spark_submit_and_the_job_takes_its_arguments(cronjob, tmp_path, monkeypatch):
    (container,) = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    script, *arguments = container["args"]
    assert Path(script).name == "submit.sh"
    set_by_engine = {entry["name"]: entry.get("value", "x") for entry in container["env"]}
    submitted = _said(tmp_path, "spark-submit", [DEPLOY / "kubernetes" / "submit.sh", *arguments], set_by_engine)
    assert submitted[-len(arguments) :] == arguments
    assert f"spark.kubernetes.container.image={container['image']}" in submitted
    asked = _asked(monkeypatch, ROOT / "jobs" / Path(arguments[0]).name, arguments[1:])
    assert asked == (Path("/etc/churn_spark/project.yaml"), None, None, "json", [])


def test_the_entrypoint_starts_an_executor_as_spark_asks_and_any_other_command_as_it_is(tmp_path):
    entrypoint = DEPLOY / "entrypoint.sh"
    names = ("MEMORY", "ID", "CORES", "POD_IP", "POD_NAME")
    asked = {f"SPARK_EXECUTOR_{name}": name.lower() for name in names} | {"SPARK_HOME": "/spark"}
    asked |= {"SPARK_DRIVER_URL": "url", "SPARK_APPLICATION_ID": "app", "SPARK_RESOURCE_PROFILE_ID": "0"}
    asked |= {"SPARK_JAVA_OPT_1": "-Db=c=d", "SPARK_JAVA_OPT_0": "-Da"}
    java = _said(tmp_path, "java", [entrypoint, "executor"], asked)
    assert java[:6] == ["-Da", "-Db=c=d", "-Xmsmemory", "-Xmxmemory", "-cp", "/spark/conf:/spark/jars/*"]
    assert java[-2:] == ["--podName", "pod_name"]
    assert _said(tmp_path, "churn-spark", [entrypoint, "churn-spark", "a b"], {"SPARK_HOME": "/spark"}) == ["a b"]


def _said(folder: Path, program: str, command: list, environment: dict[str, str]) -> list[str]:
    """The arguments that a script gives to a program, which only prints them."""
    fake = folder / program
    fake.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    fake.chmod(0o755)
    shutil.copy(fake, folder / "python") if program != "python" else None
    path = f"{folder}:{os.environ['PATH']}"
    done = subprocess.run(command, env={**environment, "PATH": path}, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def _asked(monkeypatch, job: Path, arguments: list[str]) -> tuple:
    """What a job was asked to do: its arguments as `run.start` gets them, but for the work."""
    asked = []
    monkeypatch.setattr(run, "start", lambda *given: asked.append(given[:-1]))
    monkeypatch.setattr(sys, "argv", [str(job), *arguments])
    with pytest.raises(SystemExit) as left:
        runpy.run_path(str(job), run_name="__main__")
    assert not left.value.code
    return asked[0]
