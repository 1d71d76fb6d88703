"""Several mistakes in one file: they are reported together, and none of them is the reason for a false report."""

import copy
import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from churn_spark.settings import errors

TEMPLATE = yaml.safe_load(Path("conf/template.yaml").read_text(encoding="utf-8"))
Mistake = tuple[str, tuple, Any]
"""What is done (set, rename, delete), at which keys, and the new value or name."""


def _values(value: Any, keys: tuple = ()) -> Iterator[tuple[tuple, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*keys, key), item
        yield from _values(item, (*keys, key))


def _misspelled(text: str) -> str:
    """The text with two neighbouring letters in the middle exchanged."""
    middle = len(text) // 2
    return text[: middle - 1] + text[middle] + text[middle - 1] + text[middle + 1 :]


def _candidates() -> Iterator[Mistake]:
    for keys, value in _values(TEMPLATE):
        if isinstance(keys[-1], str):
            yield "rename", keys, _misspelled(keys[-1])
            yield "delete", keys, None
        if isinstance(value, str):
            yield "set", keys, _misspelled(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield "set", keys, -5
        elif isinstance(value, dict):
            yield "set", keys, "not a group"
        elif not isinstance(value, bool | list):
            yield "set", keys, "2026-02-30"


def _with(mistakes: list[Mistake]) -> dict:
    values = copy.deepcopy(TEMPLATE)
    for kind, keys, new in sorted(mistakes, key=lambda mistake: -len(mistake[1])):
        group = values
        for key in keys[:-1]:
            group = group[key]
        if kind == "set":
            group[keys[-1]] = new
        else:
            renamed = {new if key == keys[-1] else key: item for key, item in group.items()}
            group.clear()
            group.update({key: item for key, item in renamed.items() if key is not None})
    return values


def _reported(path: Path, mistakes: list[Mistake]) -> set[str]:
    """The keys that the reported lines name."""
    path.write_text(yaml.safe_dump(_with(mistakes), sort_keys=False), encoding="utf-8")
    parts = [line.split(": ") for line in errors(path)]
    return {part[1] if len(part) > 2 else "" for part in parts}


def _apart(mistakes: list[Mistake]) -> bool:
    """Whether no mistake lies within another."""
    pairs = itertools.permutations((keys for _, keys, _ in mistakes), 2)
    return all(one[: len(other)] != other for one, other in pairs)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[Mistake, set[str]]:
    """Mistakes in the template, each with the keys reported when it is the only one."""
    path = tmp_path_factory.mktemp("conf") / "changed.yaml"
    drawn = random.Random(1).sample(list(_candidates()), 80)
    reported = {mistake: _reported(path, [mistake]) for mistake in drawn}
    return {mistake: keys for mistake, keys in reported.items() if keys}


def test_nearly_all_mistakes_are_reported_in_the_first_run(alone: dict[Mistake, set[str]], tmp_path: Path) -> None:
    draw, drawn, seen, rounds = random.Random(2), 0, 0, []
    for _ in range(40):
        mistakes = draw.sample(list(alone), draw.randint(2, 4))
        if not _apart(mistakes):
            continue
        drawn += len(mistakes)
        for attempt in range(1, 4):
            reported = _reported(tmp_path / "changed.yaml", mistakes)
            assert reported <= set().union(*(alone[one] for one in mistakes)), f"a false report for {mistakes}"
            left = [one for one in mistakes if not alone[one] & reported]
            seen += len(mistakes) - len(left) if attempt == 1 else 0
            if not left:
                break
            mistakes = left
        rounds.append(attempt)
        assert not left, f"not reported: {left}"
    assert seen >= 0.97 * drawn
    assert sum(rounds) <= 1.1 * len(rounds)
