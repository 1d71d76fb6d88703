"""The SHA-256 of every file of a saved model: a model is code, and only what was registered may be loaded."""

import hashlib
import json
from pathlib import Path

from churn_spark.definitions.errors import ModelError

FILE = "manifest.json"


def write_manifest(folder: Path) -> str:
    """Write the manifest of all files below a folder; return its own SHA-256, by which it is known elsewhere."""
    text = json.dumps(_sums(folder), indent=1, sort_keys=True)
    (folder / FILE).write_text(text)
    return hashlib.sha256(text.encode()).hexdigest()


def check_manifest(folder: Path, known: str) -> None:
    """Compare a folder with its manifest, and that with the SHA-256 noted when registered; ModelError if altered."""
    manifest = folder / FILE
    if not manifest.is_file():
        raise ModelError(f"the model in {folder} has no {FILE}: delete the folder to fetch it from the registry again")
    text = manifest.read_bytes()
    if hashlib.sha256(text).hexdigest() != known:
        raise ModelError(f"{manifest} is not the one that was registered: the model is not loaded. {_mend(folder)}")
    noted, actual = json.loads(text), _sums(folder)
    altered = sorted(name for name in noted.keys() | actual.keys() if noted.get(name) != actual.get(name))
    if altered:
        names = ", ".join(altered[:3]) + (" ..." if len(altered) > 3 else "")
        raise ModelError(f"files of the model in {folder} were altered, added or removed: {names}. {_mend(folder)}")


def _mend(folder: Path) -> str:
    return f"Delete {folder} to fetch the model from the registry again, or train a new one."


def _sums(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / FILE)
    return {path.relative_to(folder).as_posix(): _sum(path) for path in files}


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
