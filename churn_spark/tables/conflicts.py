"""Commits that Delta refuses because another one came in between: made again, then an error with a name."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from delta.exceptions import (
    ConcurrentAppendException,
    ConcurrentDeleteDeleteException,
    ConcurrentDeleteReadException,
    ConcurrentTransactionException,
    ConcurrentWriteException,
    DeltaConcurrentModificationException,
    MetadataChangedException,
    ProtocolChangedException,
)

from churn_spark.definitions.errors import BusyError

CONFLICTS = (  # in Python none of them is a kind of another
    ConcurrentAppendException,
    ConcurrentDeleteDeleteException,
    ConcurrentDeleteReadException,
    ConcurrentTransactionException,
    ConcurrentWriteException,
    DeltaConcurrentModificationException,
    MetadataChangedException,
    ProtocolChangedException,
)
ATTEMPTS = 5
"""Times a commit is tried."""
PAUSE = 0.5
"""Seconds before the second attempt, on average; twice as many before each further one."""

_Result = TypeVar("_Result")


def always() -> None:
    """No lock to look after."""


def repeated(
    table: str, attempt: Callable[[], _Result], allowed: Callable[[], None] = always, attempts: int = ATTEMPTS
) -> _Result:
    """Make a commit, again after a conflict, and return what it returns; BusyError when none of the attempts landed.

    A conflict means that nothing was committed. allowed: asked before every attempt, raises when this run may write no
    more. attempt: must start from the table as it stands by then.
    """
    for number in range(attempts):
        if number:
            pause(number)
        allowed()
        try:
            return attempt()
        except CONFLICTS as conflict:
            last = conflict
    raise busy(last, f"{table}: ") from None


def pause(number: int) -> None:
    """Wait before an attempt: longer each time, and not as long as the other writer does."""
    time.sleep(PAUSE * 2.0 ** min(number - 1, 5) * random.uniform(0.5, 1.5))


def conflict_error(error: BaseException) -> BusyError | None:
    """The BusyError for a conflict that nobody caught; None for any other error."""
    return busy(error) if isinstance(error, CONFLICTS) else None


def busy(conflict: BaseException, table: str = "") -> BusyError:
    """What to say of a conflict."""
    said = (str(conflict).strip().splitlines() or [type(conflict).__name__])[0]
    return BusyError(f"{table}somebody else wrote to the table at the same time; run the command again ({said})")
