"""spark-submit jobs/backfill.py --conf conf/project.yaml --as-of 2026-06-01 [--from D --to D] [--dry-run]"""

import typer

from churn_spark.cli.job import leave
from churn_spark.cli.main import backfill

if __name__ == "__main__":
    leave(lambda: typer.run(backfill))
