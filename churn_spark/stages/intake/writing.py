"""Writes the rows of selected deliveries: events, customers, quarantine; last `deliveries`, which marks them taken."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.project import Project, Run
from churn_spark.definitions.sources import Source
from churn_spark.events.deliveries import TakenDelivery
from churn_spark.events.mapping import column_hashes
from churn_spark.lineage import unavailable
from churn_spark.stages.intake.deduplicated import Deduplicated
from churn_spark.stages.intake.reconciliation import Reconciliation
from churn_spark.stages.intake.validation import Validated
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts import intake as contracts
from churn_spark.tables.table import Table
from churn_spark.tables.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Intake:
    """The validated, deduplicated and reconciled deliveries of one source in one run."""

    validated: Validated
    deduplicated: Deduplicated
    reconciliations: Sequence[Reconciliation]

    @property
    def source(self) -> Source:
        return self.validated.plan.source

    @property
    def deliveries(self) -> list[str]:
        return sorted(reconciliation.delivery for reconciliation in self.reconciliations)

    @property
    def nominal_dates(self) -> set[date]:
        """The nominal dates of the deliveries, or of their rows."""
        return {day for reconciliation in self.reconciliations for day in reconciliation.arrival.known}

    def partitions(self) -> set[date]:
        """Partitions of the source's table with rows of these deliveries, now or before."""
        before = [chosen.before for chosen in self.validated.plan.selected if chosen.before]
        days = {day for delivery in (*before, *self.deduplicated.affected_deliveries) for day in delivery.known_from}
        return days | {day for reconciliation in self.reconciliations for day in reconciliation.known_from}

    def quarantine_partitions(self) -> set[date]:
        """Partitions of `quarantine` with rows of these deliveries, now or before."""
        before = {chosen.taken_on for chosen in self.validated.plan.selected if chosen.before}
        refused = {
            reconciliation.taken_on
            for reconciliation in self.reconciliations
            if reconciliation.quarantined or reconciliation.duplicate
        }
        return before | refused | {delivery.taken_on for delivery in self.deduplicated.affected_deliveries}


def write(
    run: Run,
    project: Project,
    catalog: Catalog,
    intakes: Sequence[Intake],
    taken: Mapping[str, Mapping[str, TakenDelivery]],
) -> None:
    """Announce and replace exactly the rows of the run's deliveries in every table.

    taken: every delivery taken before, by source and name.
    """
    owned: dict[Table, set[date]] = {}
    for intake in intakes:
        owned.setdefault(_table(intake.source, project), set()).update(intake.partitions())
    owned[contracts.QUARANTINE] = {day for intake in intakes for day in intake.quarantine_partitions()}
    owned[contracts.DELIVERIES] = {
        reconciliation.taken_on for intake in intakes for reconciliation in intake.reconciliations
    }
    for table, days in owned.items():
        # Partitions left by a broken run are replaced too: all its deliveries are taken again.
        days |= {day for day, entry in catalog.ledger.open(table.name).items() if day and entry.job == run.job}
    subjects = [f"{intake.source.name}/{name}" for intake in intakes for name in intake.deliveries]
    announced = catalog.transaction(
        run,
        {table: days for table, days in owned.items() if days},
        subjects,
        *_column_definitions(project, intakes, taken, owned),
        arrivals=[reconciliation.arrival for intake in intakes for reconciliation in intake.reconciliations],
    )
    with announced as tx:
        for intake in intakes:
            table, within = _table(intake.source, project), {"delivery": intake.deliveries}
            if intake.source.kind == "customers":
                within["source"] = [intake.source.name]
            tx.replace(table, _conforming(intake, table), owned[table], within)
        _write_shared(tx, catalog, intakes, contracts.QUARANTINE, owned, lambda intake: intake.deduplicated.quarantined)
        _write_shared(
            tx,
            catalog,
            intakes,
            contracts.DELIVERIES,
            owned,
            lambda intake: _rows_of_deliveries(catalog, intake.reconciliations),
        )


