"""The examples of docs/first-load.md come out as the page says, by the oracle that ingest is tested against."""

from datetime import date
from pathlib import Path

import pytest

from tests.events.oracle import Delivery, Rules, validated

PAGE = Path(__file__).parent.parent.parent / "docs" / "first-load.md"
EXAMPLES = [
    [cell.strip() for cell in line.strip("|").split("|")][:6]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| 20")
]


@pytest.mark.parametrize("example", EXAMPLES, ids=" ".join)
def test_an_example_is_known_from_the_date_that_the_page_says(example: list[str]) -> None:
    nominal, day, lag, until, as_of, known_from = example
    rules = Rules("UTC", "UTC", int(lag), 0, None if until == "-" else date.fromisoformat(until))
    delivery = Delivery("1.csv", date.fromisoformat(nominal), date.fromisoformat(as_of), [])
    event, reasons = validated(("c1", "1", f"{day} 12:00:00", "1"), delivery, rules)
    assert reasons == []
    assert event is not None
    assert event.known_from == date.fromisoformat(known_from)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 6
