"""The files in a folder, grouped into the deliveries of one source each."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from churn_spark.proposal.names import ENDINGS, FORMATS, PACKED, FileDates, as_name, file_dates, globs, stem
from churn_spark.settings.checks.columns import FEATURES_KEYS


@dataclass(frozen=True, slots=True)
class Group:
    """Files of one format that are the deliveries of a source.

    path: folder or file, for the configuration. unit: what a delivery is. files: by nominal date where names have one,
    otherwise by name. ignored: globs of the other files in the folder.
    """

    name: str
    path: Path
    format: str
    unit: str
    files: tuple[Path, ...]
    dates: FileDates | None
    ignored: tuple[str, ...] = ()


def groups(folder: Path) -> list[Group]:
    """The groups of a folder: each subfolder is a source; files in the folder itself are grouped by their names."""
    all_groups: list[Group] = []
    for below in sorted(path for path in folder.iterdir() if path.is_dir() and not _hidden(path.name)):
        all_groups += _subfolder(below)
    all_groups += _of_files(folder, _files(folder), folder.name, loose=True)
    if (folder / "_delta_log").is_dir():
        return [Group(folder.name, folder, "delta", "version", (), None)]
    return all_groups


def _subfolder(folder: Path) -> list[Group]:
    if (folder / "_delta_log").is_dir():
        return [Group(folder.name, folder, "delta", "version", (), None)]
    files = _files(folder)
    if files:
        return _of_files(folder, files, folder.name)
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and not _hidden(path.name))
    parts = [path for below in inside for path in _files(below)]
    if not parts:
        return []
    names = [path.name for path in inside]
    return [Group(folder.name, folder, FORMATS[_ending(parts[0])], "folder", tuple(parts), file_dates(names))]


def _of_files(folder: Path, files: Sequence[Path], called: str, loose: bool = False) -> list[Group]:
    alike: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for path in files:
        alike[stem(path.name), FORMATS[_ending(path)]].append(path)
    if not loose and len({kind for _, kind in alike}) == 1 and all(len(paths) == 1 for paths in alike.values()):
        alike = {(called, next(iter(alike))[1]): list(files)}
    several = len(alike) > 1
    return [
        _group(folder, sorted(paths), kind, (part or called) if loose or several else called, several)
        for (part, kind), paths in sorted(alike.items())
    ]


def _group(folder: Path, paths: list[Path], kind: str, name: str, several: bool) -> Group:
    dates = file_dates([path.name for path in paths])
    if dates:
        paths = [path for _, path in sorted(zip(dates.dates, paths, strict=True))]
    others = tuple(sorted(path.name for path in folder.iterdir() if path.is_file() and path not in paths))
    alone = len(paths) == 1 and (several or bool(others))
    visible = [name for name in others if not _hidden(name)]
    ignored = () if alone else tuple(globs(visible, [path.name for path in paths]))
    return Group(name, paths[0] if alone else folder, kind, "file", tuple(paths), dates, ignored)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and not _hidden(path.name) and _ending(path))


def _ending(path: Path) -> str:
    name = path.name.lower()
    for packed in PACKED:
        name = name.removesuffix(packed)
    return next((ending for ending in ENDINGS if name.endswith(ending)), "")


def _hidden(name: str) -> bool:
    return name.startswith(("_", "."))


def with_names(groups: Sequence[Group]) -> Iterator[tuple[str, Group]]:
    """Each group with a name of its own for the configuration."""
    taken = list(FEATURES_KEYS)
    for group in groups:
        name = as_name(group.name, taken)
        taken.append(name)
        yield name, group
