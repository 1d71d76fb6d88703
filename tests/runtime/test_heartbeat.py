"""The line a long pass gives while it works."""

import logging
import time

from churn_spark.runtime import heartbeat


def test_a_long_pass_tells_how_many_tasks_are_done(spark, monkeypatch, caplog):
    monkeypatch.setattr(heartbeat, "EVERY", 0.2)
    log = logging.getLogger("heartbeat_test")
    with caplog.at_level(logging.INFO, "heartbeat_test"), heartbeat.heartbeat(spark, log):
        spark.range(0, 3, 1, 3).selectExpr("reflect('java.lang.Thread', 'sleep', 900L)").collect()
    said = [record.getMessage() for record in caplog.records]
    assert said
    assert set(said) <= {f"{done} of 3 tasks of the current step done" for done in range(4)}


def test_without_tasks_nothing_is_told(spark, monkeypatch, caplog):
    monkeypatch.setattr(heartbeat, "EVERY", 0.01)
    log = logging.getLogger("heartbeat_test")
    with caplog.at_level(logging.INFO, "heartbeat_test"), heartbeat.heartbeat(spark, log):
        time.sleep(0.2)
    assert caplog.records == []
