"""The two ways of writing, and what they refuse."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ContractError
from churn_spark.definitions.periods import Days
from churn_spark.tables.table import INT, LONG, STRING, Column
from tests.tables.scratch import CHOSEN, DAY, NEXT, SCORES, TAKEN, a_catalog, a_run, content, scores, taken, write

ONE = ("a", DAY, 0.5, 1)


@pytest.fixture
def catalog(spark, tmp_path):
    return a_catalog(spark, tmp_path)


def test_a_table_never_written_reads_as_empty_with_the_contract_s_columns(catalog):
    assert not catalog.exists(SCORES)
    assert catalog.read(SCORES).schema == SCORES.schema
    assert content(catalog, SCORES) == []


def test_replace_replaces_its_dates_and_nothing_else(spark, catalog):
    write(catalog, SCORES, scores(spark, ONE, ("a", NEXT, 0.7, 2)), a_run(), (DAY, NEXT))
    # In another order of columns: the contract's order is stored.
    again = scores(spark, ("b", DAY, None, None)).select("n", "risk", "as_of_date", "customer_id")
    write(catalog, SCORES, again, a_run())
    assert content(catalog, SCORES) == [("a", NEXT, 0.7, 2), ("b", DAY, None, None)]
    assert catalog.read(SCORES, Days(DAY, NEXT)).collect() == catalog.read(SCORES, [DAY]).collect()
    assert catalog.read(SCORES, []).count() == 0


def test_a_date_without_rows_ends_empty_and_counts_as_built(spark, catalog):
    write(catalog, SCORES, scores(spark, ONE), a_run())
    entry = write(catalog, SCORES, scores(spark), a_run())
    assert content(catalog, SCORES) == []
    assert entry.writes[0].changed
    assert catalog.ledger.partition("scores", DAY).rows == 0


def test_three_equal_reruns_give_equal_files_and_change_nothing(spark, catalog, tmp_path):
    rows = [(f"c{n % 97:02d}{n}", DAY + timedelta(days=n % 2), n / 7, n) for n in range(300)]
    files = []
    for order in (rows, rows[::-1], rows[100:] + rows[:100]):
        entry = write(catalog, SCORES, scores(spark, *order).repartition(3), a_run(), (DAY, NEXT))
        files.append(sorted(_bytes(spark, tmp_path / "scores")))
    assert files[0] == files[1] == files[2]
    assert len(files[0]) == 2
    assert [written.changed for written in entry.writes] == [False, False]


def _bytes(spark, folder: Path) -> list[bytes]:
    """The newest version's files, one a partition."""
    names = spark.read.format("delta").load(str(folder)).select(F.input_file_name()).distinct().collect()
    return [Path(name[0].removeprefix("file:").removeprefix("//")).read_bytes() for name in names]


def test_a_change_is_seen_also_where_a_value_only_moves_to_another_column(spark, catalog):
    table = replace(SCORES, columns=(*SCORES.columns[:2], Column("m", LONG, "m"), Column("n", LONG, "n")))
    moved = spark.createDataFrame([("a", DAY, 5, None)], table.schema)
    write(catalog, table, moved, a_run())
    entry = write(catalog, table, spark.createDataFrame([("a", DAY, None, 5)], table.schema), a_run())
    assert entry.writes[0].changed


def test_a_narrowed_replacement_leaves_the_rest_of_the_partition(spark, catalog):
    awkward = 'sales/o\'clock \\ "x"\n%.csv'
    write(catalog, TAKEN, taken(spark, ("one", "a", DAY)), a_run(), delivery=["one"])
    write(catalog, TAKEN, taken(spark, (awkward, "b", DAY), (awkward, "c", DAY)), a_run(), delivery=[awkward])
    entry = write(catalog, TAKEN, taken(spark, (awkward, "d", DAY)), a_run(), delivery=[awkward])
    assert content(catalog, TAKEN) == [("one", "a", DAY), (awkward, "d", DAY)]
    # What is noted is the whole partition, so that an equal retake makes nothing stale.
    assert (entry.writes[0].rows, entry.writes[0].changed) == (2, True)
    entry = write(catalog, TAKEN, taken(spark, (awkward, "d", DAY)), a_run(), delivery=[awkward])
    assert (entry.writes[0].rows, entry.writes[0].changed) == (2, False)


def test_two_replacements_of_one_run_in_one_partition_count_together(spark, catalog):
    run = a_run()
    catalog.enter(run)
    with catalog.transaction(run, {TAKEN: [DAY]}) as tx:
        for delivery, customer in (("one", "a"), ("two", "b")):
            tx.replace(TAKEN, taken(spark, (delivery, customer, DAY)), [DAY], {"delivery": [delivery]})
    (written,) = catalog.end(run).writes
    assert (written.rows, written.partition) == (2, DAY)


def test_a_key_of_another_delivery_in_the_partition_is_refused(spark, catalog):
    write(catalog, TAKEN, taken(spark, ("one", "a", DAY)), a_run(), delivery=["one"])
    run = a_run()
    with pytest.raises(ContractError, match=r"taken: a key \(customer_id, as_of_date\) stands twice in 2026-03-01"):
        write(catalog, TAKEN, taken(spark, ("two", "a", DAY)), run, delivery=["two"])
    assert catalog.end(run, error="ContractError").status == "failed"
    assert content(catalog, TAKEN) == [("one", "a", DAY)]


