"""Writes what ingest took: events, customers, quarantine, and `deliveries` last, which makes it count as taken."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.project import Project, Run
from churn_spark.definitions.sources import Source
from churn_spark.events.arrivals import Taken
from churn_spark.events.mapping import column_hashes
from churn_spark.stages import lacking
from churn_spark.stages.intake.accounts import Account
from churn_spark.stages.intake.judging import Judged
from churn_spark.stages.intake.settling import Settled
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts import intake as contracts
from churn_spark.tables.table import Table


@dataclass(frozen=True, slots=True)
class Intake:
    """All that a run takes of one source."""

    judged: Judged
    settled: Settled
    accounts: Sequence[Account]

    @property
    def source(self) -> Source:
        return self.judged.plan.source

    @property
    def deliveries(self) -> list[str]:
        return sorted(account.delivery for account in self.accounts)

    def partitions(self) -> set[date]:
        """Partitions of the source's table that hold rows of its deliveries, or held some before."""
        before = [taking.before for taking in self.judged.plan.takings if taking.before]
        held = {day for taken in (*before, *self.settled.others) for day in taken.known_from}
        return held | {day for account in self.accounts for day in account.known_from}

    def quarantine_partitions(self) -> set[date]:
        """Partitions of `quarantine` likewise."""
        before = {taking.taken_on for taking in self.judged.plan.takings if taking.before}
        refused = {account.taken_on for account in self.accounts if account.read != account.kept}
        return before | refused | {other.taken_on for other in self.settled.others}


def write(
    run: Run,
    project: Project,
    catalog: Catalog,
    intakes: Sequence[Intake],
    taken: Mapping[str, Mapping[str, Taken]],
) -> None:
    """Announce and replace exactly the rows of the run's deliveries in every table.

    taken: every delivery taken before, by source and name.
    """
    owned: dict[Table, set[date]] = {}
    for intake in intakes:
        owned.setdefault(_table(intake.source, project), set()).update(intake.partitions())
    owned[contracts.QUARANTINE] = {day for intake in intakes for day in intake.quarantine_partitions()}
    owned[contracts.DELIVERIES] = {account.taken_on for intake in intakes for account in intake.accounts}
    for table, days in owned.items():
        # What a broken run of this job left is replaced too: its deliveries are all being taken again.
        days |= {day for day, entry in catalog.ledger.open(table.name).items() if day and entry.job == run.job}
    subjects = [f"{intake.source.name}/{name}" for intake in intakes for name in intake.deliveries]
    catalog.begin(
        run,
        {table: days for table, days in owned.items() if days},
        subjects,
        *_columns(project, intakes, taken, owned),
    )
    for intake in intakes:
        table, within = _table(intake.source, project), {"delivery": intake.deliveries}
        if intake.source.kind == "customers":
            within["source"] = [intake.source.name]
        catalog.replace(table, _conforming(intake, table), run, owned[table], within)
    _write_shared(run, catalog, intakes, contracts.QUARANTINE, owned, lambda intake: intake.settled.quarantined)
    _write_shared(
        run, catalog, intakes, contracts.DELIVERIES, owned, lambda intake: _accounts(catalog, intake.accounts)
    )


def _columns(
    project: Project,
    intakes: Sequence[Intake],
    taken: Mapping[str, Mapping[str, Taken]],
    owned: Mapping[Table, Collection[date]],
) -> tuple[dict[str, dict[str, str]], dict[str, dict[date, set[str]]]]:
    """The definitions of the columns written, and which of them a partition lacks, by table.

    A partition lacks what a delivery in it lacks that is not taken (again) by this run.
    """
    by_source = {intake.source.name: intake for intake in intakes}
    definitions: dict[str, dict[str, str]] = {}
    lacked: dict[str, dict[date, set[str]]] = {}
    days_of = {table.name: days for table, days in owned.items()}
    for source in project.sources:
        table = lacking.table_of(source)
        intake = by_source.get(source.name)
        columns = column_hashes(source)
        standing = {name: found.known_from for name, found in taken.get(source.name, {}).items()}
        lacks = {name: found.lacking(columns) for name, found in taken.get(source.name, {}).items()}
        if intake:
            standing |= {account.delivery: tuple(account.known_from) for account in intake.accounts}
            lacks |= dict.fromkeys((taking.name for taking in intake.judged.plan.takings), lacking.NOTHING)
        if table in days_of:
            definitions.setdefault(table, {}).update(lacking.definitions(source))
        for day in days_of.get(table, ()):
            here = [name for name, days in standing.items() if day in days]
            without = lacking.NOTHING.union(*(lacks[name] for name in here))
            keys = {lacking.key(source, column) for column in without} if here else set(lacking.definitions(source))
            lacked.setdefault(table, {}).setdefault(day, set()).update(keys)
    return definitions, lacked


def _table(source: Source, project: Project) -> Table:
    return contracts.events(source) if source.kind == "events" else contracts.customers(project)


def _conforming(intake: Intake, table: Table) -> DataFrame:
    """The kept rows with the columns of the table that other sources fill."""
    kept = intake.settled.kept
    if intake.source.kind == "customers":
        kept = kept.withColumn("source", F.lit(intake.source.name))
    return kept.select(
        *(F.col(c.name) if c.name in kept.columns else F.lit(None).cast(c.type).alias(c.name) for c in table.columns)
    )


def _write_shared(
    run: Run,
    catalog: Catalog,
    intakes: Sequence[Intake],
    table: Table,
    owned: dict[Table, set[date]],
    rows: Callable[[Intake], DataFrame],
) -> None:
    """Replace the rows of all sources in one commit of a table they share.

    The predicate (sources x deliveries) also covers deliveries of one source named like those of another: they are
    written back as they are.
    """
    written = {(intake.source.name, name) for intake in intakes for name in intake.deliveries}
    within = {"source": sorted({source for source, _ in written}), "delivery": sorted({name for _, name in written})}
    frames = [rows(intake) for intake in intakes]
    namesakes = [
        (intake.source.name, taken.name)
        for intake in intakes
        for taken in intake.judged.plan.taken.values()
        if taken.name in within["delivery"]
        and taken.taken_on in owned[table]
        and (intake.source.name, taken.name) not in written
    ]
    if namesakes:
        pairs = catalog.spark.createDataFrame(namesakes, "source string, delivery string")
        stored = catalog.read(table, owned[table]).join(F.broadcast(pairs), on=["source", "delivery"], how="left_semi")
        frames.append(stored.select(*table.names))
    catalog.replace(table, _together(frames, table), run, owned[table], within)


def _together(frames: Iterable[DataFrame], table: Table) -> DataFrame:
    return reduce(lambda left, right: left.unionByName(right), (frame.select(*table.names) for frame in frames))


def _accounts(catalog: Catalog, accounts: Iterable[Account]) -> DataFrame:
    return catalog.spark.createDataFrame([account.row for account in accounts], contracts.DELIVERIES.schema)
