"""Two jobs at the same moment, each in a thread and with a catalog of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from churn_spark.definitions.errors import BusyError, ChurnError
from churn_spark.definitions.project import Project, Run
from churn_spark.stages.stage import Stage
from churn_spark.tables.catalog import Catalog

SECONDS = 300.0
"""How long a run waits at most for the other one to be refused."""


def at_once(*works: Callable[[], object]) -> list[ChurnError | None]:
    """Start everything at the same moment, and return the named error that each ended with; all others are raised."""
    start = threading.Barrier(len(works))

    def done(work: Callable[[], object]) -> ChurnError | None:
        start.wait()
        try:
            work()
        except ChurnError as error:
            return error
        return None

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(done, works))


def twice(stage: Stage, started: Callable[[Stage, Catalog], object], *catalogs: Catalog) -> None:
    """Start a job twice at once: one gets to work, and goes on once the other has been refused."""
    refused = threading.Event()

    def waiting(run: Run, project: Project, catalog: Catalog) -> None:
        assert refused.wait(SECONDS), f"two runs of {stage.name} are at work at once"
        stage.work(run, project, catalog)

    def tried(catalog: Catalog) -> None:
        try:
            started(replace(stage, work=waiting), catalog)
        except BusyError:
            refused.set()
            raise

    ended = at_once(*(partial(tried, catalog) for catalog in catalogs))
    assert {type(error) for error in ended} == {BusyError, type(None)}, ended
