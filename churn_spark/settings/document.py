"""A YAML file with the file and line each value came from, and an environment's values over it."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from churn_spark.settings.nearest import did_you_mean, listed

Keys = tuple[str | int, ...]
Place = tuple[str, int]
"""File and line."""
Places = dict[Keys, Place]
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence about the value at some keys; `place` where it is not that of the keys' value."""

    keys: Keys
    text: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """Values as read, where each stood, and what was wrong with the writing itself."""

    origin: str
    values: Any = None
    places: Places = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def place(self, problem: Problem) -> Place:
        """File and line of the problem, or of the nearest of its keys that stands in a file."""
        if problem.place:
            return problem.place
        keys = problem.keys
        while keys and keys not in self.places:
            keys = keys[:-1]
        return self.places.get(keys, (self.origin, 1))

    def told(self, problem: Problem) -> str:
        """`conf/x.yaml:12: sources.purchases.format: ...`"""
        file, line = self.place(problem)
        return ": ".join(filter(None, (f"{file}:{line}", dotted(problem.keys), problem.text)))


class _Loader(yaml.SafeLoader):
    """The safe loader, but what looks like a date or a number and is none (2026-02-30) stays text for the models."""


def _or_text(construct: Callable[[yaml.SafeLoader, yaml.ScalarNode], Any]) -> Callable[[_Loader, yaml.ScalarNode], Any]:
    def constructed(loader: _Loader, node: yaml.ScalarNode) -> Any:
        try:
            return construct(loader, node)
        except ValueError:
            return loader.construct_scalar(node)

    return constructed


for _tag in ("timestamp", "int", "float"):
    _Loader.add_constructor(
        f"tag:yaml.org,2002:{_tag}", _or_text(yaml.SafeLoader.yaml_constructors[f"tag:yaml.org,2002:{_tag}"])
    )


class DocumentError(Exception):
    """A file that is not there or is no YAML; the message is complete."""


def dotted(keys: Keys) -> str:
    """`features.purchases[3].op`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")


def read(path: Path, env: str | None = None) -> Document:
    """The file at `path`, with `env/<env>.yaml` beside it merged over it; raises DocumentError."""
    document = _parsed(path)
    if env is None:
        return document
    overlay = path.parent / "env" / f"{env}.yaml"
    if not overlay.exists():
        names = sorted(file.stem for file in overlay.parent.glob("*.yaml"))
        exist = f"There are: {listed(names)}" if names else "There are none"
        raise DocumentError(f"{overlay}: there is no environment {env!r}{did_you_mean(env, names) or '.'} {exist}")
    over = _parsed(overlay)
    places = dict(document.places)
    merged = _merged(document.values, over.values, (), places, over.places)
    return Document(document.origin, merged, places, document.problems + over.problems)


def substituted(document: Document, paths: tuple[Keys, ...]) -> tuple[Any, list[Problem]]:
    """The values with `${VAR}` and `${VAR:-default}` replaced at the given paths (`*`: any key), refused elsewhere."""
    problems: list[Problem] = []

    def replaced(value: Any, keys: Keys) -> Any:
        if isinstance(value, dict):
            return {key: replaced(item, (*keys, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [replaced(item, (*keys, position)) for position, item in enumerate(value)]
        if not isinstance(value, str) or not VARIABLE.search(value):
            return value
        if not any(_matches(keys, path) for path in paths):
            problems.append(Problem(keys, "environment variables are replaced in paths only"))
            return value
        unset = [m[1] for m in VARIABLE.finditer(value) if m[2] is None and m[1] not in os.environ]
        problems.extend(Problem(keys, f"the environment variable {name} is not set") for name in unset)
        return VARIABLE.sub(lambda m: os.environ.get(m[1], m[0] if m[2] is None else m[2]), value)

    return replaced(document.values, ()), problems


def _matches(keys: Keys, path: Keys) -> bool:
    return len(keys) == len(path) and all(wanted in ("*", key) for key, wanted in zip(keys, path, strict=True))


def _parsed(path: Path) -> Document:
    try:
        text = path.read_text(encoding="utf-8")
        loader = _Loader(text)  # the two halves of safe_load, to look at the nodes between them
        node = loader.get_single_node()
        values = loader.construct_document(node) if node else None
    except FileNotFoundError:
        names = sorted(file.name for file in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
        meant = did_you_mean(path.name, names)
        raise DocumentError(f"{path}: there is no such file{meant or '.'}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"{path}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise DocumentError(f"{path}{line}: is not YAML: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(values, dict):
        raise DocumentError(f"{path}: is not a group of keys (`name: ...`, `zone: ...`)")
    twice = [Problem(keys, "the key stands here twice", (str(path), line)) for keys, line in _duplicates(node, ())]
    return Document(str(path), values, {keys: (str(path), line) for keys, line in _lines(node, ())}, tuple(twice))


def _pairs(node: yaml.MappingNode) -> Iterator[tuple[Any, yaml.Node, int]]:
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
            yield key.value, value, key.start_mark.line + 1


def _lines(node: yaml.Node | None, keys: Keys) -> Iterator[tuple[Keys, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value, line in _pairs(node):
            yield (*keys, key), line
            yield from _lines(value, (*keys, key))
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield (*keys, position), value.start_mark.line + 1
            yield from _lines(value, (*keys, position))


def _duplicates(node: yaml.Node | None, keys: Keys) -> Iterator[tuple[Keys, int]]:
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value, line in _pairs(node):
            if key in seen:
                yield (*keys, key), line
            seen.add(key)
            yield from _duplicates(value, (*keys, key))
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield from _duplicates(value, (*keys, position))


def _merged(base: Any, over: Any, keys: Keys, places: Places, new: Places) -> Any:
    """Mappings merged key by key; anything else is the overlay's whole, and so is its place."""
    if isinstance(base, dict) and isinstance(over, dict):
        merged = dict(base)
        for key, value in over.items():
            merged[key] = _merged(base.get(key), value, (*keys, key), places, new)
        return merged
    for known in [known for known in places if known[: len(keys)] == keys]:
        del places[known]
    places.update({known: place for known, place in new.items() if known[: len(keys)] == keys})
    return over
