"""Random operations against a plain-Python model of the rules, a quarter of the soak; with SOAK_SEED one history."""

import math
import os
from collections import Counter

import pytest

from tests import soak
from tests.faults.coverage import KINDS
from tests.faults.drivers import lease_clock
from tests.faults.random_operations import Operations, operations
from tests.tables.unlocked import mounted

STEPS = 60
"""Operations of one history, which begins with an empty warehouse; up to twice as many until everything has happened.
"""


@pytest.mark.soak(minutes=0)
def test_random_operations_give_what_the_rules_say(spark, tmp_path, capsys):
    until = soak.minutes_left() - soak.MINUTES / 4
    done = histories = whole = 0
    counts: Counter[str] = Counter()
    while done == 0 or (soak.minutes_left() > until and "SOAK_SEED" not in os.environ):
        with soak.seed() as seed:
            history = operations(spark, tmp_path / str(histories), seed)
            whole += _is_whole(history, until)
        done, histories = done + len(history.said), histories + 1
        counts += history.counts
    _tell(capsys, f"{done} random operations in {histories} histories", counts)
    assert not whole or not _unseen(counts)


@pytest.mark.soak(minutes=12)
def test_random_operations_without_file_locks_give_the_same(spark, tmp_path, capsys):
    with soak.seed() as seed, lease_clock():
        history = operations(spark, tmp_path, seed, root=mounted(spark, tmp_path / "warehouse"))
        assert _is_whole(history, until=-math.inf)
    _tell(capsys, f"{len(history.said)} random operations without file locks", history.counts)
    assert not _unseen(history.counts)
    assert history.counts["leases run out"]


def _is_whole(history: Operations, until: float) -> bool:
    """Go on until there are enough operations, or the time is over; whether there were enough."""
    try:
        while len(history.said) < STEPS or (_unseen(history.counts) and len(history.said) < 2 * STEPS):
            if history.said and soak.minutes_left() < until:
                return False
            history.step()
    except BaseException as error:
        error.add_note("after:\n" + "\n".join(history.said))
        raise
    return True


def _unseen(counts: Counter[str]) -> set[str]:
    return {kind for kind in KINDS if not counts[kind]}


def _tell(capsys: pytest.CaptureFixture[str], what: str, counts: Counter[str]) -> None:
    with capsys.disabled():
        print(f"\n{what}: {', '.join(f'{counts[kind]} {kind}' for kind in (*KINDS, 'leases run out'))}")
