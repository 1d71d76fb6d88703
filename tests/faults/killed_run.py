"""A program that is killed: `killed_run.py CONF AS_OF STAGE KIND NUMBER` runs a stage and dies at its n-th commit.

KIND is `landed` (the commit has landed) or `writing` (its data files are there, its log entry is not).
"""

import sys
from datetime import date
from pathlib import Path

from churn_spark.cli import job
from churn_spark.runtime import run
from churn_spark.runtime.session import session
from churn_spark.stages.all_stages import STAGES
from tests.conftest import FAST_JVM, FAST_STARTS
from tests.faults.crash import kill_at_commit, kill_while_writing

if __name__ == "__main__":
    conf, as_of, name, kind, number = sys.argv[1:]
    session("killed", extra=FAST_STARTS | {"spark.driver.extraJavaOptions": FAST_JVM})
    project, catalog = job.opened(Path(conf))
    {"landed": kill_at_commit, "writing": kill_while_writing}[kind](int(number))
    stage = next(stage for stage in STAGES if stage.name == name)
    run.run_stage(stage, project, catalog, date.fromisoformat(as_of))
