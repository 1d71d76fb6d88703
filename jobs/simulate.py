"""spark-submit jobs/simulate.py telecom --customers 100000 --from 2025-01-01 --to 2025-12-31 --out simulated/telecom"""

import typer

from churn_spark.cli.job import leave
from churn_spark.cli.main import simulate

if __name__ == "__main__":
    leave(lambda: typer.run(simulate))
