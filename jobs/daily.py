"""spark-submit jobs/daily.py --conf conf/project.yaml --as-of 2026-06-01"""

from churn_spark.cli.job import command
from churn_spark.pipelines.daily import daily

if __name__ == "__main__":
    command("daily", "Everything of one day, ingest to report.", daily)
