"""The report of an as-of date: aggregates and the riskiest few out of the tables, in one HTML file."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache, reduce
from importlib.util import find_spec
from itertools import chain

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.periods import grid
from churn_spark.definitions.project import Project, Run
from churn_spark.lineage.entry import read_of
from churn_spark.lineage.ledger import OK, Entry, Ledger
from churn_spark.lineage.maturity import matured
from churn_spark.report.all_sections import SECTIONS, queries
from churn_spark.report.facts import Champion, Done, Facts
from churn_spark.report.query import Available, Dates, Query
from churn_spark.report.section import Section
from churn_spark.stages.report_file import refuse_unwritable, shown, write, written_by
from churn_spark.stages.stage import Stage
from churn_spark.stages.training.champions import decisions, in_force
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.models import CHAMPIONS
from churn_spark.tables.contracts.snapshots import LABELS, RISK_SCORES

log = logging.getLogger("churn_spark.report")

EXTRA = ("matplotlib",)
"""Packages of the extra `report`."""


def report(run: Run, project: Project, catalog: Catalog, sections: Sequence[Section] = SECTIONS) -> None:
    """Write the report of the run's as-of date to the project's `report_path`."""
    refuse_without_extra()
    from churn_spark.report.page import page

    address = project.report_path
    refuse_unwritable(catalog.spark, address, project.origin)
    text = page(gather(run, project, catalog, sections), sections)
    write(catalog.spark, address, text, project.origin)
    catalog.wrote_file()
    log.info("wrote the report of %s to %s", run.as_of, shown(address))


def refuse_without_extra() -> None:
    """ConfigError where a package that makes pages is not installed."""
    if missing := [name for name in EXTRA if find_spec(name) is None]:
        raise ConfigError(f"the report needs {missing[0]}: pip install 'churn-spark[report]'")


def gather(run: Run, project: Project, catalog: Catalog, sections: Sequence[Section] = SECTIONS) -> Facts:
    """Read what the sections show: at most aggregates, points of curves and the riskiest few reach the driver."""
    ledger = catalog.ledger
    scores = ledger.partition(RISK_SCORES.name, run.as_of)
    facts = Facts(
        available=available(project, ledger, run.as_of),
        run=run,
        arguments=catalog.arguments,
        risk_table=catalog.location.in_sql(RISK_SCORES.name),
        score_run=scores.run_id if scores else None,
        champion=_champion(project, catalog, run.as_of),
        runs=_runs(ledger.entries, run.as_of),
    )
    tables = _tables(project, catalog, facts.available, queries(sections))
    return replace(facts, frames=_frames(facts, tables))


def up_to_date(run: Run, project: Project, catalog: Catalog) -> bool:
    """Whether the report's file is what a run would write now."""
    return page_stands(run, project, catalog, SECTIONS, project.report_path)


def page_stands(run: Run, project: Project, catalog: Catalog, sections: Sequence[Section], address: str) -> bool:
    """Whether the file at an address is the page that this run of a job would write there now.

    The last one was of the same date, settings and code, it read the same partitions, none of them changed since,
    and the file is the one it wrote.
    """
    ledger = catalog.ledger
    last = next((e for e in reversed(ledger.entries) if e.job == run.job and e.event == "end" and e.status == OK), None)
    if last is None or not last.reads:
        return False
    if (last.as_of, last.settings_hash, last.code_version) != (run.as_of, run.settings_hash, run.code_version):
        return False
    now = reads(project, ledger, run.as_of, sections)
    if {replace(read, revision=0) for read in last.reads} != {read_of(table, dates, 0) for table, dates in now}:
        return False
    seen = min(read.revision for read in last.reads)
    if any(ledger.newest(table, dates) > seen or ledger.open(table, dates) for table, dates in now):
        return False
    return written_by(catalog.spark, address, last.run_id)


