"""Proposals for files that a test writes."""

from pathlib import Path

import yaml

from churn_spark.definitions.sources import Delivered
from churn_spark.events.arrivals import nominal_date
from churn_spark.proposal.groups import groups
from churn_spark.proposal.writing import write
from churn_spark.settings import errors


def proposed(folder: Path, files: dict[str, str | bytes], valid: bool = True) -> tuple[dict, str]:
    """The proposal for files by their paths, as values and as text; valid: `check` must have nothing against it.

    Every file of a dated source must have its date by the proposed pattern.
    """
    root = folder / "in"
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content.encode() if isinstance(content, str) else content)
    path = write(root, folder / "new.yaml")
    if valid:
        assert errors(path) == []
    values = yaml.safe_load(path.read_text())
    all_are_dated(root, values)
    return values, path.read_text()


def all_are_dated(root: Path, values: dict) -> None:
    """Every delivery must have by its source's pattern the date that the proposal was made from."""
    by_path = {str(group.path): group for group in groups(root) if group.dates}
    for source in values["sources"].values():
        delivered, group = source["delivered"], by_path.get(source["path"])
        if delivered["by"] != "file_name" or group is None:
            continue
        read = Delivered(by="file_name", pattern=delivered["pattern"], date_format=delivered["date_format"])
        names = {path.name if group.unit == "file" else path.parent.name: None for path in group.files}
        assert sorted(nominal_date(name, read) for name in names) == sorted(group.dates.dates)


def table(header: str, rows: list[str]) -> str:
    """A text file of some rows."""
    return "\n".join([header, *rows]) + "\n"
