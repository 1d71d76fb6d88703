"""From which dates cleaning limits are to be learnt, from the ledger alone."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

import pytest

from churn_spark.definitions.columns import Cleaning, Measure
from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Delivered, Source
from churn_spark.lineage.entry import OK, Entry, Read, Written
from churn_spark.lineage.ledger import Ledger
from churn_spark.stages.profile import PROFILE, dates_to_learn
from tests.stages.made_warehouse import project_at

AT = datetime(2026, 4, 1, tzinfo=UTC)


def march(day: int) -> date:
    return date(2026, 3, day)


def project(tmp_path, factor: float = 3.0, learns: bool = True) -> Project:
    cleaning = Cleaning(outliers="clip", fence_factor=factor) if learns else Cleaning()
    calls = Source(
        "calls", "events", "csv", "none", (), "id", Delivered(), measures=(Measure("a", "a", cleaning=cleaning),)
    )
    return project_at(tmp_path, sources=(calls,), relearn_days=10)


def built(
    ledger: Ledger, of: Project, table: str, days: Iterable[int], reads: str | None = None, end: bool = True
) -> None:
    """As if partitions had been written, in one run."""
    number, written = ledger.revision, tuple(Written(table, march(day), 1, f"{day}", True) for day in days)
    read = (Read(reads, None, None, number),) if reads else ()
    ledger.add(Entry(f"r{number}", "start", number + 1, "job", march(1), AT, "running", writes=written, reads=read))
    if end:
        definitions = PROFILE.definitions(of)
        ledger.add(
            Entry(
                f"r{number}",
                "end",
                number + 2,
                "job",
                march(1),
                AT,
                OK,
                writes=written,
                reads=read,
                definitions=definitions,
            )
        )


def known(of: Project, days: Iterable[int] = range(1, 26)) -> Ledger:
    """Events were known from some days of March on; nothing was made of them yet."""
    ledger = Ledger()
    built(ledger, of, "events_calls", days)
    return ledger


def due(of: Project, ledger: Ledger, day: int, history: bool = False) -> list[int]:
    return [found.day for found in dates_to_learn(of, ledger, march(day), history)]


def test_at_first_the_history_is_learnt_step_by_step(tmp_path):
    made = project(tmp_path)
    assert due(made, known(made), 25) == [11, 21]
    assert due(made, known(made), 21) == [11, 21]
    assert due(made, known(made), 20) == [11]
    assert due(made, Ledger(), 25) == []
    assert due(project(tmp_path, learns=False), known(made), 25) == []


def test_a_first_load_that_is_known_from_today_is_cleaned_from_today(tmp_path):
    made = project(tmp_path)
    assert due(made, known(made, [20]), 20) == [20]


@pytest.mark.parametrize(("as_of", "tiles", "expected"), [(30, 29, [30]), (31, 31, [32]), (31, 25, [31]), (29, 29, [])])
def test_later_limits_are_in_force_from_the_next_tiles(tmp_path, as_of, tiles, expected):
    made = project(tmp_path)
    ledger = known(made)
    built(ledger, made, "cleaning_limits", [10, 20])
    built(ledger, made, "tiles_calls", range(1, tiles + 1))
    found = [(day - march(1)).days + 1 for day in dates_to_learn(made, ledger, march(as_of))]
    assert found == expected
    assert due(made, ledger, 12) == []  # at an earlier date there is nothing to learn


def test_limits_stand_whatever_becomes_of_the_rows_they_were_learnt_from(tmp_path):
    made = project(tmp_path)
    ledger = known(made)
    built(ledger, made, "cleaning_limits", [11, 21], reads="events_calls")
    built(ledger, made, "events_calls", [5])
    assert due(made, ledger, 25) == []


def test_limits_of_another_definition_and_half_written_ones_are_learnt_again_for_their_own_dates(tmp_path):
    made = project(tmp_path)
    ledger = known(made)
    built(ledger, made, "cleaning_limits", [11, 24])
    assert due(project(tmp_path, factor=1.5), ledger, 25) == [11, 24]
    built(ledger, made, "cleaning_limits", [24], end=False)
    assert due(made, ledger, 25) == [24]


def test_history_is_cleaned_afterwards_only_when_asked_for_once_there_are_scores(tmp_path):
    made = project(tmp_path)
    ledger = known(made)
    built(ledger, made, "tiles_calls", range(1, 26))
    assert due(made, ledger, 25) == [11, 21]
    built(ledger, made, "risk_scores", [25])
    assert due(made, ledger, 25) == [26]
    assert due(made, ledger, 25, history=True) == [11, 21]
    built(ledger, made, "cleaning_limits", [26])
    assert due(made, ledger, 26) == []
    assert due(made, ledger, 26, history=True) == [11, 21]
