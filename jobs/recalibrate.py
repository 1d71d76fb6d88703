"""spark-submit jobs/recalibrate.py --conf conf/project.yaml --as-of 2026-06-01 --reason '...'"""

from churn_spark.cli.job import leave
from churn_spark.cli.main import by_hand

if __name__ == "__main__":
    leave(by_hand("recalibrate"))
