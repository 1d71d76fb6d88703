"""Random operations against a plain-Python model of the rules, for half of SOAK_MINUTES (60).

SOAK_SEED repeats a history: it is printed with every failure.
"""

import os
import random
import time

import pytest

from tests.faults.random_operations import Operations, assert_built, random_shop

STEPS = 60
"""Operations of one history; each history begins with an empty warehouse."""


@pytest.mark.soak
def test_random_operations_give_what_the_rules_say(spark, tmp_path):
    until = time.monotonic() + float(os.environ.get("SOAK_MINUTES", "60")) * 60 / 2
    seed = int(os.environ.get("SOAK_SEED", random.SystemRandom().randrange(10**6)))
    operations = histories = 0
    while operations == 0 or time.monotonic() < until:
        operations += _history(spark, tmp_path / str(seed), seed, until)
        histories += 1
        seed += 1
    print(f"{operations} random operations in {histories} histories")


def _history(spark, folder, seed: int, until: float) -> int:
    done = Operations(random_shop(spark, folder), random.Random(seed))
    try:
        while len(done.said) < STEPS and (time.monotonic() < until or not done.said):
            done.step()
        done.backfill()
        assert_built(done)
    except BaseException as error:
        error.add_note(f"SOAK_SEED={seed}, after:\n" + "\n".join(done.said))
        raise
    return len(done.said)
