"""Daily full dumps of a CRM as a source of customers, and in plain Python what must be kept of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from churn_spark.definitions.columns import Attribute
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.tables.contracts.intake import DELIVERIES, customers
from tests.stages.shop import Shop, shop

FIRST = date(2024, 3, 1)
RAW = (("customer", "string"), ("plan", "string"), ("city", "string"))
PLAN, CITY = Attribute("plan", "plan", "string"), Attribute("city", "city", "string")

Dump = Mapping[str, str]
"""The plan of each customer; empty: none."""


def crm(root: Path, name: str = "crm", attributes: tuple[Attribute, ...] = (PLAN,), **delivered: object) -> Source:
    """Members with a plan and a city, one file per day."""
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    arrives = Delivered(**delivered)  # type: ignore[arg-type]
    return Source(name, "customers", "csv", str(folder), RAW, "customer", arrives, attributes=attributes)


def members(spark, root: Path, *sources: Source) -> Shop:  # type: ignore[no-untyped-def]
    """A project of sources of customers; its folder is that of the first."""
    made = shop(spark, root)
    project: Project = replace(made.project, sources=sources)
    return Shop(project, made.catalog, Path(sources[0].path))


def dump(place: Shop, day: date, plans: Dump, name: str = "", city: str = "Rome") -> str:
    """Deliver a dump of a day; gives its name."""
    named = f"{day}{name}.csv"
    place.deliver(named, [f"{customer},{plan},{city}" for customer, plan in plans.items()], "customer,plan,city")
    return named


def stored(place: Shop, *columns: str) -> list[tuple[object, ...]]:
    """The versions kept."""
    place.catalog.refresh()
    wanted = columns or ("customer_id", "known_from", "nominal_date", "delivery", "plan")
    rows = place.catalog.read(customers(place.project)).select(*wanted).collect()
    return sorted((tuple(row) for row in rows), key=str)


def counts(place: Shop) -> dict[str, tuple[int, ...]]:
    """Read, kept, quarantined, duplicate and unchanged rows of each delivery."""
    place.catalog.refresh()
    names = ("read", "kept", "quarantined", "duplicate", "unchanged")
    return {row["delivery"]: tuple(row[n] for n in names) for row in place.catalog.read(DELIVERIES).collect()}


@dataclass
class Model:
    """What was taken: the plans of each delivery, its nominal date and from when it is known."""

    plans: dict[str, Dump] = field(default_factory=dict)
    nominal: dict[str, date] = field(default_factory=dict)
    known: dict[str, date] = field(default_factory=dict)

    def take(self, name: str, nominal: date, known: date, plans: Dump) -> None:
        self.plans[name], self.nominal[name] = plans, nominal
        self.known.setdefault(name, known)

    def kept(self) -> list[tuple[object, ...]]:
        """The versions that say something else than the last one kept, or of an earlier day."""
        every: dict[str, list[tuple[date, date, str, str | None]]] = defaultdict(list)
        for name, plans in self.plans.items():
            for customer, plan in plans.items():
                every[customer].append((self.known[name], self.nominal[name], name, plan or None))
        kept = []
        for customer, versions in every.items():
            last = None
            for version in sorted(versions, key=lambda v: v[:3]):
                if last is None or version[3] != last[3] or version[1] < last[1]:
                    last = version
                    kept.append((customer, *version))
        return sorted(kept, key=str)

    def counts(self) -> dict[str, tuple[int, ...]]:
        kept = [version[3] for version in self.kept()]
        return {
            name: (len(plans), kept.count(name), 0, 0, len(plans) - kept.count(name))
            for name, plans in self.plans.items()
        }


def days(first: int, last: int) -> Iterable[date]:
    return (FIRST + timedelta(days=n) for n in range(first, last))
