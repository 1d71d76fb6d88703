"""Deliveries to take again: their content or definitions changed, or an earlier delivery was added."""

import logging
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from churn_spark.definitions.errors import ConfigError, DeliveryError
from churn_spark.definitions.nearest import unknown
from churn_spark.definitions.project import Project, Run
from churn_spark.definitions.sources import Source
from churn_spark.events.deliveries import Delivery, SelectedDelivery, TakenDelivery
from churn_spark.events.mapping import column_definitions, column_hashes
from churn_spark.events.versions import first_position, last_position
from churn_spark.stages.intake.contents import Contents
from churn_spark.stages.intake.earlier_runs import EarlierRuns

log = logging.getLogger("churn_spark.ingest")

UNKNOWN = datetime.fromtimestamp(0, UTC)
"""Modification time of a folder where the store does not keep one."""
_OVERWRITTEN = (
    ". Each delivery needs a name of its own; where a dump overwrites the file each day, set"
    " sources.{}.delivered.by: modified"
)
RESTATE, VERIFY = "restate", "verify"
RESTATE_ALL = rf"{RESTATE}=(?P<source>\w+)"
"""The option that takes all deliveries of a source again, such as after a change of lookups."""
ADD_COLUMNS = "add-columns"


@dataclass(frozen=True, slots=True)
class Before:
    """Deliveries of one source taken before. known: those still at the source; mapping: the current one."""

    source: Source
    run: Run
    contents: Contents
    taken: Mapping[str, TakenDelivery]
    known: Sequence[Delivery]
    earlier: EarlierRuns
    mapping: str

    @property
    def restates_all(self) -> bool:
        return f"{RESTATE}={self.source.name}" in self.run.options

    @property
    def restates(self) -> bool:
        return RESTATE in self.run.options or self.restates_all


def refuse_wrong_restate(options: Iterable[str], project: Project) -> None:
    """ConfigError for a source that does not exist."""
    names = [source.name for source in project.sources]
    for match in filter(None, (re.fullmatch(RESTATE_ALL, text) for text in sorted(options))):
        if match["source"] not in names:
            raise ConfigError(f"--option {match[0]}: {unknown('source', match['source'], names)}")


def deliveries_to_retake(before: Before) -> list[Delivery]:
    """Deliveries to take again because their content or their definitions changed.

    DeliveryError: an option must allow it.
    """
    redefined = _with_other_definitions(before)
    names = {delivery.name for delivery in redefined}
    suspects = _possibly_changed(before, [delivery for delivery in before.known if delivery.name not in names])
    if before.source.delivered.unit == "folder":
        suspects = before.contents.with_files(suspects)
    return [*before.contents.with_files(redefined), *_with_other_content(before, suspects, certain=False)]


def followers(before: Before, selected: Collection[SelectedDelivery], keeps_all: bool) -> list[Delivery]:
    """Deliveries of customers to take again because an earlier one is taken: versions left out as unchanged may differ.

    keeps_all: every version is kept, also those left out before.
    """
    delivered, selected_names = before.source.delivered, {each.name for each in selected}
    first = min((first_position(each, delivered) for each in selected), default=None)
    affected = {
        name
        for name, taken in before.taken.items()
        if taken.unchanged and name not in selected_names
        if keeps_all or (first is not None and last_position(taken, delivered) > first)
    }
    retakable = before.contents.with_files([delivery for delivery in before.known if delivery.name in affected])
    if missing := len(affected) - len(retakable):
        log.warning(
            "%s: %d later deliveries with unchanged rows are no longer at the source and cannot be taken again;"
            " those rows stay left out, though the version before them may have changed",
            before.source.name,
            missing,
        )
    _with_other_content(before, retakable, certain=True)
    return retakable


def _possibly_changed(before: Before, known: Sequence[Delivery]) -> list[Delivery]:
    """Deliveries taken before whose content may have changed.

    The modification time of a folder changes when a file in it is added, removed or replaced, so a daily run does not
    list years of folders. Object stores keep no such time: there all folders are listed.
    """
    source = before.source
    if source.delivered.unit != "folder" or before.restates or VERIFY in before.run.options:
        return list(known)

    def untouched(delivery: Delivery) -> bool:
        since = before.earlier.begun.get(f"{source.name}/{delivery.name}")
        return since is not None and delivery.arrived is not None and UNKNOWN < delivery.arrived <= since

    return [delivery for delivery in known if not untouched(delivery)]


