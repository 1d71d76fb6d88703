"""Upkeep beside readers: whoever has begun to read finishes, and no row that is kept changes."""

import os
import time

import pytest

from churn_spark.definitions.errors import ContractError
from churn_spark.tables import maintenance
from tests.tables.scratch import DAY, NEXT, SCORES, TAKEN, a_catalog, a_run, content, scores, taken, write


def test_a_reader_finishes_while_the_table_is_compacted_and_vacuumed(spark, tmp_path):
    catalog = a_catalog(spark, tmp_path)
    for delivery in ("a", "b"):
        write(catalog, TAKEN, taken(spark, (delivery, delivery, DAY)), a_run(), [DAY], delivery=[delivery])
    left = tmp_path / TAKEN.name / f"as_of_date={DAY}" / "part-left-by-a-crash.parquet"
    left.write_bytes(b"half a file")
    os.utime(left, (1e9, 1e9))
    reading = catalog.read(TAKEN).toLocalIterator()
    read = [next(reading)]
    assert maintenance.compact(spark, catalog.location, TAKEN, DAY) == 2
    maintenance.keep(spark, catalog.location, TAKEN, days=30, hours=240)
    maintenance.vacuum(spark, catalog.location, TAKEN)
    assert not left.exists()
    read += reading
    assert sorted(map(tuple, read)) == content(catalog, TAKEN) == [("a", "a", DAY), ("b", "b", DAY)]


def test_files_are_kept_as_long_as_is_said_and_no_longer(spark, tmp_path):
    catalog = a_catalog(spark, tmp_path)
    write(catalog, SCORES, scores(spark, ("a", DAY, 0.5, 1)), a_run())
    left = tmp_path / SCORES.name / f"as_of_date={DAY}" / "part-left-by-a-crash.parquet"
    left.write_bytes(b"half a file")
    two_days_ago = time.time() - 48 * 3600
    os.utime(left, (two_days_ago, two_days_ago))
    for hours, stays in ((72, True), (24, False)):
        maintenance.keep(spark, catalog.location, SCORES, days=30, hours=hours)
        maintenance.vacuum(spark, catalog.location, SCORES)
        assert left.exists() == stays


def test_removed_partitions_were_never_built(spark, tmp_path):
    catalog = a_catalog(spark, tmp_path)
    write(catalog, SCORES, scores(spark, ("a", DAY, 0.5, 1), ("a", NEXT, 0.5, 2)), a_run(), [DAY, NEXT])
    run = a_run("maintain")
    with catalog.transaction(run, {SCORES: [DAY]}) as tx:
        with pytest.raises(ContractError, match="without announcing it"):
            tx.remove(SCORES, [NEXT])
        tx.remove(SCORES, [DAY])
    assert catalog.end(run).status == "ok"
    assert content(catalog, SCORES) == [("a", NEXT, 0.5, 2)]
    assert set(catalog.ledger.partitions(SCORES.name)) == {NEXT}
    assert catalog.ledger.open(SCORES.name) == {}
    write(catalog, SCORES, scores(spark, ("a", DAY, 0.7, 1)), a_run())
    assert content(catalog, SCORES) == [("a", DAY, 0.7, 1), ("a", NEXT, 0.5, 2)]