def _column_definitions(
    project: Project,
    intakes: Sequence[Intake],
    taken: Mapping[str, Mapping[str, TakenDelivery]],
    owned: Mapping[Table, Collection[date]],
) -> tuple[dict[str, dict[str, str]], dict[str, dict[date, set[str]]]]:
    """By table the definitions of its columns, and by partition the columns that some of its deliveries do not have.

    Deliveries selected by this run have all columns.
    """
    by_source = {intake.source.name: intake for intake in intakes}
    definitions: dict[str, dict[str, str]] = {contracts.DELIVERIES.name: {s.name: "" for s in project.sources}}
    missing: dict[str, dict[date, set[str]]] = {}
    days_of = {table.name: days for table, days in owned.items()}
    for source in project.sources:
        table = unavailable.table_of(source)
        intake = by_source.get(source.name)
        columns = column_hashes(source)
        partitions = {name: delivery.known_from for name, delivery in taken.get(source.name, {}).items()}
        missing_by_delivery = {
            name: delivery.missing_columns(columns) for name, delivery in taken.get(source.name, {}).items()
        }
        if intake:
            partitions |= {
                reconciliation.delivery: tuple(reconciliation.known_from) for reconciliation in intake.reconciliations
            }
            missing_by_delivery |= dict.fromkeys(
                (chosen.name for chosen in intake.validated.plan.selected), unavailable.NOTHING
            )
        if table in days_of:
            definitions.setdefault(table, {}).update(unavailable.definitions(source))
        for day in days_of.get(table, ()):
            in_partition = [name for name, days in partitions.items() if day in days]
            columns_missing = unavailable.NOTHING.union(*(missing_by_delivery[name] for name in in_partition))
            keys = (
                {unavailable.key(source, column) for column in columns_missing}
                if in_partition
                else set(unavailable.definitions(source))
            )
            missing.setdefault(table, {}).setdefault(day, set()).update(keys)
    return definitions, missing


def _table(source: Source, project: Project) -> Table:
    return contracts.events(source) if source.kind == "events" else contracts.customers(project)


def _conforming(intake: Intake, table: Table) -> DataFrame:
    """The kept rows with the columns of the table that other sources fill."""
    kept = intake.deduplicated.kept
    if intake.source.kind == "customers":
        kept = kept.withColumn("source", F.lit(intake.source.name))
    return kept.select(
        *(F.col(c.name) if c.name in kept.columns else F.lit(None).cast(c.type).alias(c.name) for c in table.columns)
    )


def _write_shared(
    tx: Transaction,
    catalog: Catalog,
    intakes: Sequence[Intake],
    table: Table,
    owned: dict[Table, set[date]],
    rows: Callable[[Intake], DataFrame],
) -> None:
    """Replace the rows of all sources in one commit of a table they share.

    The predicate (sources x deliveries) also covers deliveries of one source named like those of another: their
    rows are written back unchanged.
    """
    written = {(intake.source.name, name) for intake in intakes for name in intake.deliveries}
    within = {"source": sorted({source for source, _ in written}), "delivery": sorted({name for _, name in written})}
    frames = [rows(intake) for intake in intakes]
    namesakes = [
        (intake.source.name, taken.name)
        for intake in intakes
        for taken in intake.validated.plan.taken.values()
        if taken.name in within["delivery"]
        and taken.taken_on in owned[table]
        and (intake.source.name, taken.name) not in written
    ]
    if namesakes:
        pairs = catalog.spark.createDataFrame(namesakes, "source string, delivery string")
        stored = catalog.read(table, owned[table]).join(F.broadcast(pairs), on=["source", "delivery"], how="left_semi")
        frames.append(stored.select(*table.names))
    tx.replace(table, _together(frames, table), owned[table], within)


def _together(frames: Iterable[DataFrame], table: Table) -> DataFrame:
    return reduce(lambda left, right: left.unionByName(right), (frame.select(*table.names) for frame in frames))


def _rows_of_deliveries(catalog: Catalog, reconciliations: Iterable[Reconciliation]) -> DataFrame:
    return catalog.spark.createDataFrame(
        [reconciliation.row for reconciliation in reconciliations], contracts.DELIVERIES.schema
    )
