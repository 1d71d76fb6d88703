"""spark-submit jobs/build_features.py --conf conf/project.yaml --as-of 2026-06-01"""

from churn_spark.cli.job import job
from churn_spark.stages.all_stages import BUILD_FEATURES

if __name__ == "__main__":
    job(BUILD_FEATURES)
