"""The daily path as a DAG, and a DAG of one task for every stage that has its own schedule (Airflow 3).

Lay this file and derived_tasks.py into the DAG folder of an Airflow whose scheduler and workers have churn_spark
installed (`pip install 'churn-spark[local]'`), and set CHURN_SPARK_CONF to the project's configuration. Where Spark
runs is the workers' own matter: spark-defaults.conf, or PYSPARK_SUBMIT_ARGS="--master ... pyspark-shell".
"""

import os
from datetime import timedelta
from pathlib import Path

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
from derived_tasks import daily_tasks, occasional_tasks

from churn_spark.settings import load

CONF = Path(os.environ.get("CHURN_SPARK_CONF", "conf/project.yaml"))
ENVIRONMENT = os.environ.get("CHURN_SPARK_ENV")
SCHEDULES = {"profile": "0 4 1 * *", "train": "0 7 * * 1", "maintain": "0 9 * * 6"}

project = load(CONF, ENVIRONMENT)
arguments = f"--conf {CONF}" + (f" --env {ENVIRONMENT}" if ENVIRONMENT else "")
common = {
    "start_date": pendulum.datetime(2026, 1, 1, tz=project.zone),
    "catchup": False,  # a run takes in whatever was missed; backfill fills dates
    "max_active_runs": 1,
    "default_args": {"retries": 2, "retry_delay": timedelta(minutes=20)},
    "tags": ["churn"],
}

with DAG(f"{project.name}_daily", schedule="30 5 * * *", **common):
    operators = {
        task.task_id: BashOperator(task_id=task.task_id, bash_command=task.command)
        for task in daily_tasks(project, arguments)
    }
    for task in daily_tasks(project, arguments):
        for name in task.upstream:
            operators[name] >> operators[task.task_id]

for name, task in occasional_tasks(arguments).items():
    with DAG(f"{project.name}_{name}", schedule=SCHEDULES.get(name), **common):
        BashOperator(task_id=task.task_id, bash_command=task.command)
