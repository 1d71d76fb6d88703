"""Upkeep beside readers: whoever has begun to read finishes, and no row that is kept changes."""

import os
from datetime import date

from churn_spark.tables import maintenance
from tests.tables.scratch import DAY, NEXT, SCORES, TAKEN, a_catalog, a_run, content, scores, taken, write

WEEK = 168


def test_a_reader_finishes_while_the_table_is_compacted_and_vacuumed(spark, tmp_path):
    catalog = a_catalog(spark, tmp_path)
    for delivery in ("a", "b"):
        write(catalog, TAKEN, taken(spark, (delivery, delivery, DAY)), a_run(), [DAY], delivery=[delivery])
    left = tmp_path / TAKEN.name / f"as_of_date={DAY}" / "part-left-by-a-crash.parquet"
    left.write_bytes(b"half a file")
    os.utime(left, (1e9, 1e9))
    reading = catalog.read(TAKEN).toLocalIterator()
    read = [next(reading)]
    assert maintenance.compact(spark, catalog.place, TAKEN, DAY) == 2
    maintenance.vacuum(spark, catalog.place, TAKEN, WEEK)
    assert not left.exists()
    read += reading
    assert sorted(map(tuple, read)) == content(catalog, TAKEN) == [("a", "a", DAY), ("b", "b", DAY)]


def test_partitions_past_their_retention_go_and_no_others(spark, tmp_path):
    catalog = a_catalog(spark, tmp_path)
    write(catalog, SCORES, scores(spark, ("a", DAY, 0.5, 1), ("a", NEXT, 0.5, 2)), a_run(), [DAY, NEXT])
    assert maintenance.drop_before(spark, catalog.place, SCORES, maintenance.oldest_kept(date(2026, 3, 31), 29)) == 1
    assert content(catalog, SCORES) == [("a", NEXT, 0.5, 2)]
    assert maintenance.drop_before(spark, catalog.place, SCORES, NEXT) == 0
