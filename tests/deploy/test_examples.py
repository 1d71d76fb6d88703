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

from churn_spark.cli import job
from churn_spark.definitions.errors import ALL, BusyError, ConfigError, UnavailableError
from churn_spark.settings import load
from churn_spark.tables.job_locks import TERM

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
    spec = cronjob["spec"]["jobTemplate"]["spec"]
    (rule,) = spec["podFailurePolicy"]["rules"]
    assert (rule["action"], rule["onExitCodes"]["operator"]) == ("FailJob", "In")
    retried = {BusyError.exit_code, UnavailableError.exit_code}
    assert set(rule["onExitCodes"]["values"]) == {e.exit_code for e in ALL} - retried | {2, job.BUG}
    # Kubernetes waits 10 s, then twice as long each time: together longer than a killed driver's lease.
    assert sum(10 * 2**n for n in range(spec["backoffLimit"])) > TERM.total_seconds()


def test_the_cron_job_s_command_reaches_spark_submit_and_the_job_takes_its_arguments(cronjob, tmp_path, monkeypatch):
    (container,) = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    script, *arguments = container["args"]
    assert Path(script).name == "submit.sh"
    set_by_engine = {entry["name"]: entry.get("value", "x") for entry in container["env"]}
    submitted = _said(tmp_path, "spark-submit", [DEPLOY / "kubernetes" / "submit.sh", *arguments], set_by_engine)
    assert submitted[-len(arguments) :] == arguments
    assert f"spark.kubernetes.container.image={container['image']}" in submitted
    asked = _asked(monkeypatch, ROOT / "jobs" / Path(arguments[0]).name, arguments[1:])
    assert asked == (Path("/etc/churn_spark/project.yaml"), None, "kubernetes", "json", [])


@pytest.mark.parametrize("name", sorted(file.stem for file in (ROOT / "conf").glob("*.yaml")))
def test_what_the_cron_job_mounts_is_where_the_project_reads_and_writes(cronjob, tmp_path, monkeypatch, name):
    pod = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    mounts = {mount["name"]: Path(mount["mountPath"]) for mount in container["volumeMounts"]}
    assert set(mounts) == {volume["name"] for volume in pod["volumes"]}
    (project_volume,) = (volume["configMap"] for volume in pod["volumes"] if volume["name"] == "project")
    files = {"project.yaml": ROOT / "conf" / f"{name}.yaml", "kubernetes.yaml": ROOT / "conf/env/kubernetes.yaml"}
    assert {item["key"] for item in project_volume["items"]} == set(files)
    for item in project_volume["items"]:
        mounted = tmp_path / item["path"]
        mounted.parent.mkdir(exist_ok=True)
        shutil.copy(files[item["key"]], mounted)
    for entry in container["env"]:
        monkeypatch.setenv(entry["name"], entry.get("value", "x"))
    arguments = dict(word.removeprefix("--").split("=") for word in container["args"][2:])
    asked = Path(arguments["conf"])
    assert asked.parent == mounts["project"]
    project = load(tmp_path / asked.name, arguments["env"])
    shared = mounts["warehouse"]
    assert Path(project.warehouse.path).is_relative_to(shared)
    assert Path(project.report_path).is_relative_to(shared)
    assert project.tracking.uri == os.environ["MLFLOW_TRACKING_URI"]
    assert project.tracking.models is None  # below the warehouse, which executors see
    submit = (DEPLOY / "kubernetes" / "submit.sh").read_text()
    assert f"volumes.persistentVolumeClaim.warehouse.mount.path={shared}" in submit
    if "${LANDING" in files["project.yaml"].read_text():
        assert all(Path(source.path).is_relative_to(shared) for source in project.sources)


def test_the_cron_job_runs_as_the_image_s_user(cronjob):
    image = (DEPLOY / "Dockerfile").read_text()
    (user,) = re.findall(r"^USER (\d+):0$", image, re.MULTILINE)
    pod = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert str(pod["securityContext"]["runAsUser"]) == user
    (made,) = re.findall(r"^RUN useradd (.*)$", image, re.MULTILINE)
    assert {f"--uid {user}", "--gid 0", "--create-home"} <= {*re.findall(r"--\S+(?: [^-]\S*)?", made)}


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("setpriv"), reason="only root can become another user")
def test_a_container_of_a_user_without_a_name_ends_by_saying_so():
    as_nobody = ["setpriv", "--reuid=65533", "--regid=0", "--clear-groups"]
    done = subprocess.run(
        [*as_nobody, "bash", "-s", "true"],
        stdin=(DEPLOY / "entrypoint.sh").open(),
        env={"PATH": os.environ["PATH"], "SPARK_HOME": "/spark"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ConfigError.exit_code
    assert done.stderr.startswith("the user id 65533 has no name, without which Hadoop does not log in; run ")


def test_nothing_that_runs_on_executors_asks_for_more_than_is_documented():
    page = (ROOT / "docs" / "operations.md").read_text().replace("\n", " ")
    assert "numpy, pandas and pyarrow also where the executors run" in page
    program = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in NAMES:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
import churn_spark.features.arrow, churn_spark.events.pseudonyms
"""
    driver_only = ("filelock", "mlflow", "pydantic", "yaml", "rich", "typer", "matplotlib", "jinja2", "delta")
    program = program.replace("NAMES", repr(driver_only))
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


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


def _asked(monkeypatch, script: Path, arguments: list[str]) -> tuple:
    """What a job was asked to do: its arguments as `job.start` gets them, but for the work and its name."""
    asked = []
    monkeypatch.setattr(job, "start", lambda *given: asked.append(given[:5]))
    monkeypatch.setattr(sys, "argv", [str(script), *arguments])
    with pytest.raises(SystemExit) as left:
        runpy.run_path(str(script), run_name="__main__")
    assert not left.value.code
    return asked[0]
