"""spark-submit jobs/score.py --conf conf/project.yaml --as-of 2026-06-01"""

from churn_spark.cli.job import job
from churn_spark.stages.all_stages import SCORE

if __name__ == "__main__":
    job(SCORE)
