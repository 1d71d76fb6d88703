"""What monitoring says of a warehouse, from the tables to the rows of `monitoring`."""

import pytest

from churn_spark.stages.monitor import MONITOR
from churn_spark.tables.contracts.monitoring import MONITORING
from tests.trained_shop import OpenShop, copied, opened, trained_shop


@pytest.fixture(scope="module")
def shop(spark, tmp_path_factory) -> OpenShop:
    base = tmp_path_factory.getbasetemp()
    trained = trained_shop(spark, base.parent if "popen" in base.name else base)
    return opened(copied(trained, tmp_path_factory.mktemp("watched")))


def rows(shop: OpenShop) -> dict[tuple[str, str], dict]:
    shop.catalog.refresh()
    found = shop.catalog.read(MONITORING, [shop.files.start]).collect()
    return {(row["signal"], row["subject"]): row.asDict() for row in found}


def test_daily_has_watched_data_and_model(shop):
    found = rows(shop)
    sources = {(name, of) for name in ("freshness", "completeness", "volume") for of in ("purchases", "members")}
    features = {(name, of) for name in ("null_share", "psi", "jensen_shannon") for of in shop.project.features.hashes}
    assert sources | features | {("overall", "all"), ("mean_risk", "risk"), ("score_psi", "risk")} <= found.keys()
    # Each snapshot is a week older than the one before, and so is everybody in it.
    assert found["range_share", "purchases_tenure"]["status"] in ("warn", "act")
    assert found["psi", "purchases_count_14d"]["status"] == "ok"
    assert found["roc_auc", "all"]["status"] == "unknown"
    assert found["freshness", "members"]["status"] == "warn"
    assert found["overall", "all"]["status"] in ("warn", "act")
    assert "freshness of members" in found["overall", "all"]["text"] or found["overall", "all"]["status"] == "act"
    assert all((row["advice"] is None) == (row["status"] == "ok") for row in found.values() if row["warn"] is not None)


def test_again_it_says_the_same(shop):
    before = rows(shop)
    assert shop.stage(MONITOR, shop.files.start) == "ok"
    assert rows(shop) == before
    (written,) = [w for w in shop.catalog.ledger.entries[-1].writes if w.table == MONITORING.name]
    assert not written.changed
