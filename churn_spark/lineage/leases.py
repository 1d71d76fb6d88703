"""Leases as values: which run holds which jobs, and until when, where no file lock keeps runs apart."""

from dataclasses import dataclass
from datetime import datetime

from churn_spark.lineage.entry import Entry

LEASE = "lease"
"""Event of a row that says which jobs its run holds from there on; none, when the lease is given back."""
HELD, RELEASED = "held", "released"
"""Status of such a row."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one run to be the only one of a job, for a time."""

    run_id: str
    since: datetime
    expires_at: datetime


class Leases:
    """The newest lease of every job, in force or run out."""

    def __init__(self) -> None:
        self._newest: dict[str, Lease] = {}

    def add(self, entry: Entry) -> None:
        """Fold in a lease row: its jobs replace those that its run held before."""
        before = {job: lease for job, lease in self._newest.items() if lease.run_id == entry.run_id}
        for job in before:
            del self._newest[job]
        if entry.expires_at is None:
            return
        for job in entry.subjects:
            since = before[job].since if job in before else entry.at
            self._newest[job] = Lease(entry.run_id, since, entry.expires_at)

    def newest(self, job: str) -> Lease | None:
        """The newest lease of a job; None when it was given back, or never taken."""
        return self._newest.get(job)
