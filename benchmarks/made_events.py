"""Made payments of any number, one Parquet file a knowledge date; what is there already is not made again.

Random numbers are keyed by (seed, knowledge date), so the same options give the same files, on any number of processes.
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import lru_cache
from json import dumps
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.asked import DAYS, START, VALUES
from churn_spark.features.ranges import Integers, Numbers

CHANNELS = (*VALUES, "other")
CHANCES = (0.5, 0.3, 0.15, 0.05)
A_CUSTOMER = 250
"""Events of a customer in a year, on average."""
LATEST = 10
"""Days by which the latest rows are late."""
FIRST_DAY = np.datetime64(START, "D").astype(np.int64)


@dataclass(frozen=True)
class Made:
    """One set of made events: about how many, how many of them on an active day, and the share one customer has."""

    events: int
    a_day: float
    heavy: float = 0.0
    late: float = 0.02
    seed: int = 7

    @property
    def customers(self) -> int:
        return max(10, self.events // A_CUSTOMER)


def make(made: Made, folder: Path) -> None:
    """Write what is missing of `folder`/known_from=<date>/: customer_id, event_date, amount and channel.

    Events of day d are known from d + 1, a share of them up to `LATEST` days later. Half of the customers are there
    from the start, a quarter leaves. Amounts are decimals with cents, some negative, one in a hundred null.
    """
    about = folder.parent / "made.json"
    wanted = dumps(asdict(made))
    if about.exists() and about.read_text() != wanted:
        shutil.rmtree(folder.parent)
    folder.mkdir(parents=True, exist_ok=True)
    about.write_text(wanted)
    known = [day for day in range(1, DAYS + LATEST + 1) if not _path(folder, day).exists()]
    if not known:
        return
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(_write_day, [made] * len(known), [folder] * len(known), known))


def _path(folder: Path, known: int) -> Path:
    return folder / f"known_from={START + timedelta(days=known)}" / "events.parquet"


def _write_day(made: Made, folder: Path, known: int) -> None:
    path = _path(folder, known)
    path.parent.mkdir(exist_ok=True)
    rng = np.random.default_rng([made.seed, known])
    parts = list(_known_on(made, known, rng))
    customer, day = (np.concatenate(column) for column in zip(*parts, strict=True))
    if made.heavy:
        customer = np.where(rng.random(len(customer)) < made.heavy, 0, customer)
    order = rng.permutation(len(customer))
    half_written = path.with_suffix(".part")
    pq.write_table(_rows(made, customer[order], day[order], rng), half_written)
    half_written.rename(path)


def _known_on(made: Made, known: int, rng: np.random.Generator) -> Iterator[tuple[Integers, Integers]]:
    """Customers and event days of the on-time rows of a knowledge date, then of its late ones by event day."""
    chances, first, last = _customers(made)
    yield np.zeros(0, np.int64), np.zeros(0, np.int64)
    for day in range(max(0, known - 1 - LATEST), known):
        if day >= DAYS:
            continue
        alive = (first <= day) & (day < last)
        late = known - 1 - day
        share = made.late / LATEST if late else 1 - made.late
        # A day's events are late together, as from a device that was offline.
        active = np.flatnonzero(alive & (rng.random(len(chances)) < chances * share))
        events = 1 + rng.poisson(made.a_day - 1, len(active))
        customer = np.repeat(active, events)
        yield customer, np.full(len(customer), day)


@lru_cache(maxsize=1)
def _customers(made: Made) -> tuple[Numbers, Integers, Integers]:
    """Each customer's chance of an active day (heavy-tailed), and its first day and the one after its last."""
    rng = np.random.default_rng([made.seed])
    rates = rng.lognormal(0, 0.7, made.customers)
    first = np.where(rng.random(made.customers) < 0.5, 0, rng.integers(0, DAYS // 2, made.customers))
    last = np.where(rng.random(made.customers) < 0.75, DAYS, rng.integers(DAYS // 2, DAYS, made.customers))
    chances = rates
    for _ in range(20):  # chances end at 1, so those of the others rise until the sum is right
        active_days = made.events / made.a_day
        chances = np.minimum(0.98, chances * active_days / (chances * (last - first)).sum())
    return chances, first, last


def _rows(made: Made, customer: Integers, day: Integers, rng: np.random.Generator) -> pa.Table:
    cents = np.round(np.exp(rng.normal(3, 1, len(customer))) * 100).astype(np.int64)
    cents = np.where(rng.random(len(cents)) < 0.02, -cents, cents)
    channel = np.searchsorted(np.cumsum(CHANCES)[:-1], rng.random(len(cents)), side="right")
    return pa.table(
        {
            "customer_id": _ids(made.customers).take(pa.array(customer)),
            "event_date": pa.array((FIRST_DAY + day).astype(np.int32)).cast(pa.date32()),
            "amount": pc.if_else(pa.array(rng.random(len(cents)) < 0.01), None, _decimals(cents)),
            "channel": pa.array(CHANNELS).take(pa.array(channel)),
        }
    )


@lru_cache(maxsize=1)
def _ids(customers: int) -> pa.Array:
    return pa.array([f"c{number:08d}" for number in range(customers)])


def _decimals(cents: Integers) -> pa.Array:
    """Decimals of two digits; a decimal of Arrow is an integer of two words."""
    words = np.stack([cents, cents >> 63], axis=1)
    return pa.Array.from_buffers(pa.decimal128(12, 2), len(cents), [None, pa.py_buffer(words.tobytes())])
