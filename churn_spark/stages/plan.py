"""What is due: partitions that are missing, half-written, stale or of another definition, each with its reason."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from churn_spark.definitions.project import Project
from churn_spark.stages.stage import Stage
from churn_spark.tables.ledger import Ledger, Partition


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
    return [Due(stage.name, output, day, reason[0], reason[1]) for day, reason in found if reason]


def why(
    ledger: Ledger, output: str, day: date, reads: Mapping[str, object], definitions: Mapping[str, str]
) -> tuple[str, str] | None:
    """Why one partition is due: `missing`, `half-written`, `stale` or `definition`, and a sentence; None: it is not."""
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
    names = ", ".join(changed[:3]) + (f" ... ({len(changed)} columns)" if len(changed) > 3 else "")
    return "definition", f"definition changed or new: {names}"
