"""Data files and commits of a Delta table, as its log describes them."""

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DataFile:
    """A data file as the log names it.

    path: encoded, below the table. modified: milliseconds. partition: None where an old writer left it out. vector: the
    rows deleted from the file (a deletion vector), as JSON.
    """

    path: str
    size: int = 0
    modified: int = 0
    partition: tuple[tuple[str, str | None], ...] | None = ()
    vector: str | None = None

    @property
    def key(self) -> tuple[str, str | None]:
        """The unit that commits add and remove: a file together with the rows deleted from it."""
        return self.path, self.vector

    @property
    def action(self) -> str:
        """The action of the log that adds the file."""
        add: dict[str, object] = {
            "path": self.path,
            "partitionValues": dict(self.partition or ()),
            "size": self.size,
            "modificationTime": self.modified,
            "dataChange": True,
        }
        if self.vector:
            add["deletionVector"] = json.loads(self.vector)
        return json.dumps({"add": add})


@dataclass(frozen=True, slots=True)
class Commit:
    """What one commit did to the files of a table.

    feed: the files of its change data feed. adds: whether the commit added rows; changes: whether it deleted or updated
    rows; neither where it only rewrote files (OPTIMIZE) or changed none (VACUUM, properties).
    """

    operation: str = "unknown"
    added: tuple[DataFile, ...] = ()
    removed: tuple[DataFile, ...] = ()
    feed: tuple[DataFile, ...] = ()
    adds: bool = False
    changes: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """The rows that a version of a Delta table delivers: those of `added` that are not in `removed`.

    feed: the version whose change data feed has the rows instead; None: read `added` and `removed`.
    """

    added: tuple[DataFile, ...] = ()
    removed: tuple[DataFile, ...] = ()
    feed: int | None = None

    @property
    def changes(self) -> bool:
        """Whether the version deleted or updated rows."""
        return bool(self.removed) or self.feed is not None
