"""The reconciliation of each delivery: read = kept + quarantined + duplicate + unchanged + left_out."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.sources import Source
from churn_spark.events.deliveries import SelectedDelivery, TakenDelivery
from churn_spark.events.mapping import column_definitions
from churn_spark.events.quarantine import CONFLICT, DUPLICATE
from churn_spark.lineage.arrivals import Arrival
from churn_spark.stages.intake.deduplicated import Deduplicated
from churn_spark.stages.intake.refused_rows import examples_by_reason
from churn_spark.stages.intake.remedies import remedy
from churn_spark.stages.intake.validation import Validated
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import DELIVERIES

PARTS = ("kept", "quarantined", "duplicate", "unchanged", "left_out")
"""What happened to each row that was read."""


@dataclass(slots=True)
class Reconciliation:
    """How many rows of one delivery were kept, quarantined or left out, with the other columns of `deliveries`."""

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
    unchanged: int = 0
    removed_characters: int = 0
    left_out: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    known_from: set[date] = field(default_factory=set)
    dated_by_row: Mapping[date, date | None] | None = None

    @property
    def arrival(self) -> Arrival:
        """The nominal dates of the delivery or of its rows (`dated_by_row`), each with its first knowledge date."""
        by_row = self.dated_by_row is not None
        known: Mapping[date, date | None] = self.dated_by_row or {}
        if not by_row and self.nominal_date is not None:
            known = {self.nominal_date: min(self.known_from, default=None)}
        return Arrival(self.source, self.delivery, known, self.accepted_incomplete, by_row)

    @property
    def row(self) -> tuple[object, ...]:
        """The row of `deliveries`, in the contract's order."""
        values = {
            **{name: getattr(self, name) for name in DELIVERIES.names},
            "reasons": sorted(self.reasons.items()),
            "known_from": sorted(self.known_from),
            "ignored_columns": sorted(self.ignored_columns),
            "columns": None if self.columns is None else sorted(self.columns.items()),
        }
        return tuple(values[name] for name in DELIVERIES.names)


def taken_deliveries(catalog: Catalog) -> dict[str, dict[str, TakenDelivery]]:
    """Every delivery in the table, by source and name: a few values per delivery, never rows of customers."""
    taken: dict[str, dict[str, TakenDelivery]] = defaultdict(dict)
    for row in catalog.read(DELIVERIES).collect():
        taken[row["source"]][row["delivery"]] = TakenDelivery(
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
            unchanged=row["unchanged"] or 0,
            removed_characters=row["removed_characters"] or 0,
            conflicts=dict(row["reasons"] or ()).get(CONFLICT, 0),
            left_out=row["left_out"] or 0,
        )
    return taken


def reconcile(validated: Validated, deduplicated: Deduplicated) -> list[Reconciliation]:
    """Count the rows to write of every delivery, next to the rows read.

    AssertionError: a row was lost or counted twice; then nothing is written.
    """
    by_delivery = {
        reconciliation.delivery: reconciliation
        for reconciliation in [
            *_of_selected(validated),
            *(_of_affected(validated, delivery) for delivery in deduplicated.affected_deliveries),
        ]
    }
    for row in deduplicated.kept.groupBy("delivery", "known_from").count().collect():
        by_delivery[row["delivery"]].kept += row["count"]
        by_delivery[row["delivery"]].known_from.add(row["known_from"])
    groups = deduplicated.quarantined.groupBy("delivery", "reasons").agg(F.sum("copies").alias("rows"))
    for row in groups.collect():
        reconciliation = by_delivery[row["delivery"]]
        reconciliation.reasons.update(dict.fromkeys(row["reasons"], row["rows"]))
        if row["reasons"] == [DUPLICATE]:
            reconciliation.duplicate += row["rows"]
        else:
            reconciliation.quarantined += row["rows"]
    for delivery, rows in deduplicated.unchanged.items():
        by_delivery[delivery].unchanged += rows
    for reconciliation in by_delivery.values():
        parts = {name: getattr(reconciliation, name) for name in PARTS}
        if reconciliation.read != sum(parts.values()):
            summed = " + ".join(f"{rows} {name}" for name, rows in parts.items())
            raise AssertionError(
                f"{reconciliation.source}/{reconciliation.delivery}: {reconciliation.read} rows read are not {summed}"
            )
    return list(by_delivery.values())


