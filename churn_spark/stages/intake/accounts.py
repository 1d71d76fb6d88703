"""The account of each delivery: read = kept + quarantined + duplicate."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from pyspark.sql import functions as F

from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.sources import Source
from churn_spark.events.arrivals import Taken
from churn_spark.events.mapping import judged_by
from churn_spark.events.quarantine import DUPLICATE
from churn_spark.stages.intake.judging import Judged
from churn_spark.stages.intake.settling import Settled
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import DELIVERIES


@dataclass(slots=True)
class Account:
    """What became of the rows of one delivery, with what `deliveries` says of it besides."""

    source: str
    delivery: str
    fingerprint: str
    bytes: int | None
    nominal_date: date | None
    taken_on: date
    history: bool
    read: int
    ignored_columns: tuple[str, ...]
    accepted_incomplete: bool
    mapping: str | None
    columns: Mapping[str, str] | None
    kept: int = 0
    quarantined: int = 0
    duplicate: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    known_from: set[date] = field(default_factory=set)

    @property
    def row(self) -> tuple[object, ...]:
        """The row of `deliveries`, in the contract's order."""
        found = {
            **{name: getattr(self, name) for name in DELIVERIES.names},
            "reasons": sorted(self.reasons.items()),
            "known_from": sorted(self.known_from),
            "ignored_columns": sorted(self.ignored_columns),
            "columns": None if self.columns is None else sorted(self.columns.items()),
        }
        return tuple(found[name] for name in DELIVERIES.names)


def taken_before(catalog: Catalog) -> dict[str, dict[str, Taken]]:
    """Every delivery in the table, by source and name: a few values a delivery, never rows of customers."""
    found: dict[str, dict[str, Taken]] = defaultdict(dict)
    for row in catalog.read(DELIVERIES).collect():
        found[row["source"]][row["delivery"]] = Taken(
            name=row["delivery"],
            fingerprint=row["fingerprint"],
            bytes=row["bytes"],
            nominal=row["nominal_date"],
            taken_on=row["taken_on"],
            history=row["history"],
            read=row["read"],
            known_from=tuple(row["known_from"] or ()),
            ignored=tuple(row["ignored_columns"] or ()),
            incomplete=row["accepted_incomplete"],
            mapping=row["mapping"],
            columns=None if row["columns"] is None else dict(row["columns"]),
        )
    return found


def accounts(judged: Judged, settled: Settled) -> list[Account]:
    """Count what will be written of every delivery, beside what was read of it.

    Raises AssertionError when a row was lost or counted twice on the way: nothing is written then.
    """
    found = {
        account.delivery: account
        for account in [*_of_takings(judged), *(_of_other(judged, other) for other in settled.others)]
    }
    for row in settled.kept.groupBy("delivery", "known_from").count().collect():
        found[row["delivery"]].kept += row["count"]
        found[row["delivery"]].known_from.add(row["known_from"])
    groups = settled.quarantined.groupBy("delivery", "reasons").agg(F.sum("copies").alias("rows"))
    for row in groups.collect():
        account = found[row["delivery"]]
        account.reasons.update(dict.fromkeys(row["reasons"], row["rows"]))
        if row["reasons"] == [DUPLICATE]:
            account.duplicate += row["rows"]
        else:
            account.quarantined += row["rows"]
    for account in found.values():
        if account.read != account.kept + account.quarantined + account.duplicate:
            raise AssertionError(
                f"{account.source}/{account.delivery}: {account.read} rows read are not {account.kept} kept"
                f" + {account.quarantined} quarantined + {account.duplicate} duplicates"
            )
    return list(found.values())


def refuse_too_many(source: Source, found: Iterable[Account]) -> None:
    """DeliveryError when too large a share of a delivery's rows has one reason."""
    for account in found:
        for reason, rows in sorted(account.reasons.items()):
            limit = source.limit(reason)
            if rows > limit * account.read:
                raise DeliveryError(
                    f"{source.name}: {rows:,} of {account.read:,} rows of {account.delivery}"
                    f" ({rows / account.read:.1%}) have the reason {reason}, more than {limit:.0%}; nothing was taken."
                    f" Have it delivered again, or if that is normal there set sources.{source.name}.limits.{reason}"
                )


def _of_takings(judged: Judged) -> Iterable[Account]:
    for taking in judged.plan.takings:
        seen = judged.seen[taking.name]
        yield Account(
            source=judged.plan.source.name,
            delivery=taking.name,
            fingerprint=taking.fingerprint,
            bytes=taking.found.bytes,
            nominal_date=taking.found.nominal or seen.nominal,
            taken_on=taking.taken_on,
            history=taking.history,
            read=seen.read,
            ignored_columns=tuple(judged.ignored.get(taking.name, ())),
            accepted_incomplete=judged.plan.incomplete or judged.thin,
            mapping=judged.plan.mapping,
            columns=judged_by(judged.plan.source),
        )


def _of_other(judged: Judged, taken: Taken) -> Account:
    return Account(
        source=judged.plan.source.name,
        delivery=taken.name,
        fingerprint=taken.fingerprint,
        bytes=taken.bytes,
        nominal_date=taken.nominal,
        taken_on=taken.taken_on,
        history=taken.history,
        read=taken.read,
        ignored_columns=taken.ignored,
        accepted_incomplete=taken.incomplete,
        mapping=taken.mapping,
        columns=taken.columns,
    )
