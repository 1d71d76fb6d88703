"""Why a partition is due: it is missing, half-written, stale, or of another definition or state."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from churn_spark.definitions.periods import Days
from churn_spark.lineage.ledger import Ledger, definitions_of_rows
from churn_spark.lineage.partition import Partition


@dataclass(frozen=True, slots=True)
class Due:
    """One partition to build, and why."""

    stage: str
    table: str
    day: date
    kind: str
    reason: str


def reason_due(
    ledger: Ledger,
    output: str,
    day: date,
    reads: Mapping[str, Days],
    definitions: Mapping[str, str],
    state: str | None = None,
) -> tuple[str, str] | None:
    """The kind of reason for which one partition is due, with a sentence; None: it is not due.

    reads: the partitions it is made of, by table. definitions: those it should have, by column. state: what it should
    rest on besides. Kinds: `missing`, `half-written`, `stale`, `definition` (its rows mean something else), `state`,
    `columns` (only columns are new or mean something else, which what is made from it knows by the hashes of its own
    columns).
    """
    if day in ledger.open(output, [day]):
        return "half-written", f"left half-written by the run {ledger.open(output, [day])[day].run_id}"
    built = ledger.partition(output, day)
    if built is None:
        return "missing", "never built"
    for table, days in reads.items():
        if ledger.newest(table, days) > built.read_revision:
            return "stale", f"{table} changed after it was built"
    changed = _other_definition(built, definitions)
    if built.state != state and (changed is None or changed[0] == "columns"):
        return "state", f"{built.state or 'made by an earlier version'} when it was built, now {state}"
    return changed


def due_lines(plan: Iterable[Due]) -> Iterator[str]:
    """One line for all partitions of a table that are due for the same reason."""
    groups: dict[tuple[str, str], list[date]] = {}
    for item in plan:
        groups.setdefault((item.table, f"{item.kind}: {item.reason}"), []).append(item.day)
    for (table, reason), days in groups.items():
        span = f"{days[0]}" if len(days) == 1 else f"{len(days)} dates from {days[0]} to {days[-1]}"
        yield f"{table} {span}: {reason}"


def obtainable(definitions: Mapping[str, str], unavailable: Collection[str]) -> Mapping[str, str]:
    """The definitions of the columns that a partition can have."""
    if not unavailable:
        return definitions
    return {name: known for name, known in definitions.items() if name not in unavailable}


def _other_definition(built: Partition, definitions: Mapping[str, str]) -> tuple[str, str] | None:
    changed = [column for column, value in definitions.items() if built.definitions.get(column) != value]
    if not changed:
        return None
    kind = "definition" if definitions_of_rows(dict.fromkeys(changed, "")) else "columns"
    names = ", ".join(changed[:3]) + (f" ... ({len(changed)} columns)" if len(changed) > 3 else "")
    return kind, f"definition changed or new: {names}"