def refuse_too_many(
    source: Source,
    reconciliations: Iterable[Reconciliation],
    quarantined: DataFrame,
    remedies: Mapping[str, str],
    public: bool,
) -> None:
    """DeliveryError, with examples, when too large a share of a delivery's rows has one reason.

    quarantined: their refused rows, as quarantine keeps them. remedies: by reason, what to do where another delivery
    does not help. public: identifying values may be shown.
    """
    for reconciliation in reconciliations:
        for reason, rows in sorted(reconciliation.reasons.items()):
            limit = source.limit(reason)
            rows_meant = reconciliation.read - reconciliation.left_out
            if rows > limit * rows_meant:
                refused = quarantined.where(
                    (F.col("delivery") == reconciliation.delivery) & F.array_contains("reasons", reason)
                )
                shown = examples_by_reason(source, refused, public).get(reason)
                raise DeliveryError(
                    f"{source.name}: {rows:,} of {rows_meant:,} rows of {reconciliation.delivery}"
                    f" ({rows / rows_meant:.1%}) have the reason {reason}, more than {limit:.0%}"
                    f"{f', such as {shown}' if shown else ''}; nothing was taken."
                    f" {remedies.get(reason) or remedy(source, reason)}, or if that is normal there set"
                    f" sources.{source.name}.limits.{reason}"
                )


def _of_selected(validated: Validated) -> Iterable[Reconciliation]:
    for chosen in validated.plan.selected:
        counts = validated.counts[chosen.name]
        yield Reconciliation(
            source=validated.plan.source.name,
            delivery=chosen.name,
            fingerprint=chosen.fingerprint,
            bytes=chosen.delivery.bytes,
            nominal_date=chosen.delivery.nominal or counts.nominal,
            taken_on=chosen.taken_on,
            history=chosen.history,
            read=counts.read,
            removed_characters=counts.removed,
            left_out=counts.left_out,
            ignored_columns=tuple(validated.ignored.get(chosen.name, ())),
            accepted_incomplete=chosen.name in validated.plan.incomplete | validated.thin or chosen.accepted_before,
            mapping=validated.plan.mapping,
            columns=column_definitions(validated.plan.source),
            dated_by_row=dated_by_row(validated, chosen),
        )


def _of_affected(validated: Validated, delivery: TakenDelivery) -> Reconciliation:
    arrival = validated.plan.arrivals.get(delivery.name)
    by_row = validated.plan.source.delivered.by != "file_name"
    return Reconciliation(
        source=validated.plan.source.name,
        delivery=delivery.name,
        fingerprint=delivery.fingerprint,
        bytes=delivery.bytes,
        nominal_date=delivery.nominal,
        taken_on=delivery.taken_on,
        history=delivery.history,
        read=delivery.read,
        removed_characters=delivery.removed_characters,
        left_out=delivery.left_out,
        ignored_columns=delivery.ignored,
        accepted_incomplete=delivery.incomplete,
        mapping=delivery.mapping,
        columns=delivery.columns,
        # A row lost to another delivery changes none of the delivery's nominal dates.
        dated_by_row=(arrival.known if arrival else {}) if by_row else None,
    )


def dated_by_row(validated: Validated, chosen: SelectedDelivery) -> Mapping[date, date | None] | None:
    """The nominal dates of rows, each with its first knowledge date; of a skipped version, its commit day with None."""
    counts = validated.counts[chosen.name]
    if validated.plan.source.delivered.by == "file_name":
        return None
    arrived = chosen.delivery.arrived if chosen.delivery.version else None
    if chosen.name in validated.plan.incomplete and not counts.known and arrived:
        return {arrived.date(): None}
    return dict(counts.known)
