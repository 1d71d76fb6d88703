"""The first rows of the oldest and the newest files of a group, column by column."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from churn_spark.proposal import stored, texts
from churn_spark.proposal.groups import Group
from churn_spark.proposal.names import PACKED

ROWS = 400
"""Rows in the sample of each of several files."""
ALONE = 50_000
"""Rows in the sample of a single file, whose rows must show which days it covers."""
ENDS = 2
"""Files in the sample from either end."""
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of some files. columns: values by name, as texts, or with the types of Parquet and JSON (None: null).

    types: Spark types by name where the files store them. file_of: the file of each row; dates: of the files.
    nested: columns with arrays, structs or maps. options: reading options that differ from the defaults.
    notes: further comments on the columns.
    """

    columns: dict[str, list[Any]]
    types: dict[str, str]
    file_of: list[int]
    dates: list[date | None]
    options: dict[str, str] = field(default_factory=dict)
    nested: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return len(self.file_of)


def sample(group: Group) -> Sample:
    """Rows of the oldest and newest files of a group; ConfigError where one cannot be read."""
    if group.format == "delta":
        return _delta(group)
    chosen = sorted({*range(len(group.files))[:ENDS], *range(len(group.files))[-ENDS:]})
    paths = [group.files[position] for position in chosen]
    rows = ROWS if len(paths) > 1 else ALONE
    dates: list[date | None] = [None] * len(paths)
    if group.dates and group.unit == "file":
        ordered = sorted(group.dates.dates)
        dates = [ordered[position] for position in chosen]
    if group.format == "csv":
        return _csv(paths, dates, rows)
    if group.format == "json":
        return _json(paths, dates, rows)
    types = stored.parquet_types(paths[-1])
    return _of_dicts([stored.parquet_rows(path, rows) for path in paths], dates, types)


def _csv(paths: Sequence[Path], dates: list[date | None], rows: int) -> Sample:
    heads = _heads(paths)
    encodings = [texts.encoding_of(content) for content in heads]
    encoding = next((one for one in encodings if one != "UTF-8"), "UTF-8")
    options = texts.options_of(heads[-1].decode(encoding, errors="replace"))
    columns: dict[str, list[Any]] = {}
    file_of: list[int] = []
    notes = _packed(paths)
    for position, content in enumerate(heads):
        header, sampled = texts.csv_rows(content, encoding, options, rows)
        before = len(file_of)
        file_of += [position] * len(sampled)
        if columns and set(header) - {""} != set(columns):
            other, first = paths[position].name, paths[0].name
            notes.append(f"QUESTION: {other} has other columns than {first}. Which columns will new files have?")
        for name in dict.fromkeys(header):
            if (note := _why_omitted(name, columns)) is None:
                columns.setdefault(name, [None] * before)
            elif note not in notes:
                notes.append(note)
        for name in columns:
            at = header.index(name) if name in header else None
            columns[name] += [None if at is None or row[at] == "" else row[at] for row in sampled]
    given = options | ({} if encoding == "UTF-8" else {"encoding": encoding})
    return Sample(columns, {}, file_of, dates, given, notes=tuple(notes))


def _packed(paths: Sequence[Path]) -> list[str]:
    upper = next((path.name for path in paths if path.suffix.lower() in PACKED and path.suffix not in PACKED), None)
    return (
        [f"QUESTION: {upper}: Spark only unpacks .gz and .bz2 in lower case. Can the file be renamed?"] if upper else []
    )


def _why_omitted(name: str, columns: Iterable[str]) -> str | None:
    """Why a column cannot be declared; None if it can."""
    if not name:
        return "a column without a name is omitted"
    if len(name) > _LONGEST:
        return f"a column with a name of {len(name)} characters is omitted: {name[:20]}..."
    alike = next((other for other in columns if other.lower() == name.lower() and other != name), None)
    return (
        f"QUESTION: {name} is omitted, since SQL does not distinguish it from {alike}. Which one is needed?"
        if alike
        else None
    )


def _json(paths: Sequence[Path], dates: list[date | None], rows: int) -> Sample:
    return _of_dicts([texts.json_rows(content, rows) for content in _heads(paths)], dates, None)


def _heads(paths: Sequence[Path]) -> list[bytes]:
    most = texts.HEAD if len(paths) > 1 else texts.HEAD * texts.ALONE
    return [texts.head(path, most) for path in paths]


def _of_dicts(
    files: Sequence[Sequence[dict[str, Any]]], dates: list[date | None], types: dict[str, str | None] | None
) -> Sample:
    names = list(types) if types is not None else list(dict.fromkeys(n for rows in files for row in rows for n in row))
    every = [row for rows in files for row in rows]
    nested = [name for name in names if types is not None and types[name] is None]
    nested += [name for name in names if types is None and any(isinstance(row.get(name), dict | list) for row in every)]
    flat: list[str] = []
    notes = []
    for name in names:
        if name not in nested and (note := _why_omitted(name, flat)):
            notes.append(note)
        elif name not in nested:
            flat.append(name)
    return Sample(
        {name: [row.get(name) for row in every] for name in flat},
        {name: kind for name, kind in (types or {}).items() if kind is not None},
        [position for position, rows in enumerate(files) for _ in rows],
        dates,
        nested=tuple(nested),
        notes=tuple(notes),
    )


def _delta(group: Group) -> Sample:
    types, files = stored.delta_table(group.path)
    chosen = [files[position] for position in sorted({*range(len(files))[:ENDS], *range(len(files))[-ENDS:]})]
    sampled = [[values | row for row in stored.parquet_rows(path, ROWS)] for path, values in chosen]
    return _of_dicts(sampled, [None] * len(chosen), types)
