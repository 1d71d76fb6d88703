"""spark-submit jobs/profile_data.py --conf conf/project.yaml --as-of 2026-06-01

Not profile.py: beside the other jobs it would stand in for the standard library's module of that name.
"""

from churn_spark.cli.job import job
from churn_spark.stages.all_stages import PROFILE

if __name__ == "__main__":
    job(PROFILE)
