"""What a run that broke off leaves behind: the old state, or an error that names the command, until it is run again."""

import pytest

from churn_spark.definitions.errors import NotReadyError
from churn_spark.lineage.ledger import OK
from churn_spark.tables import writing
from tests.tables.scratch import CHOSEN, DAY, NEXT, SCORES, a_catalog, a_run, content, scores, write

OLD, NEW = ("a", DAY, 0.5, 1), ("b", DAY, 0.9, 2)


@pytest.fixture
def catalog(spark, tmp_path):
    catalog = a_catalog(spark, tmp_path)
    write(catalog, SCORES, scores(spark, OLD, ("a", NEXT, 0.1, 1)), a_run(), (DAY, NEXT))
    return catalog


def test_a_run_killed_after_its_commit_is_named_until_the_rerun_and_only_for_its_dates(spark, catalog, tmp_path):
    killed = a_run(as_of=DAY)
    with catalog.transaction(killed, {SCORES: [DAY]}, subjects=["s/one"]) as tx:
        tx.replace(SCORES, scores(spark, NEW), [DAY])
    # From here on the process is gone: only what lies in the tables tells of it.
    reader = a_catalog(spark, tmp_path)
    with pytest.raises(NotReadyError) as raised:
        reader.read(SCORES)
    assert f"scores: {DAY} was left half-written by the run {killed.run_id}" in str(raised.value)
    assert str(raised.value).endswith("churn-spark backfill --conf conf/x.yaml --as-of 2026-03-01")
    assert reader.read(SCORES, [NEXT]).count() == 1
    assert reader.ledger.open_subjects("score") == ({"s/one"}, set())
    # The same job may read it: it is about to write it again.
    again = a_run(as_of=DAY)
    reader.enter(again)
    assert reader.read(SCORES, [DAY]).count() == 1
    entry = write(reader, SCORES, scores(spark, NEW), again)
    assert entry.writes[0].changed
    assert content(reader, SCORES) == [("a", NEXT, 0.1, 1), NEW]
    assert reader.ledger.open_subjects("score") == (set(), set())


def test_a_failure_before_the_commit_leaves_the_old_state_readable(spark, catalog, monkeypatch):
    run = a_run()
    monkeypatch.setattr(writing, "commit", _fail)
    with pytest.raises(OSError, match="no space left"):
        write(catalog, SCORES, scores(spark, NEW), run)
    assert catalog.end(run, error="OSError").status == "failed"
    assert OLD in content(catalog, SCORES)


def test_a_failure_after_the_commit_landed_leaves_a_named_error(spark, catalog, monkeypatch):
    commit = writing.commit

    def commit_and_fail(*arguments):  # type: ignore[no-untyped-def]
        commit(*arguments)
        _fail()

    run = a_run()
    with monkeypatch.context() as patched:
        patched.setattr(writing, "commit", commit_and_fail)
        with pytest.raises(OSError, match="no space left"):
            write(catalog, SCORES, scores(spark, NEW), run)
    assert catalog.end(run, error="OSError").status == "broken"
    with pytest.raises(NotReadyError, match="2026-03-01 was left half-written"):
        content(catalog, SCORES)
    assert write(catalog, SCORES, scores(spark, NEW), a_run()).status == OK
    assert NEW in content(catalog, SCORES)


def _fail(*_: object) -> None:
    raise OSError("no space left on device")


def test_a_run_that_announced_and_then_had_nothing_to_write_leaves_nothing_open(spark, catalog):
    run = a_run()
    with catalog.transaction(run, {SCORES: [DAY]}):
        pass
    assert catalog.end(run).status == "nothing_to_do"
    assert OLD in content(catalog, SCORES)


def test_what_was_appended_before_a_crash_stays(spark, catalog, tmp_path):
    with catalog.transaction(a_run("train"), {SCORES: [NEXT]}) as tx:
        tx.append(CHOSEN, spark.createDataFrame([("x", 1)], CHOSEN.schema))
    reader = a_catalog(spark, tmp_path)
    assert content(reader, CHOSEN) == [("x", 1)]
    with pytest.raises(NotReadyError, match="churn-spark train --conf"):
        reader.read(SCORES, [NEXT])
