"""A program that is killed: `killed_dispatch.py ROOT AS_OF MOMENT` dispatches and dies at a moment.

MOMENT is `queued` (nothing was sent), `sending` (in the midst of a batch), `sent` (the second batch is sent and not
noted) or `noted` (it is noted, and the run has not ended).
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from churn_spark.outbox import sending
from churn_spark.outbox.channels import Channel
from churn_spark.runtime.session import session
from churn_spark.stages.outbox_events import Outbox
from tests.conftest import FAST_JVM, FAST_STARTS
from tests.stages.decided_day import SINGLE, decided_day

IN_THE_MIDST = 57


def killed_at(number: int, work: Callable, after: bool = False) -> Callable:
    """The work, but the process dies at its nth call, before it or after it."""
    calls = []

    def called(*given):
        calls.append(1)
        if len(calls) == number and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        done = work(*given)
        if len(calls) == number and after:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    return called


if __name__ == "__main__":
    root, as_of, moment = sys.argv[1:]
    spark = session("killed", extra=FAST_STARTS | {"spark.driver.extraJavaOptions": FAST_JVM})
    if moment == "queued":
        sending.send = killed_at(1, sending.send)
    elif moment == "sending":
        Channel.send = killed_at(IN_THE_MIDST, Channel.send)
    else:
        Outbox.note = killed_at(2, Outbox.note, after=moment == "noted")
    decided_day(spark, Path(root), SINGLE).dispatch(date.fromisoformat(as_of))
