"""A whole day with alerts, interventions and routes, and what happens to it once it has gone out."""

import csv
import io
from dataclasses import replace

import pytest

from churn_spark.definitions.errors import DispatchError
from churn_spark.stages.alert import ALERT
from churn_spark.tables.contracts.actions import ALERTS, INTERVENTIONS
from churn_spark.tables.contracts.outbox import ALERT_EVENTS
from tests.outbox.servers import mail_server, status, web_hook
from tests.trained_shop import OpenShop, opened

DECISIONS = """
alerts: {high_risk: {tier: medium}}
interventions:
  control: 0.3
  explore: 0.2
  actions:
    coupon: {channel: email, cost: 0.01, effect: 0.5}
    call: {channel: phone, cost: 0.02, effect: 0.4}
dispatch:
  wait_seconds: 0
  routes:
    team: {url_env: TEAM_URL, for: alerts, as: digest}
    crm: {url_env: CRM_URL, for: interventions, as: single}
"""


def rows(shop: OpenShop, table, condition: str) -> set[str]:
    shop.catalog.refresh()
    return {row[0] for row in shop.catalog.read(table).where(condition).select("customer_id").collect()}


@pytest.mark.soak(minutes=5)
def test_a_day_goes_out_as_it_was_decided_and_stays(shop, monkeypatch):
    shop.files.conf.write_text(shop.files.conf.read_text() + DECISIONS)
    shop = opened(shop.files)
    with mail_server() as box, web_hook(status(503)) as broken:
        monkeypatch.setenv("TEAM_URL", box.address)
        monkeypatch.setenv("CRM_URL", broken.address)
        with pytest.raises(DispatchError, match="crm: "):
            shop.daily(shop.as_of)
    report = shop.files.root / "report.html"
    assert report.exists()  # what fails on its way out holds up nothing in the house
    (mail,) = box.mails
    decided = rows(shop, ALERTS, "suppressed IS NULL")
    held_back = rows(shop, ALERTS, "suppressed = 'control'")
    (file,) = mail.iter_attachments()
    read = csv.DictReader(io.StringIO(file.get_payload(decode=True).decode("utf-8-sig"), newline=""))
    written = {row["customer_id"] for row in read}
    assert held_back
    assert written == decided

    treated = rows(shop, INTERVENTIONS, "action IS NOT NULL")
    with mail_server() as box, web_hook() as hook:
        monkeypatch.setenv("TEAM_URL", box.address)
        monkeypatch.setenv("CRM_URL", hook.address)
        for _ in range(2):
            shop.daily(shop.as_of)
    assert box.mails == []
    customers = [body["message"].split("customer_id: ")[1].splitlines()[0] for body in hook.bodies.values()]
    assert sorted(customers) == sorted(treated)
    assert treated.isdisjoint(held_back)
    assert set(hook.times.values()) == {1}
    assert rows(shop, ALERT_EVENTS, "status = 'sent'") == {None, *treated}

    changed = replace(shop.project, alerts=replace(shop.project.alerts, cooldown_days=3))
    (due,) = ALERT.due(changed, shop.catalog.ledger, ALERTS.name, [shop.as_of])
    assert due.kind == "published"
