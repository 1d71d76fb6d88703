"""What ingest takes of a source: deliveries due and not taken yet, those to take again, what is missing."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from pyspark.sql import SparkSession

from churn_spark.definitions.errors import DeliveryError, NotReadyError
from churn_spark.definitions.periods import listed
from churn_spark.definitions.project import Project, Run
from churn_spark.definitions.sources import Source
from churn_spark.events.arrivals import Found, Taken, Taking, due, missing, nominal_date
from churn_spark.events.mapping import column_hashes, judged_by, mapping_hash
from churn_spark.stages.intake.files import Files
from churn_spark.stages.intake.memory import ACCEPT, Memory
from churn_spark.stages.intake.versions import versions, with_files

log = logging.getLogger("churn_spark.ingest")

UNKNOWN = datetime.fromtimestamp(0, UTC)
"""When a folder was modified, where a store does not keep it."""
RESTATE, VERIFY = "restate", "verify"
ADD_COLUMNS, ADD_HISTORY = "add-columns", "add-history"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does with one source.

    mapping: hash of what rows are made into now. taken: what the tables hold. incomplete: something missing was
    accepted.
    """

    source: Source
    files: Files
    mapping: str
    takings: tuple[Taking, ...]
    taken: Mapping[str, Taken]
    incomplete: bool = False


def plan(
    spark: SparkSession,
    run: Run,
    source: Source,
    project: Project,
    taken: Mapping[str, Taken],
    memory: Memory,
) -> Plan:
    """Compare what lies at a source with what was taken. Reads names, sizes, and the bytes of what is new; no rows.

    DeliveryError: a delivery is missing or incomplete (unless accepted), its content or the mapping of its rows changed
    (unless restated), or one that a broken run took is gone.
    """
    files = Files(spark, source.path)
    half_written = {s.removeprefix(f"{source.name}/") for s in memory.half_written if s.startswith(f"{source.name}/")}
    found = versions(spark, source, set(taken) - half_written) if source.format == "delta" else _found(files, source)
    there = due(found, source.delivered, run.as_of)
    _refuse_absent(half_written - {delivery.name for delivery in there}, source)
    settled = taken.keys() - half_written
    new = _looked_into(files, source, [delivery for delivery in there if delivery.name not in settled])
    known = [delivery for delivery in there if delivery.name in settled]
    holes = _incomplete(source, run, new, [*taken.values(), *there], memory.accepted)
    mapping = mapping_hash(source, project.zone, project.privacy)
    remapped = _remapped(source, run, known, taken, mapping)
    touched = _touched(source, run, [d for d in known if d not in remapped], memory.begun)
    again = with_files(spark, source, remapped) if source.format == "delta" else _looked_into(files, source, remapped)
    again += _changed(files, source, run, _looked_into(files, source, touched), taken, memory.begun)
    takings = _takings(files, source, run, [*new, *again], taken, memory)
    return Plan(source, files, mapping, takings, taken, incomplete=holes)


def _found(files: Files, source: Source) -> list[Found]:
    """The deliveries at a source; of a folder it is not known yet what lies in it."""
    delivered, found = source.delivered, []
    for name, is_folder, file in files.listed():
        kind = "folder" if is_folder else "file"
        if kind == delivered.unit:
            found.append(Found(name, (file,), nominal_date(name, delivered)))
        else:
            log.info("%s: the %s %r is left alone, a delivery is a %s", source.name, kind, name, delivered.unit)
    return found


def _looked_into(files: Files, source: Source, chosen: Sequence[Found]) -> list[Found]:
    """The deliveries with the files in them, where they are folders."""
    if source.delivered.unit != "folder" or not chosen:
        return list(chosen)
    log.info("%s: looking into folders: %d", source.name, len(chosen))
    insides = files.insides([found.name for found in chosen])
    return [
        replace(found, files=tuple(members), complete=complete)
        for found, (members, complete) in zip(chosen, insides, strict=True)
    ]


def _touched(source: Source, run: Run, known: Sequence[Found], begun: Mapping[str, datetime]) -> list[Found]:
    """Deliveries taken before that may hold something else now.

    A folder's own time tells when a file was put into it, removed or replaced (object stores keep none: there all
    folders are looked into), so that a daily run does not look into years of them.
    """
    if source.delivered.unit != "folder" or run.options & {RESTATE, VERIFY}:
        return list(known)

    def untouched(found: Found) -> bool:
        since = begun.get(f"{source.name}/{found.name}")
        return since is not None and found.modified is not None and UNKNOWN < found.modified <= since

    return [found for found in known if not untouched(found)]


def _refuse_absent(gone: Collection[str], source: Source) -> None:
    if gone:
        raise NotReadyError(
            f"{source.name}: an interrupted run had begun to take {', '.join(sorted(gone))}, not there (or due) now;"
            f" put it back below {source.path}, and run ingest at the as-of date of that run or later"
        )


