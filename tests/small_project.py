"""A made corner shop: a few customers, some weeks of purchases as CSV files, and a configuration of its own.

Small enough to run every job in seconds, and with what real data have: bad rows, copies, late rows, dated attributes.
Everything follows from the seed, so that two folders hold the same bytes.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

FIRST = date(2026, 1, 5)
"""A Monday; the first day with purchases."""

CONF = """
name: corner_shop
zone: Europe/Berlin
warehouse: {{path: {warehouse}}}
tracking: {{uri: "sqlite:///{tracking}", experiment: corner_shop}}
report: {root}/report.html
brief: {root}/brief.html
privacy: none
sources:
  purchases:
    kind: events
    format: csv
    path: {landing}/purchases
    schema: {{customer: string, receipt: string, at: timestamp_ntz, amount: "decimal(10,2)", kind: string}}
    customer_id: customer
    event_id: receipt
    event_time: at
    time_zone: Europe/Berlin
    delivered: {{by: file_name, lag_days: 1, history_until: {history_until}}}
    measures: {{amount: {{expression: amount, scale: 2, max_abs: 10000, unit: EUR}}}}
    categories: {{kind: kind}}
    checks: {{negative_amount: amount >= 0}}
    default_limit: 0.5
  members:
    kind: customers
    format: csv
    path: {landing}/members
    schema: {{customer: string, plan: string, since: date}}
    customer_id: customer
    delivered: {{by: file_name, lag_days: 1, history_until: {history_until}}}
    attributes: {{plan: {{expression: plan, type: string}}}}
population: {{by: active, sources: [purchases], days: 14}}
label: {{rule: inactivity, sources: [purchases], gap: 1, performance: 7, lateness: 1}}
features:
  windows: [7, 14]
  purchases:
    - {{op: [count, active_days]}}
    - {{op: [recency, tenure]}}
    - {{op: [sum, max], of: amount}}
    - {{op: share, of: kind, value: food, windows: 14}}
  attributes: [plan]
snapshots: {{first: {snapshots_first}, every: 7}}
training:
  logistic_regression: {{l2: 0.01, iterations: 10}}
  folds: 2
  test_snapshots: 1
  bootstrap: 10
  max_score_drift: 10
  seed: 1
scoring: {{high_share: 0.1, medium_share: 0.3, value: purchases_amount_sum_14d * 26}}
{segmentation}
"""

SEGMENTATION = """
segmentation:
  recency: purchases_recency_14d
  frequency: purchases_active_days_14d
  monetary: purchases_amount_sum_14d
  clusters: 2
"""


@dataclass(frozen=True)
class SmallProject:
    """Where a corner shop lies. history: its first whole weeks, delivered in one file per week, then in one per day."""

    root: Path
    customers: int
    history: int

    @property
    def conf(self) -> Path:
        return self.root / "corner_shop.yaml"

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    @property
    def history_until(self) -> date:
        """The last day of the history, a Sunday."""
        return FIRST + timedelta(days=7 * self.history - 1)

    @property
    def start(self) -> date:
        """The as-of date that takes the whole history and no more."""
        return self.history_until + timedelta(days=1)

    def file(self, day: date) -> Path:
        """The file that holds the purchases of a day."""
        if day <= self.history_until:
            day += timedelta(days=6 - day.weekday())
        return self.landing / "purchases" / f"{day}.csv"

    def deliver(self, *days: date) -> None:
        """Write the files of days after the history."""
        for day in days:
            self.file(day).write_text(HEADER + "".join(purchases(self.customers, day)))


HEADER = "customer,receipt,at,amount,kind\n"


def small_project(
    root: Path, customers: int = 200, history: int = 8, segmentation: bool = False, tracking: Path | None = None
) -> SmallProject:
    """Make a corner shop below a folder: its configuration and the deliveries of its history."""
    made = SmallProject(root, customers, history)
    for name in ("purchases", "members"):
        (made.landing / name).mkdir(parents=True, exist_ok=True)
    made.conf.write_text(
        CONF.format(
            root=root,
            warehouse=made.warehouse,
            landing=made.landing,
            tracking=tracking or root / "mlflow.db",
            history_until=made.history_until,
            snapshots_first=FIRST + timedelta(days=14),
            segmentation=SEGMENTATION if segmentation else "",
        )
    )
    for week in range(history):
        days = [FIRST + timedelta(days=7 * week + n) for n in range(7)]
        rows = [row for day in days for row in purchases(customers, day)]
        made.file(days[0]).write_text(HEADER + "".join(rows))
    for month, plan in enumerate(("basic", "plus")):
        members = (f"c{n:03d},{plan if n % 3 else 'basic'},{FIRST}\n" for n in range(0, customers, month + 1))
        named = FIRST + timedelta(days=14 * month)
        (made.landing / "members" / f"{named}.csv").write_text("customer,plan,since\n" + "".join(members))
    return made


def purchases(customers: int, day: date) -> list[str]:
    """The lines of one day: regular customers, some who stop, and now and then a bad row, a copy, a late row."""
    dice = random.Random(f"corner shop {day}")
    age = (day - FIRST).days
    lines = []
    for n in range(customers):
        stops = 10 + n % 60 if n % 3 == 0 else 10_000
        if age >= stops or dice.random() > 0.25 + 0.5 * (n % 4) / 4:
            continue
        when = day if n % 20 or age < 10 else day - timedelta(days=1)  # every twentieth is late
        kind = ("food", "drinks", "paper")[n % 3]
        amount = f"{1 + (n * 7 + age) % 90}.{n % 100:02d}"
        lines.append(f"c{n:03d},r{age}-{n},{when} {8 + n % 12:02d}:{n % 60:02d}:00,{amount},{kind}\n")
    lines += [f",r{age}-nobody,{day} 10:00:00,1.00,food\n"] * (age % 2)
    lines += [f"c001,r{age}-minus,{day} 11:00:00,-5.00,food\n"] * (age % 3 == 0)
    return lines + lines[: age % 4]