def _with_other_definitions(before: Before) -> list[Delivery]:
    """Deliveries with other definitions than now, as far as the options ask to take them again.

    `restate`: those whose rows or values would differ now; DeliveryError without the option, as tables would mix two
    definitions. `restate=SOURCE`: all of that source. `add-columns`: those without a column that is configured now;
    they can wait, except for a column whose missing values drop the row. Deliveries no longer at the source stay as
    they were taken, with a warning.
    """
    source, taken, options = before.source, before.taken, before.run.options
    definitions, columns = column_definitions(source), column_hashes(source)
    changed = {
        n for n, was in taken.items() if was.mapping not in (None, before.mapping) or was.changed_columns(definitions)
    }
    all_names = set(taken) if before.restates_all else set()
    missing_columns = {name: was.missing_columns(columns) for name, was in taken.items()}
    incomplete = {name for name, columns_without in missing_columns.items() if columns_without}
    known = before.contents.retakable(
        [delivery for delivery in before.known if delivery.name in changed | incomplete | all_names]
    )
    if missing := len((changed | incomplete | all_names) - {delivery.name for delivery in known}):
        kind = "to take again" if all_names else "taken under another mapping"
        log.warning("%s: %d deliveries %s are no longer at the source and stay as they are", source.name, missing, kind)
    dropping = {column.name for column in source.columns if column.cleaning.missing == "drop"}
    needed = {name for name in incomplete if missing_columns[name] & dropping}
    names = ", ".join(sorted(dropping & {column for name in needed for column in missing_columns[name]}))
    for refused, why, option in (
        (changed, "the mapping is not what it was", RESTATE),
        (needed, f"rows without {names} would be dropped, and this column was not configured", ADD_COLUMNS),
    ):
        affected = [delivery for delivery in known if delivery.name in refused]
        if affected and option not in options and not (option == RESTATE and before.restates):
            rows = sum(taken[delivery.name].read for delivery in affected)
            raise DeliveryError(
                f"{source.name}: {why} when {len(affected)} deliveries ({rows:,} rows) were taken. To take them again"
                f" in one pass, under their old dates: --option {option}"
            )
    wanted = all_names | (changed if before.restates else set()) | (incomplete if ADD_COLUMNS in options else set())
    return [delivery for delivery in known if delivery.name in wanted]


def _with_other_content(before: Before, known: Iterable[Delivery], certain: bool) -> list[Delivery]:
    """Deliveries taken before whose content changed, for `restate`; DeliveryError without the option.

    Content is compared where the size differs or the file was modified after the start of the run that took it, so that
    a daily run does not read years of files; `verify` compares all. certain: compare all of these.
    """
    source, taken, run = before.source, before.taken, before.run

    def suspicious(delivery: Delivery) -> bool:
        since = before.earlier.begun.get(f"{source.name}/{delivery.name}")
        newer = delivery.arrived is not None and (since is None or delivery.arrived > since)
        resized = delivery.version is None and delivery.bytes != taken[delivery.name].bytes
        return certain or VERIFY in run.options or resized or newer

    suspects = [delivery for delivery in known if suspicious(delivery)]
    fingerprints = before.contents.fingerprints(suspects)
    changed = [
        (delivery, fingerprint)
        for delivery, fingerprint in zip(suspects, fingerprints, strict=True)
        if fingerprint != taken[delivery.name].fingerprint
    ]
    rewritten = [delivery.name for delivery, _ in changed if delivery.version]
    if rewritten:
        raise DeliveryError(
            f"{source.name}: version {int(rewritten[0])} of {source.path} differs from the version taken: the table was"
            " recreated. Configure it as a new source, or restore the old table"
        )
    if changed and not before.restates:
        delivery, fingerprint = changed[0]
        raise DeliveryError(
            f"{source.name}: {delivery.name} was taken on {taken[delivery.name].taken_on} with the fingerprint"
            f" {taken[delivery.name].fingerprint} and has {fingerprint} now ({len(changed)} changed in all); put the"
            f" old content back, or run with --option {RESTATE} to take the new one under its old date"
            + (_OVERWRITTEN.format(source.name) if source.delivered.unit == "file" else "")
        )
    return [delivery for delivery, _ in changed]