def reads(
    project: Project, ledger: Ledger, as_of: date, sections: Sequence[Section] = SECTIONS
) -> list[tuple[str, Dates]]:
    """The tables that a report reads, each with its partitions; a table can be there several times."""
    there = available(project, ledger, as_of)
    wanted = (query.wanted(there).items() for query in queries(sections))
    return [(CHAMPIONS.name, None), *chain.from_iterable(wanted)]


def available(project: Project, ledger: Ledger, as_of: date) -> Available:
    """What there is for a report, by the ledger."""
    return Available(project, as_of, ledger.partitions, _matured(project, ledger, as_of))


def _tables(
    project: Project, catalog: Catalog, there: Available, asked: Sequence[Query]
) -> Mapping[Query, Mapping[str, DataFrame]]:
    """The tables of each query by name, none where one of them was never written; the same partitions are read once."""
    from churn_spark.stages import all_stages  # the list names this stage too: it is whole only when all are imported

    contracts = {table.name: table for table in all_stages.tables(project)}

    # Reading says of tables whether they are missing (shown in the report) or half-written (NotReadyError).
    @cache
    def read(table: str, dates: Dates) -> DataFrame | None:
        rows = catalog.read(contracts[table], dates)
        return rows if catalog.ledger.newest(table, dates) else None

    tables: dict[Query, Mapping[str, DataFrame]] = {}
    for query in asked:
        wanted = query.wanted(there)
        rows = {name: frame for name, dates in wanted.items() if (frame := read(name, dates)) is not None}
        tables[query] = rows if len(rows) == len(wanted) else {}
    return tables


def _frames(facts: Facts, tables: Mapping[Query, Mapping[str, DataFrame]]) -> dict[Query, pd.DataFrame]:
    """What the queries give, collected together, with a column of structs for each; empty where one has no tables."""
    asked = {query: query.rows(facts, read).select(*query.columns) for query, read in tables.items() if read}
    frames = {query: query.empty() for query in tables}
    if asked:
        packed = [rows.select(F.struct(*query.columns).alias(query.name)) for query, rows in asked.items()]
        together = reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), packed).collect()
        for query in asked:
            rows = [tuple(row[query.name]) for row in together if row[query.name] is not None]
            frames[query] = pd.DataFrame(rows, columns=list(query.columns))
    return frames


def _champion(project: Project, catalog: Catalog, as_of: date) -> Champion | None:
    """The model in force, with what its training run learnt from."""
    decision = in_force(decisions(project, catalog), as_of)
    if decision is None:
        return None
    snapshots = _matured(project, catalog.ledger, decision.trained_as_of)
    return Champion(
        project.model_name,
        decision.version,
        decision.family,
        decision.effective_from,
        decision.statement,
        decision.trained_as_of,
        decision.training_run,
        snapshots if project.temporal else snapshots[-1:],
    )


def _matured(project: Project, ledger: Ledger, as_of: date) -> tuple[date, ...]:
    """Training snapshots whose labels are written and were known at a date: those a training run then learns from."""
    labelled = ledger.partitions(LABELS.name)
    days = grid(project.snapshots.first, project.snapshots.every, project.periods.newest_matured(as_of))
    return tuple(matured(project, ledger, (day for day in days if day in labelled), as_of))


def _runs(entries: list[Entry], as_of: date) -> tuple[Done, ...]:
    """The last run of each job that wrote to a table for a date up to this one, in the order they ended."""
    done = {e.job: e for e in entries if e.event == "end" and e.status == OK and e.writes and e.as_of <= as_of}
    ordered = sorted(done.values(), key=lambda entry: entry.revision)
    return tuple(
        Done(e.job, e.run_id, e.as_of, e.at, e.seconds, e.code_version, e.settings_hash, e.options) for e in ordered
    )


REPORT = Stage(
    name="report",
    summary="Write the report of an as-of date.",
    work=report,
    daily=True,
    aside=True,
    done=up_to_date,
)