def test_rows_outside_the_narrowed_part_are_refused(spark, catalog):
    with pytest.raises(ContractError, match="rows outside what is replaced"):
        write(catalog, TAKEN, taken(spark, ("two", "a", DAY)), a_run(), delivery=["one"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.drop("risk"), "scores: risk is missing"),
        (lambda rows: rows.withColumn("x", F.lit(1)), "scores: x is not in the contract"),
        (lambda rows: rows.withColumn("n", F.col("n").cast("int")), "scores: n is int, not bigint"),
        (lambda rows: rows.withColumn("risk", F.lit("high")), "scores: risk is string, not double"),
        (lambda rows: rows.unionByName(rows), r"scores: a key \(customer_id, as_of_date\) stands twice in 2026-03-01"),
        (
            lambda rows: rows.withColumn("customer_id", F.lit(None).cast("string")),
            "scores: customer_id is null in 1 rows",
        ),
        (
            lambda rows: rows.withColumn("as_of_date", F.lit(NEXT)),
            "scores: rows of 2026-03-02 are not the run's to write",
        ),
        (lambda rows: rows.withColumn("as_of_date", F.lit(None).cast("date")), "scores: as_of_date is null in 1 rows"),
    ],
)
def test_what_does_not_match_the_contract_is_named_and_not_written(spark, announced, change, message):
    catalog, tx = announced
    with pytest.raises(ContractError, match=message):
        tx.replace(SCORES, change(scores(spark, ("b", DAY, 0.1, 2))), [DAY])
    assert not catalog.exists(SCORES)


def test_dates_that_were_not_announced_are_refused(spark, announced):
    _, tx = announced
    with pytest.raises(ContractError, match="writes 2026-03-02 without announcing it"):
        tx.replace(SCORES, scores(spark), [NEXT])


def test_nothing_is_written_after_a_transaction(spark, catalog):
    with catalog.transaction(a_run(), {SCORES: [DAY]}) as tx:
        pass
    with pytest.raises(ContractError, match=r"scores: the run score-\S+ writes after its transaction"):
        tx.replace(SCORES, scores(spark, ONE), [DAY])
    assert not catalog.exists(SCORES)


@pytest.fixture(scope="module")
def announced(spark, tmp_path_factory):
    """A catalog and the transaction of a run that has announced one date and written nothing."""
    catalog = a_catalog(spark, tmp_path_factory.mktemp("announced"))
    with catalog.transaction(a_run(), {SCORES: [DAY]}) as tx:
        yield catalog, tx


def test_columns_that_join_or_leave_the_contract_leave_old_partitions_readable(spark, catalog):
    write(catalog, SCORES, scores(spark, ONE), a_run())
    longer = replace(SCORES, columns=(*SCORES.columns, Column("tier", STRING, "Tier.")))
    assert content(catalog, longer) == [(*ONE, None)]
    write(catalog, longer, spark.createDataFrame([("a", NEXT, 0.1, 2, "low")], longer.schema), a_run(), [NEXT])
    assert content(catalog, longer) == [("a", DAY, 0.5, 1, None), ("a", NEXT, 0.1, 2, "low")]
    shorter = replace(SCORES, columns=SCORES.columns[:3])
    write(catalog, shorter, spark.createDataFrame([("a", DAY, 0.3)], shorter.schema), a_run())
    assert content(catalog, longer) == [("a", DAY, 0.3, None, None), ("a", NEXT, 0.1, 2, "low")]


def test_a_stored_column_of_another_type_is_named_by_reads_and_writes(spark, catalog):
    write(catalog, SCORES, scores(spark, ONE), a_run())
    other = replace(SCORES, columns=(*SCORES.columns[:3], Column("n", INT, "Count.")))
    with pytest.raises(
        ContractError, match="scores: n is stored as bigint, the contract says int; move the table away"
    ):
        catalog.read(other)
    with pytest.raises(ContractError, match="scores: n is stored as bigint"):
        write(catalog, other, spark.createDataFrame([("a", DAY, 0.1, 2)], other.schema), a_run())


def test_append_adds_rows_and_refuses_a_key_twice(spark, catalog):
    run = a_run("train")
    catalog.enter(run)
    with catalog.transaction(run, {}) as tx:
        tx.append(CHOSEN, spark.createDataFrame([("x", 1)], CHOSEN.schema))
        with pytest.raises(ContractError, match=r"chosen: a key \(event_id\) stands twice"):
            tx.append(CHOSEN, spark.createDataFrame([("y", 1), ("y", 2)], CHOSEN.schema))
        tx.append(CHOSEN, spark.createDataFrame([("z", 2)], CHOSEN.schema))
    assert catalog.end(run).status == "ok"
    assert content(catalog, CHOSEN) == [("x", 1), ("z", 2)]


def test_a_commit_names_its_run(spark, catalog):
    run = a_run()
    write(catalog, SCORES, scores(spark, ONE), run)
    newest = catalog.location.delta(spark, "scores").history(1).select("userMetadata").first()
    assert run.run_id in newest[0]
