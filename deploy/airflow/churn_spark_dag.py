"""The daily path as a DAG, and a DAG of one task for every stage that has its own schedule (Airflow 3).

Lay this file and derived_tasks.py into the DAG folder of an Airflow whose DAG processor and workers have churn_spark
installed (`pip install 'churn-spark[local,report]'`). Their environment says the rest, the same for all of them:
CHURN_SPARK_CONF, the project's configuration, as a whole path; CHURN_SPARK_FOLDER, what its relative paths are relative
to (left out: the configuration's own folder); CHURN_SPARK_ENV, the environment over it, if any; and what these ask for
(the key of the pseudonyms, the variables in their paths). Where Spark runs is the workers' own matter:
spark-defaults.conf, or PYSPARK_SUBMIT_ARGS="--master ... pyspark-shell".
"""

import os
from datetime import timedelta
from pathlib import Path

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
from derived_tasks import FINAL, daily_tasks, occasional_tasks

from churn_spark.settings import load

try:
    from airflow.sdk.exceptions import AirflowFailException
except ImportError:  # before Airflow 3.2
    from airflow.exceptions import AirflowFailException

CONF = Path(os.environ["CHURN_SPARK_CONF"])
FOLDER = os.environ.get("CHURN_SPARK_FOLDER", str(CONF.parent))
ENVIRONMENT = os.environ.get("CHURN_SPARK_ENV")

project = load(CONF, ENVIRONMENT)
arguments = f"--conf {CONF}" + (f" --env {ENVIRONMENT}" if ENVIRONMENT else "")
common = {
    "start_date": pendulum.datetime(2026, 1, 1, tz=project.zone),
    "catchup": False,  # a run takes in whatever was missed; backfill fills dates
    "max_active_runs": 1,
    # Longer than the ten minutes in which the lease of a driver that was killed runs out.
    "default_args": {"retries": 2, "retry_delay": timedelta(minutes=20)},
    "tags": ["churn"],
}


class Job(BashOperator):
    """A job of churn_spark, which is tried again only where its exit code says that this can help."""

    def execute(self, context):
        command = ["bash", "-c", self.bash_command]
        done = self.subprocess_hook.run_command(command, env=self.get_env(context), cwd=self.cwd)
        if done.exit_code in FINAL:
            raise AirflowFailException(
                f"exit code {done.exit_code}: trying again does not help; the log says what does"
            )
        if done.exit_code:
            raise RuntimeError(f"exit code {done.exit_code}")


with DAG(f"{project.name}_daily", schedule="30 5 * * *", **common):
    operators = {
        task.task_id: Job(task_id=task.task_id, bash_command=task.command, cwd=FOLDER)
        for task in daily_tasks(project, arguments)
    }
    for task in daily_tasks(project, arguments):
        for name in task.upstream:
            operators[name] >> operators[task.task_id]

for name, task in occasional_tasks(arguments).items():
    with DAG(f"{project.name}_{name}", schedule=task.schedule, **common):
        Job(task_id=task.task_id, bash_command=task.command, cwd=FOLDER)
