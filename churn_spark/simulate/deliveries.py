"""From events to deliveries: late, doubled and broken rows, split into one part per day, source and batch."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from churn_spark.simulate.draws import Draws, Vector
from churn_spark.simulate.feeds import LONGEST_WAIT, Feed, Rows

LATE, DOUBLED, BROKEN = 0.02, 0.002, 0.001
"""Shares of rows that are late, delivered twice (half of the copies a day later), and broken."""
MOST_LATE = 10
"""The most days by which a row is late."""
LONGEST_DELAY = MOST_LATE + LONGEST_WAIT + 1
SUCCESS = "_SUCCESS"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Rows of one day that are delivered `delay` days later."""

    delay: int
    table: pa.Table


def arrivals(feed: Feed, rows: Rows, draws: Draws, t: int) -> list[Arrival]:
    """A day's rows of a source as they arrive, by delay; which are late, doubled or broken depends on their id only."""
    count = len(rows.table)
    delay = np.zeros(count, dtype=np.int64) if rows.delay is None else rows.delay
    table = rows.table
    if not feed.clean:
        key = np.asarray(table["id"])

        def draw(purpose: str) -> Vector:
            return draws.uniform(f"{feed.name} {purpose}", t, key)

        late = draw("late")
        delay = delay + np.where(late < LATE, 1 + np.floor(MOST_LATE * (late / LATE) ** 2), 0).astype(np.int64)
        table = _spoilt(feed, table, draw("broken"))
        again = draw("again")
        doubled = np.flatnonzero(again < DOUBLED)
        if len(doubled):
            table = pa.concat_tables([table, table.take(pa.array(doubled))])
            delay = np.concatenate([delay, delay[doubled] + (again[doubled] < DOUBLED / 2)])
    on_time = delay == 0
    if on_time.all():
        return [Arrival(0, table)]
    late_ones = table.filter(pa.array(~on_time))
    delays = delay[~on_time]
    later = [Arrival(int(n), late_ones.filter(pa.array(delays == n))) for n in np.unique(delays)]
    return [Arrival(0, table.filter(pa.array(on_time))), *later]


def _spoilt(feed: Feed, table: pa.Table, draw: Vector) -> pa.Table:
    """The table with some rows without a customer, and as many with an impossible value."""
    nobody = np.flatnonzero(draw < BROKEN / 2)
    wrong = np.flatnonzero((draw >= BROKEN / 2) & (draw < BROKEN))
    if len(nobody):
        table = _replaced(table, "customer", nobody, None)
    if len(wrong) and feed.spoilt:
        table = _replaced(table, feed.spoilt[0], wrong, feed.spoilt[1])
    return table


def _replaced(table: pa.Table, name: str, rows: Vector, value: int | float | str | None) -> pa.Table:
    mask = np.zeros(len(table), dtype=bool)
    mask[rows] = True
    column = table[name].combine_chunks()
    changed = pc.if_else(pa.array(mask), pa.scalar(value, column.type), column)
    return table.set_column(table.schema.get_field_index(name), name, changed)


class Deliveries:
    """The parts of one batch of customers below `folder`: missing parts, and rows that wait for their delivery day."""

    def __init__(self, folder: Path, feeds: Iterable[Feed], batch: int, batches: int, first: date, days: int) -> None:
        self.folder, self.feeds, self.first, self.days = folder, tuple(feeds), first, days
        self.batch, self.batches = batch, batches
        self.waiting: dict[tuple[str, int], list[pa.Table]] = defaultdict(list)
        self.written: dict[str, int] = {feed.name: 0 for feed in self.feeds}
        missing = (t for t in range(days) if any(not self._part(feed, t, batch).exists() for feed in self.feeds))
        self.begin = next(missing, days)

    @property
    def needed_from(self) -> int:
        """The first day whose rows can be in a part that is missing."""
        return max(0, self.begin - LONGEST_DELAY)

    def take(self, feed: Feed, t: int, arrived: Iterable[Arrival]) -> None:
        """Keep a day's rows until the day they are delivered."""
        for arrival in arrived:
            if self.begin <= t + arrival.delay < self.days:
                self.waiting[feed.name, t + arrival.delay].append(arrival.table)

    def write(self, t: int) -> None:
        """Write the missing parts of day `t`, each atomically; the last missing part completes the folder."""
        for feed in self.feeds:
            tables, part = self.waiting.pop((feed.name, t), []), self._part(feed, t, self.batch)
            if tables and not part.exists():
                table = pa.concat_tables(tables)
                write_part(part, table)
                self.written[feed.name] += len(table)
            mark = part.with_name(SUCCESS)
            if not mark.exists() and all(self._part(feed, t, batch).exists() for batch in range(self.batches)):
                mark.touch()

    def _part(self, feed: Feed, t: int, batch: int) -> Path:
        day = (self.first + timedelta(days=t)).isoformat()
        return self.folder / feed.name / day / f"part-{batch:05d}.{feed.format}"


def write_part(part: Path, table: pa.Table) -> None:
    """Write a file under another name and rename it, so that a killed run leaves no partial file under its name."""
    part.parent.mkdir(parents=True, exist_ok=True)
    partial = part.with_name(f".{part.name}")
    if part.suffix == ".csv":
        pyarrow.csv.write_csv(table, partial)
    else:
        pq.write_table(table, partial, compression="zstd", compression_level=1, store_schema=False)
    partial.replace(part)
