"""Deliveries as values: at their source, selected by a run, and as stored in the table `deliveries`.

The source decides what one delivery is: a file, a folder, or the changes of one version of a Delta table. Each kind of
content says where the rows are and when they arrived; everything else is the same for all kinds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from churn_spark.definitions.delta_log import Version


@dataclass(frozen=True, slots=True)
class File:
    """A file at a source. path: for readers; uri: its encoded form, by which Spark names a row's file."""

    path: str
    uri: str
    bytes: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class InFiles:
    """Rows in one file, or in the files of a folder. complete: whether the folder has `_SUCCESS`."""

    files: tuple[File, ...]
    complete: bool = True

    @property
    def marking(self) -> tuple[File, ...]:
        """The files whose bytes identify the content."""
        return self.files

    @property
    def arrived(self) -> datetime | None:
        """When the last of the files was written."""
        return max((file.modified for file in self.files), default=None)


@dataclass(frozen=True, slots=True)
class InVersion:
    """Rows that a version of a Delta table added, changed or removed; of a first load all rows of the table.

    commit: the version's log file; None where the content is not compared. files: the data files that it adds; does:
    the files and rows to read; empty and None where only the name is known (see `stages.intake.versions`).
    """

    commit: File | None
    files: tuple[File, ...] = ()
    does: Version | None = None

    @property
    def marking(self) -> tuple[File, ...]:
        """The commit, which names all data files; data files never change."""
        return (self.commit,) if self.commit else self.files

    @property
    def changes_rows(self) -> bool:
        """Whether the version deleted or updated rows."""
        return self.does is not None and self.does.changes

    @property
    def arrived(self) -> datetime | None:
        """The time of the commit."""
        return max((file.modified for file in self.marking), default=None)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What arrived at once at a source.

    name: its identity within the source. nominal: its nominal date; None where its rows are dated one by one.
    """

    name: str
    content: InFiles | InVersion
    nominal: date | None

    @property
    def files(self) -> tuple[File, ...]:
        """The files to read."""
        return self.content.files

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    @property
    def arrived(self) -> datetime | None:
        """When it arrived; None: unknown."""
        return self.content.arrived

    @property
    def complete(self) -> bool:
        """Whether no file of it is still to come."""
        return not isinstance(self.content, InFiles) or self.content.complete

    @property
    def version(self) -> InVersion | None:
        """The content, if it is a version of a Delta table."""
        return self.content if isinstance(self.content, InVersion) else None


@dataclass(frozen=True, slots=True)
class TakenDelivery:
    """A delivery in the table `deliveries`.

    columns: hashes of the definitions of its columns; None: unknown. unchanged: unchanged rows of customers, left out.
    removed_characters: control characters removed from its texts. conflicts: rows of events with the id of another row
    and other values. left_out: rows that the source's `where` left out.
    """

    name: str
    fingerprint: str
    bytes: int | None
    nominal: date | None
    taken_on: date
    history: bool
    read: int
    known_from: tuple[date, ...] = ()
    ignored: tuple[str, ...] = ()
    incomplete: bool = False
    mapping: str | None = None
    columns: Mapping[str, str] | None = None
    unchanged: int = 0
    removed_characters: int = 0
    conflicts: int = 0
    left_out: int = 0

    def missing_columns(self, wanted: Mapping[str, str]) -> frozenset[str]:
        """The columns of `wanted` (definition hash by name) that it does not have, or has by another definition."""
        known = self.columns
        return frozenset(name for name, made in wanted.items() if known is not None and known.get(name) != made)

    def changed_columns(self, wanted: Mapping[str, str]) -> frozenset[str]:
        """The columns of `wanted` that it has by another definition."""
        return frozenset(name for name in self.missing_columns(wanted) if name in (self.columns or ()))


@dataclass(frozen=True, slots=True)
class SelectedDelivery:
    """A delivery that a run selects to take.

    history: whether `known_from` of rows up to `history_until` ignores `taken_on`. fingerprint: of its content. before:
    the delivery as stored; None: it is new.
    """

    delivery: Delivery
    taken_on: date
    history: bool
    fingerprint: str
    before: TakenDelivery | None = None

    @property
    def name(self) -> str:
        return self.delivery.name

    @property
    def accepted_before(self) -> bool:
        """Whether it was accepted as incomplete before, and is unchanged since."""
        return self.before is not None and self.before.incomplete and self.before.fingerprint == self.fingerprint
