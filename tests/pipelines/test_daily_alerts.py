"""Alerts in the daily run of a shop with a model in force."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from churn_spark.definitions.errors import AlertWaveError
from churn_spark.tables.contracts.actions import ALERTS
from churn_spark.tables.contracts.monitoring import MONITORING
from churn_spark.tables.contracts.snapshots import RISK_SCORES
from tests.trained_shop import OpenShop, copied, opened, trained_shop

ALERTS_SECTION = """
audiences: {big: purchases_amount_sum_14d >= 100}
alerts:
  high_risk: {model: true, by_audience: {big: {tier: medium}}}
  risk_jump: {rise: 0.001}
  cooldown_days: 14
  language: zh
"""


@pytest.fixture
def shop(spark: SparkSession, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> OpenShop:
    base = tmp_path_factory.getbasetemp()
    files = copied(trained_shop(spark, base.parent if "popen" in base.name else base), tmp_path / "shop")
    files.conf.write_text(files.conf.read_text() + ALERTS_SECTION)
    return opened(files)


def rows(shop: OpenShop, table) -> list[dict]:
    return DeltaTable(str(shop.files.warehouse / table.name)).to_pyarrow_table().to_pylist()


def test_each_day_has_alerts_by_the_model_that_scored_it(shop: OpenShop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "churn_spark")
    first = shop.files.start
    shop.daily(first)
    shop.files.deliver(first)
    shop.daily(first + timedelta(days=1))
    scores = {(row["customer_id"], row["as_of_date"]): row for row in rows(shop, RISK_SCORES)}
    alerts = rows(shop, ALERTS)
    days = sorted({row["as_of_date"] for row in alerts})
    assert days == [first, first + timedelta(days=1)]
    for row in alerts:
        score = scores[row["customer_id"], row["as_of_date"]]
        assert (row["risk"], row["tier"], row["risk_rank"]) == (score["risk"], score["tier"], score["risk_rank"])
        assert row["title"].startswith("客户")
        before = scores.get((row["customer_id"], row["as_of_date"] - timedelta(days=1)))
        assert row["previous_risk"] == (before["risk"] if before else None)
    high = [row for row in alerts if row["kind"] == "high_risk"]
    assert {row["suppressed"] for row in high if row["as_of_date"] == first} == {None}
    assert "cooldown" in {row["suppressed"] for row in high}
    by_model = [
        scores[row["customer_id"], row["as_of_date"]]["raw_score"] for row in high if row["audience"] == "others"
    ]
    others = _others(shop)
    assert sorted(by_model) == sorted(score for score in others if score >= min(by_model))
    caplog.clear()
    shop.daily(first + timedelta(days=1))
    assert f"alert of {first + timedelta(days=1)} is done for these inputs: skipped" in caplog.messages


def _others(shop: OpenShop) -> list[float]:
    """Raw scores of everybody who is not big, at both dates."""
    features = DeltaTable(str(shop.files.warehouse / "features")).to_pyarrow_table().to_pylist()
    spent = {(row["customer_id"], row["as_of_date"]): row["purchases_amount_sum_14d"] for row in features}
    keys = ((row["customer_id"], row["as_of_date"], row["raw_score"]) for row in rows(shop, RISK_SCORES))
    return [raw for customer, day, raw in keys if (spent[customer, day] or 0) < 100]


def test_after_a_wave_the_day_is_monitored_and_told_and_a_rerun_mends_it(
    shop: OpenShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = shop.files.start

    def refuse(*_: object) -> None:
        raise AlertWaveError("so many at once")

    with monkeypatch.context() as patched:
        patched.setattr("churn_spark.stages.alert.refuse_wave", refuse)
        with pytest.raises(AlertWaveError):
            shop.daily(day)
    assert not (shop.files.warehouse / ALERTS.name).exists()
    assert {row["as_of_date"] for row in rows(shop, MONITORING)} == {day}
    brief = shop.project.brief_path
    without = Path(brief).read_text()
    assert f'<time datetime="{day}">' in without
    shop.daily(day)
    assert {row["as_of_date"] for row in rows(shop, ALERTS)} == {day}
    assert Path(brief).read_text() != without
