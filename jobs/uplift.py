"""spark-submit jobs/uplift.py --conf conf/project.yaml --as-of 2026-06-01"""

from churn_spark.cli.job import job
from churn_spark.stages.all_stages import UPLIFT_STAGE

if __name__ == "__main__":
    job(UPLIFT_STAGE)