def _incomplete(
    source: Source, run: Run, new: Iterable[Found], known: Iterable[Taken | Found], accepted: date | None
) -> bool:
    """Whether something expected is not there but accepted; DeliveryError where it is not accepted."""
    delivered = source.delivered
    nominal = {delivery.nominal for delivery in known if delivery.nominal is not None}
    holes = missing(delivered, nominal, run.as_of, accepted)
    cut = [found.name for found in new if delivered.require_success and not found.complete]
    problems = [f"expected and not there: {listed(holes)}"] if holes else []
    problems += [f"without _SUCCESS: {', '.join(cut)}"] if cut else []
    if problems and ACCEPT not in run.options:
        raise DeliveryError(
            f"{source.name} at {source.path}, {'; '.join(problems)}; wait for it, correct"
            f" sources.{source.name}.delivered.expected, or run with --option {ACCEPT}"
        )
    return bool(problems)


def _remapped(
    source: Source, run: Run, known: Sequence[Found], taken: Mapping[str, Taken], mapping: str
) -> list[Found]:
    """Deliveries to take again, though their content is the same, as far as the options ask for it.

    `restate`: those of which the configuration would make other rows or values now; DeliveryError without it, as two
    meanings would be mixed. `add-columns`: those without a column that is configured now; they can wait, but for a
    column without which rows are dropped. What is no longer at the source stays as it was taken, and is told.
    """
    judged, columns = judged_by(source), column_hashes(source)
    changed = {n for n, found in taken.items() if found.mapping not in (None, mapping) or found.unlike(judged)}
    lacked = {name: found.lacking(columns) for name, found in taken.items()}
    thin = {name for name, found in lacked.items() if found}
    if gone := len((changed | thin) - {found.name for found in known}):
        log.warning("%s: %d deliveries taken under another mapping are not at the source any more", source.name, gone)
    dropping = {column.name for column in source.columns if column.cleaning.missing == "drop"}
    needed = {name for name in thin if lacked[name] & dropping}
    names = ", ".join(sorted(dropping & {column for name in needed for column in lacked[name]}))
    for refused, why, option in (
        (changed, "the configuration makes something else of its rows than it did", RESTATE),
        (needed, f"rows without {names} would be dropped, and it was not configured", ADD_COLUMNS),
    ):
        there = [found for found in known if found.name in refused]
        if there and option not in run.options:
            rows = sum(taken[found.name].read for found in there)
            raise DeliveryError(
                f"{source.name}: {why} when {len(there)} deliveries ({rows:,} rows) were taken; to take them again in"
                f" one pass, under their old dates: --option {option}"
            )
    again = (changed if RESTATE in run.options else set()) | (thin if ADD_COLUMNS in run.options else set())
    return [found for found in known if found.name in again]


def _changed(
    files: Files,
    source: Source,
    run: Run,
    known: Iterable[Found],
    taken: Mapping[str, Taken],
    begun: Mapping[str, datetime],
) -> list[Found]:
    """Deliveries taken before whose content is another now, for `restate`; DeliveryError without it.

    Content is compared where the size differs or the file was modified after the run that took it began, so that a
    daily run does not read years of files; `verify` compares all.
    """

    def suspicious(found: Found) -> bool:
        since = begun.get(f"{source.name}/{found.name}")
        modified = found.modified is not None and (since is None or found.modified > since)
        resized = found.commit is None and found.bytes != taken[found.name].bytes
        return VERIFY in run.options or resized or modified

    looked_at = [found for found in known if suspicious(found)]
    prints = files.fingerprints(found.content for found in looked_at)
    changed = [(f, p) for f, p in zip(looked_at, prints, strict=True) if p != taken[f.name].fingerprint]
    rewritten = [found.name for found, _ in changed if found.commit]
    if rewritten:
        raise DeliveryError(
            f"{source.name}: version {int(rewritten[0])} of {source.path} is another than the one taken: the table was"
            " made anew. Name it as a source of its own, or put the old one back"
        )
    if changed and RESTATE not in run.options:
        found, fingerprint = changed[0]
        raise DeliveryError(
            f"{source.name}: {found.name} was taken on {taken[found.name].taken_on} with the fingerprint"
            f" {taken[found.name].fingerprint} and has {fingerprint} now ({len(changed)} changed in all); put the old"
            f" content back, or run with --option {RESTATE} to take the new one under its old date"
        )
    return [found for found, _ in changed]


def _takings(
    files: Files, source: Source, run: Run, chosen: list[Found], taken: Mapping[str, Taken], memory: Memory
) -> tuple[Taking, ...]:
    taken_on = max(run.as_of, memory.completed or run.as_of)
    history = source.delivered.history_until is not None and (memory.history_open or ADD_HISTORY in run.options)
    prints = files.fingerprints(found.content for found in chosen)
    takings = []
    for found, fingerprint in zip(chosen, prints, strict=True):
        before = taken.get(found.name)
        takings.append(
            Taking(
                found,
                taken_on=before.taken_on if before else taken_on,
                history=before.history if before else history,
                fingerprint=fingerprint,
                before=before,
            )
        )
    return tuple(takings)
