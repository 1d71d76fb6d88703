"""The soak: how long it may last, in which order its tests come, and seeds that a failure names."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

MINUTES = float(os.environ.get("SOAK_MINUTES", "60"))
"""How long the soak lasts; a few minutes are a slice of it."""
LONGEST = 2.0
"""Minutes on two cores that a test of the soak needs at most, where its mark says no other number."""
SHOP = 2.0
"""Minutes it takes beside that to make the trained shop, for the first test that needs it."""
SHOP_MADE = pytest.StashKey[bool]()
BEGAN = time.monotonic()


def minutes_left() -> float:
    return MINUTES - (time.monotonic() - BEGAN) / 60


def by_turns(items: list[pytest.Item]) -> None:
    """Order tests so that one case of each comes before the second of any: first the random operations, then the short.

    So a slice holds something of everything that fits into it.
    """
    turns: Counter[str] = Counter()
    order: dict[str, tuple[int, float]] = {}
    for item in items:
        test = item.nodeid.partition("[")[0]
        order[item.nodeid] = turns[test], _minutes(item)
        turns[test] += item.get_closest_marker("soak") is not None
    items.sort(key=lambda item: order[item.nodeid])


def skip_what_would_end_too_late(item: pytest.Item) -> None:
    """Leave out, and say so, a test of the soak that needs more minutes than are left."""
    if not item.get_closest_marker("soak"):
        return
    needs_shop = "trained" in getattr(item, "fixturenames", ())
    if minutes_left() < _minutes(item) + (SHOP if needs_shop and not item.config.stash.get(SHOP_MADE, False) else 0):
        pytest.skip(f"not enough of SOAK_MINUTES={MINUTES:g} left")
    if needs_shop:
        item.config.stash[SHOP_MADE] = True


def _minutes(item: pytest.Item) -> float:
    mark = item.get_closest_marker("soak")
    return float(mark.kwargs.get("minutes", LONGEST)) if mark else 0.0


@contextmanager
def seed() -> Iterator[int]:
    """A new seed, or that of SOAK_SEED, named with whatever fails."""
    found = int(os.environ.get("SOAK_SEED", random.SystemRandom().randrange(10**6)))
    try:
        yield found
    except BaseException as error:
        error.add_note(f"repeat it with SOAK_SEED={found}")
        raise
