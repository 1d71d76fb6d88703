"""What arrives has the flaws of real deliveries, in the configured shares, and each row on one day only."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churn_spark.simulate.deliveries import BROKEN, DOUBLED, LATE, MOST_LATE, arrivals, write_part
from churn_spark.simulate.domains import DOMAINS, FEEDS
from churn_spark.simulate.draws import Draws
from churn_spark.simulate.feeds import Feed, Rows
from churn_spark.simulate.interventions import NOTHING
from churn_spark.simulate.life import Life
from churn_spark.simulate.people import people

COUNT = 50_000
CALLS = Feed("calls", lambda domain, today: Rows(made()), spoilt=("seconds", -1))


def made() -> pa.Table:
    numbers = np.arange(COUNT)
    return pa.table({"id": numbers, "customer": numbers // 10 + 1, "seconds": numbers % 600})


def test_a_share_of_rows_is_late_doubled_or_broken():
    arrived = arrivals(CALLS, Rows(made()), Draws(1), t=5)
    assert [arrival.delay for arrival in arrived] == list(range(MOST_LATE + 1))
    rows = pa.concat_tables([arrival.table for arrival in arrived])
    late = sum(len(arrival.table) for arrival in arrived if arrival.delay)
    assert late / COUNT == pytest.approx(LATE, rel=0.15)
    ids = np.asarray(rows["id"])
    assert (np.unique(ids) == np.arange(COUNT)).all(), "nothing is lost"
    assert (len(ids) - COUNT) / COUNT == pytest.approx(DOUBLED, rel=0.3)
    assert rows["customer"].null_count / COUNT == pytest.approx(BROKEN / 2, rel=0.6)
    assert (np.asarray(rows["seconds"]) == -1).sum() / COUNT == pytest.approx(BROKEN / 2, rel=0.6)


def test_the_second_of_two_copies_says_what_the_first_says():
    rows = pa.concat_tables([arrival.table for arrival in arrivals(CALLS, Rows(made()), Draws(1), t=5)]).to_pylist()
    by_id: dict[int, list[dict[str, object]]] = {}
    for row in rows:
        by_id.setdefault(row["id"], []).append(row)
    copies = [rows for rows in by_id.values() if len(rows) > 1]
    assert copies
    assert all(first == second for first, second in copies)


def test_a_clean_source_has_no_flaws():
    clean = Feed("customers", CALLS.rows, clean=True)
    (arrival,) = arrivals(clean, Rows(made()), Draws(1), t=5)
    assert arrival.delay == 0
    assert arrival.table.equals(made())


def test_rows_with_a_delay_of_their_own_arrive_then():
    delay = np.arange(COUNT) % 3
    arrived = arrivals(Feed("tickets", CALLS.rows, clean=True), Rows(made(), delay), Draws(1), t=5)
    assert {arrival.delay: set(np.asarray(arrival.table["id"]) % 3) for arrival in arrived} == {0: {0}, 1: {1}, 2: {2}}


def test_a_part_is_read_as_it_was_written_and_leaves_nothing_beside(tmp_path):
    write_part(tmp_path / "2025-01-01" / "part-00000.parquet", made())
    assert pq.read_table(tmp_path / "2025-01-01" / "part-00000.parquet").equals(made())
    assert [place.name for place in (tmp_path / "2025-01-01").iterdir()] == ["part-00000.parquet"]


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_source_tells_of_customers_of_the_day_under_ids_of_their_own(domain: str):
    company, draws = DOMAINS[domain], Draws(5)
    life = Life(company, draws, people(company, draws, 1, 2001), date(2025, 1, 1), 999)
    rows: dict[str, int] = {}
    for t in range(12):
        today = life.live(t, NOTHING)
        customers = set(today.people.number[today.here].tolist())
        for feed in FEEDS[domain]:
            table = feed.rows(company, today).table
            assert set(table["customer"].to_pylist()) <= customers
            if "id" in table.column_names:
                assert len(np.unique(np.asarray(table["id"]))) == len(table)
            rows[feed.name] = rows.get(feed.name, 0) + len(table)
    assert all(rows.values()), rows


def test_a_call_to_a_partner_goes_off_net_once_the_partner_has_left():
    company, draws = DOMAINS["telecom"], Draws(5)
    life = Life(company, draws, people(company, draws, 1, 2001), date(2025, 1, 1), 999)
    calls = next(feed for feed in FEEDS["telecom"] if feed.name == "calls")
    for t in range(60):
        today = life.live(t, NOTHING)
    table = calls.rows(company, today).table
    peers, networks = np.asarray(table["counterparty"]), np.array(table["network"].to_pylist())
    known = peers <= 2000
    departed = np.zeros(len(peers), dtype=bool)
    departed[known] = today.departed[peers[known] - 1]
    assert departed.any()
    assert set(networks[departed]) == {"off_net"}
    assert set(networks[known & ~departed]) == {"on_net"}
