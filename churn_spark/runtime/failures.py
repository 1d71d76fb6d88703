"""Maps exceptions to the expected failures of `definitions.errors`."""

from collections.abc import Collection

from churn_spark.definitions.errors import ChurnError
from churn_spark.runtime import machine_faults
from churn_spark.tables import conflicts, damage


def foreseen(error: BaseException, tables: Collection[str] = ()) -> ChurnError | None:
    """The expected failure that an exception is, or is caused by; None: a bug, or an interrupt.

    tables: names of tables whose data files are recognised in messages. Outages come first, as they cause exceptions
    that look like other failures.
    """
    if not isinstance(error, Exception):
        return None
    if outage := machine_faults.outage_error(error, plainly=True):
        return outage
    if isinstance(error, ChurnError):
        return error
    return (
        damage.damage_error(error, tables=tables)
        or conflicts.conflict_error(error)
        or machine_faults.outage_error(error)
    )
