"""A source of small CSV files and a catalog, for tests of ingest."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from churn_spark.definitions.columns import Category, Measure
from churn_spark.definitions.project import Privacy, Project
from churn_spark.definitions.sources import Delivered, RowCheck, Source
from churn_spark.stages.ingest import ingest
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import DELIVERIES, QUARANTINE, events
from tests.stages.made_warehouse import catalog_of, do, project_at

HEADER = "customer,id,at,amount"


def shop_source(path: Path, **changes: object) -> Source:
    """Sales of a shop: customer, id, local time in New York, amount with two decimals; one file per day."""
    given: dict[str, object] = {
        "name": "sales",
        "kind": "events",
        "format": "csv",
        "path": str(path),
        "schema": (("customer", "string"), ("id", "string"), ("at", "timestamp_ntz"), ("amount", "decimal(10,2)")),
        "customer_id": "customer",
        "event_id": ("id",),
        "event_time": "at",
        "time_zone": "America/New_York",
        "delivered": Delivered(),
        "measures": (Measure("amount", "amount", scale=2, max_abs=1000.0),),
        "checks": (RowCheck("unlucky", "amount IS NULL OR amount <> 13"),),
        "default_limit": 1.0,
    }
    return Source(**given | changes)  # type: ignore[arg-type]


@dataclass
class Shop:
    """A project of one or more sources below a folder, with its catalog."""

    project: Project
    catalog: Catalog
    folder: Path

    @property
    def source(self) -> Source:
        return self.project.sources[0]

    def deliver(self, name: str, rows: Iterable[str], header: str = HEADER) -> Path:
        """Put a file at the source, whole at once."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes("".join(f"{line}\n" for line in (header, *rows)).encode())
        return path

    def ingest(self, as_of: str | date, *options: str) -> str:
        """Run ingest and give the status of the run."""
        day = date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
        return do(ingest, self.project, self.catalog, day, options=options).status

    def events(self, *columns: str) -> list[tuple[object, ...]]:
        return self._rows(events(self.source), columns)

    def quarantine(self, *columns: str) -> list[tuple[object, ...]]:
        return self._rows(QUARANTINE, columns)

    def deliveries(self, *columns: str) -> list[tuple[object, ...]]:
        return self._rows(DELIVERIES, columns)

    def _rows(self, table, columns) -> list[tuple[object, ...]]:  # type: ignore[no-untyped-def]
        self.catalog.refresh()
        rows = self.catalog.read(table).select(*columns).collect()
        return sorted((tuple(_plain(value) for value in row) for row in rows), key=str)


def shop(spark, root: Path, *, zone: str = "Europe/London", privacy: Privacy | None = None, **changes: object) -> Shop:  # type: ignore[no-untyped-def]
    """A shop below a folder; changes: of its source."""
    folder = root / "sales"
    folder.mkdir(parents=True, exist_ok=True)
    project = project_at(root, zone=zone, privacy=privacy or Privacy("none"), sources=(shop_source(folder, **changes),))
    return Shop(project, catalog_of(spark, project), folder)


def touched_long_ago(path: Path) -> None:
    """As if the file had been modified in 2001."""
    os.utime(path, (1e9, 1e9))


def category(name: str) -> Category:
    return Category(name, name)


def _plain(value: object) -> object:
    return tuple(map(_plain, value)) if isinstance(value, list | tuple) else value
