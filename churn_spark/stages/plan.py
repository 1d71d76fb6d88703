"""What is due: partitions that are missing, half-written, stale or of another definition, each with its reason."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from churn_spark.definitions.project import Project
from churn_spark.stages.stage import Stage
from churn_spark.tables.ledger import Ledger, Partition, definitions_of_rows


@dataclass(frozen=True, slots=True)
class Due:
    """One partition to build, and why."""

    stage: str
    table: str
    day: date
    kind: str
    reason: str


def due(ledger: Ledger, project: Project, stage: Stage, output: str, days: Iterable[date]) -> list[Due]:
    """Those of `days` whose partition of `output` must be (re)built, in order, with the first reason found."""
    meant = stage.definitions(project).get(output, {})
    found = (
        (
            day,
            why(
                ledger,
                output,
                day,
                stage.reads(project, output, day),
                obtainable(meant, stage.lacking(project, ledger, output, day)),
            ),
        )
        for day in sorted(set(days))
    )
    return [Due(stage.name, output, day, *reason) for day, reason in found if reason]


def why(
    ledger: Ledger, output: str, day: date, reads: Mapping[str, object], definitions: Mapping[str, str]
) -> tuple[str, str] | None:
    """Why one partition is due, and a sentence; None: it is not.

    Reasons: `missing`, `half-written`, `stale`, `definition` (its rows mean something else), `columns` (only columns
    are new or mean something else, which what is made from it knows by the hashes of its own columns).
    """
    if day in ledger.open(output, [day]):
        return "half-written", f"left half-written by the run {ledger.open(output, [day])[day].run_id}"
    state = ledger.partition(output, day)
    if state is None:
        return "missing", "never built"
    for table, days in reads.items():
        if ledger.newest(table, days) > state.read_revision:  # type: ignore[arg-type]
            return "stale", f"{table} changed after it was built"
    return _other_definition(state, definitions)


def obtainable(definitions: Mapping[str, str], lacking: Collection[str]) -> Mapping[str, str]:
    """The definitions of the columns that a partition can have."""
    return {name: known for name, known in definitions.items() if name not in lacking} if lacking else definitions


def _other_definition(state: Partition, definitions: Mapping[str, str]) -> tuple[str, str] | None:
    changed = [column for column, value in definitions.items() if state.definitions.get(column) != value]
    if not changed:
        return None
    kind = "definition" if definitions_of_rows(dict.fromkeys(changed, "")) else "columns"
    names = ", ".join(changed[:3]) + (f" ... ({len(changed)} columns)" if len(changed) > 3 else "")
    return kind, f"definition changed or new: {names}"
