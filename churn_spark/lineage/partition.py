"""What the ledger knows of one partition of one table."""

from collections.abc import Mapping
from dataclasses import dataclass

from churn_spark.lineage.entry import Read


@dataclass(frozen=True, slots=True)
class Partition:
    """What stands in one partition: who wrote it, from which state of the ledger, with which definitions.

    revision: of its last change; read_revision: the newest revision its run could have seen. state: what it rests on
    besides.
    """

    revision: int
    read_revision: int
    rows: int
    fingerprint: str
    run_id: str
    job: str
    definitions: Mapping[str, str]
    state: str | None
    settings_hash: str
    reads: tuple[Read, ...] = ()
    version: int = -1
