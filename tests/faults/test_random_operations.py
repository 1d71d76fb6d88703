"""Random operations against a plain-Python model of the rules, a quarter of the soak; with SOAK_SEED one history."""

import os
import random
from collections import Counter

import pytest

from tests import soak
from tests.faults.random_operations import Operations, random_shop

STEPS = 60
"""Operations of one history; each history begins with an empty warehouse."""


@pytest.mark.soak(minutes=0)
def test_random_operations_give_what_the_rules_say(spark, tmp_path, capsys):
    until = soak.minutes_left() - soak.MINUTES / 4
    operations = histories = 0
    compared: Counter[str] = Counter()
    while operations == 0 or (soak.minutes_left() > until and "SOAK_SEED" not in os.environ):
        with soak.seed() as seed:
            history = Operations(random_shop(spark, tmp_path / str(histories)), random.Random(seed))
            operations += _steps(history, until)
        compared += history.compared
        histories += 1
    kinds = ", ".join(f"{compared[kind]} {kind}" for kind in ("reruns", "holes", "expiries"))
    with capsys.disabled():
        print(f"{operations} random operations in {histories} histories, {compared['days']} daily snapshots ({kinds})")


def _steps(done: Operations, until: float) -> int:
    try:
        while len(done.said) < STEPS and (soak.minutes_left() > until or not done.said):
            done.step()
    except BaseException as error:
        error.add_note("after:\n" + "\n".join(done.said))
        raise
    return len(done.said)
