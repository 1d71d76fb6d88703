"""A YAML file with the file and line each value came from, and an environment's values over it."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from churn_spark.definitions.nearest import did_you_mean, listed

Keys = tuple[str | int, ...]
Position = tuple[str, int]
"""File and line."""
Positions = dict[Keys, Position]
_MERGE, _TEXT = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:str"
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence about the value at some keys; position: where it is not that of the value."""

    keys: Keys
    text: str
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """Values as read, the position of each, and mistakes in the YAML itself."""

    origin: str
    values: Any = None
    positions: Positions = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def position(self, problem: Problem) -> Position:
        """File and line of the problem, or of the innermost of its keys that is in a file."""
        if problem.position:
            return problem.position
        keys = problem.keys
        while keys and keys not in self.positions:
            keys = keys[:-1]
        return self.positions.get(keys, (self.origin, 1))

    def as_line(self, problem: Problem) -> str:
        """`conf/x.yaml:12: sources.purchases.format: ...`"""
        file, line = self.position(problem)
        text = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in problem.text)
        return ": ".join(filter(None, (f"{file}:{line}", dotted(problem.keys), text)))


class _Loader(yaml.SafeLoader):
    """The safe loader, but an invalid date or number (2026-02-30) stays text, which the models refuse."""


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
    """A file that is missing or is not YAML; the message is complete."""


def dotted(keys: Keys) -> str:
    """`features.purchases[3].op`."""
    texts = (f"[{key}]" if isinstance(key, int) else f".{key if key.isprintable() else repr(key)}" for key in keys)
    return "".join(texts).lstrip(".")


def read(path: Path, env: str | None = None) -> Document:
    """The file at `path`, with `env/<env>.yaml` from its folder merged over it; raises DocumentError."""
    document = _parsed(path)
    if env is None:
        return document
    overlay = path.parent / "env" / f"{env}.yaml"
    if not overlay.exists():
        names = sorted(file.stem for file in overlay.parent.glob("*.yaml"))
        exist = f"There are: {listed(names)}" if names else "There are none"
        raise DocumentError(f"{overlay}: there is no environment {env!r}{did_you_mean(env, names) or '.'} {exist}")
    over = _parsed(overlay)
    positions = dict(document.positions)
    merged = _merged(document.values, over.values, (), positions, over.positions)
    return Document(document.origin, merged, positions, document.problems + over.problems)


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
            known = listed(dotted(path) for path in paths)
            problems.append(
                Problem(
                    keys,
                    f"${{VAR}} is replaced in paths and addresses only, not here; those are {known}",
                )
            )
            return value
        unset = [m[1] for m in VARIABLE.finditer(value) if m[2] is None and m[1] not in os.environ]
        problems.extend(
            Problem(keys, f"the environment variable {name} is not set; set it, or write ${{{name}:-default}}")
            for name in unset
        )
        return VARIABLE.sub(lambda m: os.environ.get(m[1], m[0] if m[2] is None else m[2]), value)

    return replaced(document.values, ()), problems


def _matches(keys: Keys, path: Keys) -> bool:
    return len(keys) == len(path) and all(wanted in ("*", key) for key, wanted in zip(keys, path, strict=True))


def _parsed(path: Path) -> Document:
    try:
        text = path.read_text(encoding="utf-8")
        loader = _Loader(text)  # the two halves of safe_load, to look at the nodes between them
        node = loader.get_single_node()
        _with_keys_as_text(node)
        values = loader.construct_document(node) if node else None
        positions = {keys: (str(path), line) for keys, line in _lines(node, ())}
        twice = [
            Problem(keys, "this key is given twice; remove one of them", (str(path), line))
            for keys, line in _duplicates(node, ())
        ]
    except FileNotFoundError:
        names = sorted(file.name for file in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
        meant = did_you_mean(path.name, names)
        raise DocumentError(f"{path}: there is no such file{meant or '.'}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"{path}: cannot be read: {error}") from None
    except RecursionError:
        raise DocumentError(
            f"{path}: is nested too deeply, or an alias (*name) is used inside its own anchor"
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise DocumentError(
            f"{path}{line}: is not YAML: {getattr(error, 'problem', None) or ' '.join(str(error).split())}"
        ) from None
    if not isinstance(values, dict):
        raise DocumentError(f"{path}: is not a group of keys (`name: ...`, `zone: ...`)")
    return Document(str(path), values, positions, tuple(twice))


def _with_keys_as_text(node: yaml.Node | None) -> None:
    """Keep keys as they are written: YAML would convert 2024, no and null, which may be names of columns."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                key.tag = _TEXT
            _with_keys_as_text(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _with_keys_as_text(item)


def _pairs(node: yaml.MappingNode) -> Iterator[tuple[Any, yaml.Node, int]]:
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
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


def _merged(base: Any, over: Any, keys: Keys, positions: Positions, new: Positions) -> Any:
    """Mappings merged key by key; any other value is replaced by the overlay's, with its position."""
    if isinstance(base, dict) and isinstance(over, dict):
        merged = dict(base)
        for key, value in over.items():
            merged[key] = _merged(base.get(key), value, (*keys, key), positions, new)
        return merged
    for known in [known for known in positions if known[: len(keys)] == keys]:
        del positions[known]
    positions.update({known: place for known, place in new.items() if known[: len(keys)] == keys})
    return over
