"""The proposed configuration as a new file."""

from pathlib import Path

from churn_spark.definitions.errors import ConfigError
from churn_spark.proposal.names import as_name
from churn_spark.proposal.project_page import proposal


def write(folder: Path, out: Path | None = None) -> Path:
    """Write the proposal for a folder to `out` (default: conf/<folder>.yaml) and return its path.

    Raises ConfigError if the file exists already, which is never overwritten, or if there is no proposal.
    """
    path = out or Path("conf") / f"{as_name(folder.resolve().name)}.yaml"
    if path.exists():
        raise ConfigError(f"{path} exists already and is not overwritten; name another file: --out FILE")
    text = proposal(folder)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}; name another file: --out FILE") from None
    return path
