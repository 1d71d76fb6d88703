"""Selects the deliveries of a source that ingest takes: due ones not taken yet, and those to take again."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

from pyspark.sql import SparkSession

from churn_spark.definitions.errors import DeliveryError, NotReadyError
from churn_spark.definitions.project import Project, Run
from churn_spark.definitions.sources import Source
from churn_spark.events.arrivals import delivery_at, due, nominal_date
from churn_spark.events.deliveries import Delivery, SelectedDelivery, TakenDelivery
from churn_spark.events.mapping import mapping_hash
from churn_spark.events.versions import shares_attributes
from churn_spark.lineage.acceptance import ACCEPT, Accepted, accepted
from churn_spark.stages.intake.acceptance import as_options
from churn_spark.stages.intake.backdating import (
    HistoryChoice,
    history_choice,
    log_history,
    log_unavailable,
    with_other_history,
)
from churn_spark.stages.intake.commits import delivery_name
from churn_spark.stages.intake.completeness import refuse_incomplete
from churn_spark.stages.intake.contents import Contents, contents_of
from churn_spark.stages.intake.earlier_runs import EarlierRuns
from churn_spark.stages.intake.files import Files
from churn_spark.stages.intake.plans import Plan
from churn_spark.stages.intake.retaking import Before, deliveries_to_retake, followers
from churn_spark.stages.intake.versions import Versions, find_versions

log = logging.getLogger("churn_spark.ingest")


def make_plan(
    spark: SparkSession,
    run: Run,
    source: Source,
    project: Project,
    taken: Mapping[str, TakenDelivery],
    earlier: EarlierRuns,
) -> Plan:
    """Compare the deliveries at a source with those taken. Reads names, sizes, and the bytes of new files; no rows.

    DeliveryError: a delivery is missing or incomplete (unless accepted), its content or the mapping of its rows changed
    (unless restated), or a delivery that a broken run began to take is absent.
    """
    files = Files(spark, source.path, source.delivered.ignore)
    lost, broken_off = (_names_of_source(subjects, source) for subjects in (earlier.lost, earlier.broken_off))
    acceptance = accepted({*earlier.options, *run.options}, source.name)
    complete = taken.keys() - lost
    versions = _read_versions(spark, source, complete, lost, earlier) if source.format == "delta" else None
    arrived, skipped = (
        _deliverable_versions(source, versions, acceptance)
        if versions
        else (_listed(files, source, project.zone), frozenset())
    )
    due_now = due(arrived, source.delivered, run.as_of)
    _log_not_due(source, arrived, run.as_of)
    # The log of a Delta table says which versions to take, whatever a broken run began with.
    half_taken = set() if source.format == "delta" else broken_off - taken.keys()
    absent = {_display_name(name, source) for name in (lost | half_taken) - {delivery.name for delivery in due_now}}
    _refuse_absent(
        {name for name in absent if not acceptance.covers(name, nominal_date(name, source.delivered))}, source
    )
    contents = contents_of(spark, files, source, {*taken, *lost})
    new = contents.with_files([delivery for delivery in due_now if delivery.name not in complete])
    known = [delivery for delivery in due_now if delivery.name in complete]
    incomplete = refuse_incomplete(source, run, new, [*taken.values(), *due_now], acceptance)
    mapping = mapping_hash(source, project.zone, project.privacy)
    before = Before(source, run, contents, {name: taken[name] for name in complete}, known, earlier, mapping)
    keeps_all = shares_attributes(source, project.customer_sources)
    return Plan(
        source=source,
        files=files,
        mapping=mapping,
        selected=_select(new, before, taken, keeps_all),
        taken=taken,
        arrivals=earlier.arrivals[source.name],
        accepted=acceptance,
        incomplete=incomplete | skipped,
        keeps_all=keeps_all,
        newest=delivery_name(versions.newest) if versions and versions.newest >= 0 else None,
    )


def _select(
    new: Sequence[Delivery], before: Before, taken: Mapping[str, TakenDelivery], keeps_all: bool
) -> tuple[SelectedDelivery, ...]:
    """The new deliveries, and those to take again."""
    source, run, earlier = before.source, before.run, before.earlier
    history, retaken = history_choice(source, run, taken, earlier), deliveries_to_retake(before)
    unchanged = [delivery for delivery in before.known if delivery.name not in {each.name for each in retaken}]
    retaken += before.contents.with_files(with_other_history(unchanged, taken, history, source))
    log_unavailable(source, taken, {delivery.name for delivery in (*new, *before.known)}, history)
    selected = _as_selected(before.contents, source, run, [*new, *retaken], taken, earlier, history)
    if source.kind == "customers":
        selected += _as_selected(
            before.contents, source, run, followers(before, selected, keeps_all), taken, earlier, history
        )
    log_history(source, selected, earlier)
    return selected


def _read_versions(
    spark: SparkSession, source: Source, complete: Collection[str], lost: Collection[str], earlier: EarlierRuns
) -> Versions:
    looked_at = max(map(int, earlier.arrivals[source.name]), default=-1)
    return find_versions(spark, source, complete, lost, looked_at)


def _listed(files: Files, source: Source, zone: str) -> list[Delivery]:
    """The deliveries at a source; the files in folders are not listed yet."""
    deliveries, unit = [], source.delivered.unit
    for name, is_folder, file in files.listed():
        if delivery := delivery_at(name, is_folder, file, source.delivered, zone):
            deliveries.append(delivery)
        else:
            kind = "folder" if is_folder else "file"
            log.info("%s: ignored the %s %r, as a delivery is a %s", source.name, kind, name, unit)
    return deliveries


def _log_not_due(source: Source, deliveries: Iterable[Delivery], as_of: date) -> None:
    """Log how many deliveries a later as-of date will take."""
    lag = timedelta(days=source.delivered.lag_days)
    if later := [each.nominal + lag for each in deliveries if each.nominal and each.nominal + lag > as_of]:
        log.info("%s: %d deliveries are due after %s, the first on %s", source.name, len(later), as_of, min(later))


def _deliverable_versions(
    source: Source, versions: Versions, acceptance: Accepted
) -> tuple[list[Delivery], frozenset[str]]:
    """The versions of a Delta table as deliveries, and the skipped versions that cannot be taken.

    DeliveryError: a version cannot be taken, and skipping it was not accepted.
    """
    refused = {
        number: problem for number, problem in versions.problems.items() if str(number) not in acceptance.deliveries
    }
    if refused:
        raise DeliveryError(
            f"{source.name}: {refused[min(refused)]}; to skip the rows of such versions for ever:"
            f" {as_options(source.name, refused)}"
        )
    for problem in versions.problems.values():
        log.warning("%s: skipped: %s", source.name, problem)
    changing = [str(int(new.name)) for new in versions.new if new.version and new.version.changes_rows]
    if changing and source.kind == "events":
        log.warning(
            "%s: version %s changes or deletes events, which stay as first known",
            source.name,
            ", ".join(changing),
        )
    return [*versions.known, *versions.new], frozenset(delivery_name(number) for number in versions.problems)


def _names_of_source(subjects: Iterable[str], source: Source) -> set[str]:
    return {text.removeprefix(f"{source.name}/") for text in subjects if text.startswith(f"{source.name}/")}


def _display_name(name: str, source: Source) -> str:
    """The name of a delivery for messages: of a version its number."""
    return str(int(name)) if source.format == "delta" else name


def _refuse_absent(absent: Collection[str], source: Source) -> None:
    if absent:
        options = " ".join(f"--option {ACCEPT}={source.name}@{name}" for name in sorted(absent))
        raise NotReadyError(
            f"{source.name}: an interrupted run had begun to take {', '.join(sorted(absent))}, absent (or not due) now;"
            f" put it back below {source.path}, and run ingest at the as-of date of that run or later; or go on without"
            f" it: {options}"
        )


def _as_selected(
    contents: Contents,
    source: Source,
    run: Run,
    chosen: Sequence[Delivery],
    taken: Mapping[str, TakenDelivery],
    earlier: EarlierRuns,
    history: HistoryChoice,
) -> tuple[SelectedDelivery, ...]:
    taken_on = max(run.as_of, earlier.completed or run.as_of)
    selected = []
    for delivery, fingerprint in zip(chosen, contents.fingerprints(chosen), strict=True):
        before = taken.get(delivery.name)
        selected.append(
            SelectedDelivery(
                delivery,
                taken_on=before.taken_on if before else taken_on,
                history=history.is_history(before),
                fingerprint=fingerprint,
                before=before,
            )
        )
    return tuple(selected)
