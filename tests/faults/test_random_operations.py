"""Random operations against a plain-Python model of the rules, for a third of the soak; with SOAK_SEED one history."""

import os
import random

import pytest

from tests import soak
from tests.faults.random_operations import Operations, random_shop

STEPS = 25
"""Operations of one history; each history begins with an empty warehouse."""


@pytest.mark.soak(minutes=0)
def test_random_operations_give_what_the_rules_say(spark, tmp_path):
    until = soak.minutes_left() - soak.MINUTES / 3
    histories = 0
    while histories == 0 or (soak.minutes_left() > until and "SOAK_SEED" not in os.environ):
        with soak.seed() as seed:
            _history(Operations(random_shop(spark, tmp_path / f"{histories}"), random.Random(seed)))
        histories += 1
    print(f"{histories * STEPS} random operations in {histories} histories")


def _history(done: Operations) -> None:
    try:
        for _ in range(STEPS):
            done.step()
        done.backfill()
    except BaseException as error:
        error.add_note("after:\n" + "\n".join(done.said))
        raise
