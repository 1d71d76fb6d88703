"""Log files of Delta that are missing or damaged: an error that names them, and the repair of docs/operations.md."""

from pathlib import Path

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from churn_spark.definitions.errors import ContractError, NotReadyError
from churn_spark.tables.damage import damage_error
from tests.tables.scratch import DAY, SCORES, a_catalog, a_run, content, scores, write

CHECKPOINT = 10
"""Delta writes a checkpoint with this version, and with every tenth."""
FIRST, SECOND = ("a", DAY, 0.1, 1), ("a", DAY, 0.2, 2)


@pytest.fixture
def log(tmp_path) -> Path:
    return tmp_path / "scores" / "_delta_log"


@pytest.fixture
def catalog(spark, tmp_path):
    """A table written twice; its newest version is 2 (0 made it)."""
    catalog = a_catalog(spark, tmp_path)
    for row in (FIRST, SECOND):
        write(catalog, SCORES, scores(spark, row), a_run())
    return catalog


def _forget(spark) -> None:
    """Make the session look at the log anew, as the next process would."""
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()


def _away(log: Path, version: int) -> None:
    """Move a log entry and its companions away."""
    for file in log.glob(f"*{version:020d}*"):
        file.unlink()


def test_a_missing_newest_entry_is_named_taken_back_and_built_again(spark, catalog, tmp_path, log):
    _away(log, 2)
    _forget(spark)
    reader = a_catalog(spark, tmp_path)
    missing = r"scores: it stands at version 1, the ledger knows 2: .*/scores/_delta_log/0{19}2\.json is missing"
    with pytest.raises(ContractError, match=missing):
        reader.read(SCORES)
    run = a_run()
    with pytest.raises(ContractError, match=missing):
        write(reader, SCORES, scores(spark, SECOND), run)
    assert reader.end(run, error="ContractError").status == "failed"
    _taken_back_and_built_again(spark, reader)


def test_an_empty_newest_entry_is_named_and_the_same_repair_works(spark, catalog, tmp_path, log):
    (log / f"{2:020d}.json").write_bytes(b"")
    (log / f".{2:020d}.json.crc").unlink()
    _forget(spark)
    reader = a_catalog(spark, tmp_path)
    with pytest.raises(ContractError, match=r"scores: .*/scores/_delta_log/0{19}2\.json is empty"):
        reader.read(SCORES)
    _away(log, 2)
    _forget(spark)
    _taken_back_and_built_again(spark, reader)


def test_a_truncated_newest_entry_is_named_and_the_same_repair_works(spark, catalog, tmp_path, log):
    entry = log / f"{2:020d}.json"
    entry.write_bytes(entry.read_bytes()[:200])
    _forget(spark)
    reader = a_catalog(spark, tmp_path)
    with pytest.raises((ContractError, PySparkException, Py4JJavaError)) as raised:
        reader.read(SCORES).collect()
    damaged = damage_error(raised.value) or raised.value
    assert f"/scores/_delta_log/{2:020d}.json is missing or cannot be read" in str(damaged)
    _away(log, 2)
    _forget(spark)
    _taken_back_and_built_again(spark, reader)


def test_a_table_that_is_gone_is_named_and_the_same_repair_works(spark, catalog, tmp_path):
    (tmp_path / "scores").rename(tmp_path / "elsewhere")
    _forget(spark)
    reader = a_catalog(spark, tmp_path)
    with pytest.raises(ContractError, match=r"scores: the ledger knows its version 2, but .*/scores is gone"):
        reader.read(SCORES)
    _taken_back_and_built_again(spark, reader)


def _taken_back_and_built_again(spark, catalog) -> None:
    catalog.refresh()
    (lost,) = catalog.take_back_lost([SCORES])
    assert (lost.job, lost.event) == ("score", "lost")
    with pytest.raises(NotReadyError, match=f"scores: {DAY} was left half-written by the run {lost.run_id}"):
        content(catalog, SCORES)
    assert catalog.take_back_lost([SCORES]) == []
    entry = write(catalog, SCORES, scores(spark, SECOND), a_run())
    assert entry.writes[0].changed
    assert content(catalog, SCORES) == [SECOND]


def test_a_damaged_checkpoint_is_named_and_reads_go_on_without_it(spark, tmp_path):
    place = tmp_path / "counted"
    for number in range(CHECKPOINT + 1):
        spark.range(number, number + 1).coalesce(1).write.format("delta").mode("append").save(str(place))
    log = place / "_delta_log"
    checkpoint = log / f"{CHECKPOINT:020d}.checkpoint.parquet"
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    _forget(spark)
    with pytest.raises((PySparkException, Py4JJavaError)) as raised:
        spark.read.format("delta").load(str(place)).collect()
    assert f"{checkpoint} is missing or cannot be read" in str(damage_error(raised.value))
    checkpoint.unlink()
    (log / "_last_checkpoint").unlink()
    _forget(spark)
    assert spark.read.format("delta").load(str(place)).count() == CHECKPOINT + 1


def test_a_lost_data_file_is_named_with_its_table(spark, catalog, tmp_path):
    (lost,) = a_catalog(spark, tmp_path).read(SCORES).inputFiles()
    lost = Path("/" + lost.removeprefix("file:").lstrip("/"))
    lost.rename(tmp_path / "elsewhere.parquet")
    _forget(spark)
    with pytest.raises((PySparkException, Py4JJavaError)) as raised:
        a_catalog(spark, tmp_path).read(SCORES).collect()
    assert f"{lost} is lost or cannot be read" in str(damage_error(raised.value, tables=["scores"]))
    assert damage_error(raised.value) is None, "it may be a source's"


READ = "[FAILED_READ_FILE.NO_HINT] Encountered error while reading file file:///{}.  SQLSTATE: KD001"
PARTS = "[DELTA_MISSING_PART_FILES] Couldn't find all part files of the checkpoint version: 10"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (READ.format("w/t/_delta_log/01.json"), "file:///w/t/_delta_log/01.json is"),
        ("[DELTA_TRUNCATED_TRANSACTION_LOG] file:/w/t/_delta_log/01.json: Unable", "file:/w/t/_delta_log/01.json is"),
        (PARTS, f"t/_delta_log/{10:020d}.checkpoint.parquet is"),
        ("No space left on device: /w/t/_delta_log/01.json", None),
        (READ.format("landing/part-1.parquet"), None),
    ],
)
def test_only_what_a_damaged_log_says_is_taken_for_one(said, expected):
    found = damage_error(RuntimeError(said), "t")
    assert (expected in str(found)) if expected else found is None
