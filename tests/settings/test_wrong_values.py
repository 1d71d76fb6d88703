"""No value of any key, and nothing that YAML can write, ends in anything but a Project or a ConfigError."""

import copy
import math
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from churn_spark.definitions.errors import ConfigError
from churn_spark.settings import errors, load
from tests.settings.conftest import Write

TEMPLATE = yaml.safe_load(Path("conf/template.yaml").read_text(encoding="utf-8"))
"""Has every key."""


def _places(value: Any, keys: tuple = ()) -> list[tuple]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(*keys, key) for key, _ in items] + [place for key, item in items for place in _places(item, (*keys, key))]


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(
        [10**30, -(10**30), math.nan, math.inf, -math.inf, 0.5, "", " ", "\\", "(", "{", "%", "null", "x"]
    )
    | st.sampled_from([date.min, date.max, date(2026, 3, 1), datetime(2026, 3, 1, 12), "2026-02-30", "x" * 9999])
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=3)
)
VALUES = SCALARS | st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(SCALARS, below, max_size=3), max_leaves=4
)


@settings(max_examples=120)
@example(place=("sources", "contracts", "attributes"), value={b"\x00": None})
@given(place=st.sampled_from(_places(TEMPLATE)), value=VALUES)
def test_a_wrong_value_of_any_key_is_a_mistake_in_the_file(tmp_path, place, value):
    changed = copy.deepcopy(TEMPLATE)
    group = changed
    for key in place[:-1]:
        group = group[key]
    group[place[-1]] = value
    path = tmp_path / "changed.yaml"
    path.write_text(yaml.safe_dump(changed, allow_unicode=True, sort_keys=False), encoding="utf-8", errors="replace")
    mistakes = errors(path)
    assert all("\n" not in line for line in mistakes)
    if mistakes:
        with pytest.raises(ConfigError, match=r"changed\.yaml"):
            load(path)
    else:
        load(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "&a [*a]",
        "sources: {no: {schema: {2024: x}}}",
        "&a {name: *a}",
        "name: &a [*a]",
        "? [a]\n: b",
        "? {a: b}\n: c",
        "{1: 2, null: 3, 2026-01-01: 4, 1.5: 5, true: 6}",
        "name: !!python/object:os.system x",
        "name: !!binary =",
        "name: !!int x",
        "name: !!set {a, b}",
        "name: " + "9" * 5000,
        "a: 1\n---\nb: 2",
        "name: \0",
        "<<: 5",
        "<<: [1]",
        "name: 1\n\tzone: 2",
        "%YAML 9.9\n---\nname: x",
        "[" * 2000,
    ],
)
def test_whatever_yaml_can_write_is_a_mistake_in_the_file(tmp_path, text):
    path = tmp_path / "changed.yaml"
    path.write_text(text, encoding="utf-8")
    mistakes = errors(path)
    assert mistakes
    assert all(line.startswith(str(path)) for line in mistakes)


def test_a_date_in_quotes_is_that_date(write: Write):
    path = write(("first: 2026-01-01", 'first: "2026-01-01"'), ("lag_days: 1", "history_until: '2026-03-31'"))
    project = load(path)
    assert project.snapshots.first == date(2026, 1, 1)
    assert project.sources[0].delivered.history_until == date(2026, 3, 31)
