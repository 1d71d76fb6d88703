"""The templates of alerts: those of the package, or those of a folder that the configuration names."""

from collections.abc import Iterator
from importlib.resources import files
from itertools import product
from pathlib import Path

from churn_spark.actions.wording import faults
from churn_spark.definitions.actions import KINDS, PARTS, Kind, Part, Template
from churn_spark.settings.alerts import AlertsSection
from churn_spark.settings.document import Keys, Problem

KEYS: Keys = ("alerts", "texts")
OURS = "churn_spark/actions/texts"


def kinds(section: AlertsSection) -> tuple[Kind, ...]:
    """The kinds of alerts that are asked for."""
    return tuple(kind for kind in KINDS if getattr(section, kind) is not None)


def templates(section: AlertsSection) -> tuple[Template, ...]:
    """A title and a text for each kind that is asked for; their files are there (see `unusable`)."""
    wanted = product(kinds(section), PARTS)
    if section.texts is not None:
        return tuple(_read(Path(section.texts), kind, part) for kind, part in wanted)
    folder = files("churn_spark.actions") / "texts" / section.language
    return tuple(
        Template(
            kind,
            part,
            (folder / _name(kind, part)).read_text("utf-8"),
            f"{OURS}/{section.language}/{_name(kind, part)}",
        )
        for kind, part in wanted
    )


def unusable(section: AlertsSection) -> Iterator[Problem]:
    """Templates of the folder that are missing or wrong, with file and line."""
    if section.texts is None:
        return
    folder = Path(section.texts)
    if not folder.is_dir():
        yield Problem(KEYS, f"{section.texts}: there is no such folder")
        return
    for kind, part in product(kinds(section), PARTS):
        file = folder / _name(kind, part)
        if not file.is_file():
            text = f"{file} is missing: the folder needs a title and a text for each kind of alert; copy it from {OURS}"
            yield Problem(KEYS, text)
            continue
        try:
            template = _read(folder, kind, part)
        except UnicodeDecodeError:
            yield Problem(KEYS, f"{file} is not in UTF-8")
            continue
        for line, text in faults(template):
            yield Problem(KEYS, text, (str(file), line))


def _read(folder: Path, kind: Kind, part: Part) -> Template:
    file = folder / _name(kind, part)
    return Template(kind, part, file.read_text("utf-8-sig"), str(file))


def _name(kind: Kind, part: Part) -> str:
    return f"{kind}.{part}.txt"
