"""Messages over real connections: none is lost, and a kill repeats at most one batch."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from churn_spark.definitions.dispatch import Dispatch
from churn_spark.definitions.errors import DispatchError
from churn_spark.outbox.sending import BATCH, send
from tests import soak
from tests.faults.killed_dispatch import IN_THE_MIDST
from tests.outbox.made_messages import DAY, single_messages
from tests.outbox.servers import accept, drop, status, web_hook
from tests.stages.decided_day import CRM, SINGLE, decided_day

ROOT = Path(__file__).parents[2]
COUNT = 250
SENT_TWICE = {"queued": 0, "sending": IN_THE_MIDST - 1, "sent": BATCH, "noted": 0}
"""How many messages the server gets twice."""


@pytest.mark.soak(minutes=4)
@pytest.mark.parametrize("moment", SENT_TWICE)
def test_a_kill_loses_no_message_and_repeats_at_most_a_batch(spark, tmp_path, monkeypatch, moment):
    day = decided_day(spark, tmp_path, SINGLE)
    day.interventions(*({"customer_id": f"c{number:03d}"} for number in range(COUNT)))
    with web_hook() as hook:
        monkeypatch.setenv(CRM, hook.address)
        program = [sys.executable, "-m", "tests.faults.killed_dispatch", str(tmp_path), DAY.isoformat(), moment]
        killed = subprocess.run(program, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)
        assert killed.returncode == -signal.SIGKILL
        day.dispatch()
        assert len(hook.times) == COUNT
        assert (
            Counter(hook.times.values()) == Counter({2: SENT_TWICE[moment], 1: COUNT - SENT_TWICE[moment]}) + Counter()
        )
    assert Counter(state for (state,) in day.events("status")) == {"queued": COUNT, "sent": COUNT}


@pytest.mark.soak(minutes=4)
def test_a_server_that_fails_at_random_gets_everything_in_the_end(spark, tmp_path, monkeypatch):
    """What it has accepted without an answer, or taken before an answer was lost, it may get again; nothing else."""
    with soak.seed() as seed:
        drawn = random.Random(seed)
        day = decided_day(spark, tmp_path, SINGLE, retry_days=30)
        day.interventions(*({"customer_id": f"c{number:03d}"} for number in range(COUNT)))
        unsure: Counter[str] = Counter()

        def fail(request, number):
            kind = drawn.random()
            if kind < 0.2:
                unsure[request.headers["Idempotency-Key"]] += 1
                return drop(request, number)
            return (status(503) if kind < 0.4 else accept)(request, number)

        with web_hook(fail) as hook:
            monkeypatch.setenv(CRM, hook.address)
            for _ in range(30):
                try:
                    day.dispatch()
                except DispatchError:
                    continue
                break
        assert len(hook.accepted) == COUNT
        assert set(hook.accepted.values()) == {1}  # what was answered with success came once
        assert sum(unsure.values()) > 0


@pytest.mark.parametrize("seed", range(3))
def test_whatever_a_server_does_each_outcome_says_what_happened(seed):
    """Without tables: repeated runs over what is left, as the outbox does it, for a server that fails at random."""
    drawn, messages = random.Random(seed), single_messages(120)
    left, runs = {message.message_id: message for message in messages}, 0

    def fail(request, number):
        kind = drawn.random()
        (drop if kind < 0.15 else status(500) if kind < 0.4 else accept)(request, number)

    with web_hook(fail) as hook:
        while left and runs < 50:
            runs += 1
            for batch in send({"a": ([hook.address], list(left.values()))}, Dispatch((), attempts=2, wait_seconds=0)):
                for outcome in batch:
                    if outcome.error is None:
                        del left[outcome.message.message_id]
    assert left == {}
    assert hook.accepted == dict.fromkeys([message.message_id for message in messages], 1)
