"""spark-submit jobs/daily.py --conf conf/project.yaml --as-of 2026-06-01"""

from churn_spark.chain import daily
from churn_spark.run import command

if __name__ == "__main__":
    command("daily", "Everything of one day, ingest to report.", daily)
