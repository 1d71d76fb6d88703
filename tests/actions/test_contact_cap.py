"""The cap on contacts with actions before and after a date, beside a plain count over every run of days."""

import random
from datetime import date, timedelta

import pytest

from churn_spark.actions.above_the_line import with_suitable
from churn_spark.definitions.actions import Action, Holdout, Interventions

DAY = date(2026, 3, 10)
SCORES = "customer_id string, as_of_date date, segment string, tier string, risk double, value double, audience string"
REASONS = "reason_codes array<struct<feature: string, contribution: double, text: string>>"
AROUND = "customer_id string, as_of_date date, planned_action string, arm string"


def free(contacts: list[date], most: int, days: int) -> bool:
    runs = ([DAY - timedelta(days=back - n) for n in range(days)] for back in range(days))
    return all(sum(one in run for one in contacts) < most for run in runs)


@pytest.mark.parametrize(("most", "days"), [(1, 4), (2, 5)])
def test_no_run_of_days_has_more_contacts_than_it_may(spark, most, days):
    dice = random.Random(most)
    others = [DAY + timedelta(days=n) for n in range(-days, days + 1) if n]
    contacts = {f"c{n:02d}": sorted(dice.sample(others, dice.randint(0, 3))) for n in range(60)}
    rows = [(name, day, "coupon", "treated") for name, each in contacts.items() for day in each]
    rows += [(name, DAY - timedelta(days=1), None, "none") for name in contacts]
    customers = spark.createDataFrame(
        [(name, DAY, "1", "high", 0.5, 100.0, "others", []) for name in contacts], f"{SCORES}, {REASONS}"
    )
    snapshot = spark.createDataFrame([(name, DAY) for name in contacts], "customer_id string, as_of_date date")
    playbook = Interventions(
        (Action("coupon", "email", 5.0, 0.5),), most_contacts=most, contact_days=days, holdout=Holdout(0.0, 0.0, "s")
    )
    around = spark.createDataFrame(rows, AROUND)
    found = with_suitable(customers, snapshot.withColumnRenamed("as_of_date", "day"), around, playbook, DAY)
    suits = {row["customer_id"]: bool(row["suits"]) for row in found.select("customer_id", "suits").collect()}
    wanted = {name: free(each, most, days) for name, each in contacts.items()}
    assert suits == wanted
    assert 5 < sum(wanted.values()) < 55
