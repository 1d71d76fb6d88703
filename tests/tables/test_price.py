"""What a write, a row of the ledger and a first look cost in Spark jobs, with adaptive execution as in production."""

import uuid
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest

from tests.tables.scratch import CHOSEN, DAY, NEXT, SCORES, a_catalog, a_run, scores


@pytest.mark.usefixtures("generated_code")
def test_each_check_each_write_and_each_row_of_the_ledger_is_one_job(spark, tmp_path):
    catalog = a_catalog(spark, tmp_path)
    for number in range(2):
        run, rows = a_run(), scores(spark, ("a", DAY, 0.5, number), ("b", NEXT, None, number))
        decision = spark.createDataFrame([(f"x{number}", number)], CHOSEN.schema)
        with ExitStack() as block:
            start, tx = jobs_of(spark, partial(block.enter_context, catalog.transaction(run, {SCORES: [DAY, NEXT]})))
            replace, _ = jobs_of(spark, partial(tx.replace, SCORES, rows, [DAY, NEXT]))
            append, _ = jobs_of(spark, partial(tx.append, CHOSEN, decision))
        end, _ = jobs_of(spark, partial(catalog.end, run))
    # Beside the check and the write: the table's size and the files to replace, both from Delta's log.
    assert (start, replace, append, end) == (1, 4, 2, 1)
    assert jobs_of(spark, lambda: a_catalog(spark, tmp_path).ledger)[0] <= 2


def jobs_of(spark, work: Callable[[], Any]) -> tuple[int, Any]:
    """How many Spark jobs a piece of work starts, and what it returns."""
    context, group = spark.sparkContext, uuid.uuid4().hex
    context.setJobGroup(group, "")
    try:
        result = work()
    finally:
        context.setLocalProperty("spark.jobGroup.id", None)
    return len(context.statusTracker().getJobIdsForGroup(group)), result
