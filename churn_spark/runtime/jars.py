"""Delta's jars, fetched once into the virtual environment by Spark's own Ivy.

`python -m churn_spark.runtime.jars` fetches what is missing and prints them as `spark-submit --jars` takes them, so
that no later session resolves anything or needs a network.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit
from xml.etree import ElementTree

from churn_spark.definitions.errors import ConfigError
from churn_spark.runtime.java import choose_java

DELTA = "4.4.0"
DELTA_SPARK = {
    "4.0": "49e899667168b9412f83cbe894ce264107d7b896d6c5e12edca4e216845c1104",
    "4.1": "75a9400986853c061f5109f012547de2545a5759e5e752e5ef633dabe16a4f10",
    "4.2": "27d4fd8b1f879535c573ed1c718177d6a27f24d3e626ba02e216369725721ead",
}
"""SHA-256 of the jar of Delta that is built for a version of Spark."""
DELTA_STORAGE = "c46735481fa8e326b0957be02b4420cbcab4b325bb08009b7f2045a95133f1cc"
# What Delta's descriptor also asks for is either in Spark already or for catalogs that are not used here.
NOT_NEEDED = "org.*:*,com.*:*,io.airlift:*,io.delta:delta-kernel*,io.unitycatalog:*,javax.*:*,commons*:*"


def folder() -> Path:
    """Where the jars of this virtual environment lie."""
    return Path(sys.prefix) / "share" / "churn_spark" / "jars"


def coordinates(spark: str | None = None) -> dict[str, str]:
    """Delta's packages for a version of Spark, such as `4.1.4`, with the SHA-256 of each; else for the one installed.

    ConfigError where this Delta is not built for it.
    """
    version = spark or _spark_version()
    minor = ".".join(version.split(".")[:2])
    if minor not in DELTA_SPARK:
        *others, newest = DELTA_SPARK
        raise ConfigError(
            f"Delta {DELTA} is built for Spark {', '.join(others)} and {newest}, and not for {version}, which is"
            f" installed; run `pip install 'pyspark=={newest}.*'`"
        )
    return {
        f"io.delta:delta-spark_{minor}_2.13:{DELTA}": DELTA_SPARK[minor],
        f"io.delta:delta-storage:{DELTA}": DELTA_STORAGE,
    }


def delta_jars() -> list[Path]:
    """The jars already fetched; ConfigError with the command that fetches them where one is missing."""
    jars = [folder() / _file(coordinate) for coordinate in coordinates()]
    if missing := [jar.name for jar in jars if not jar.is_file()]:
        raise ConfigError(
            f"{' and '.join(missing)} not in {folder()}; run `{sys.executable} -m churn_spark.runtime.jars`"
        )
    return jars


def fetch() -> list[Path]:
    """Fetch the jars that are missing, check each against its SHA-256 and put them in place."""
    wanted = coordinates()
    if not all((folder() / _file(coordinate)).is_file() for coordinate in wanted):
        folder().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder().parent) as ivy:
            _resolve(Path(ivy), list(wanted))
            for coordinate, expected in wanted.items():
                _put(Path(ivy) / "jars" / _as_ivy_names(coordinate), folder() / _file(coordinate), expected)
    return delta_jars()


def _resolve(ivy: Path, packages: Sequence[str]) -> None:
    """Let spark-submit resolve the packages for a program that does nothing; ConfigError with Ivy's own complaint."""
    spark_home = _spark_home()
    nothing = ivy / "nothing.py"
    nothing.touch()
    command = [str(spark_home / "bin" / "spark-submit"), "--master", "local[1]", "--conf", f"spark.jars.ivy={ivy}"]
    command += ["--packages", ",".join(packages), "--exclude-packages", NOT_NEEDED, str(nothing)]
    if settings := os.environ.get("IVY_SETTINGS"):
        command[1:1] = ["--conf", f"spark.jars.ivySettings={settings}"]
    done = subprocess.run(command, env=_environment(spark_home), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines()]
        telling = [line for line in said if "unresolved dependency" in line or "FAILED" in line or "Exception" in line]
        raise ConfigError(
            f"could not fetch {' and '.join(packages)}: {(telling or said or ['no message'])[0]}. Give the machine a "
            "network, a proxy (HTTPS_PROXY), a mirror (~/.m2/settings.xml or DEFAULT_ARTIFACT_REPOSITORY), or an Ivy "
            "settings file (IVY_SETTINGS), then run again"
        )


def _environment(spark_home: Path) -> dict[str, str]:
    """The environment for spark-submit, with the machine's mirror and proxy said the way Java and Spark read them."""
    environment = dict(os.environ, SPARK_HOME=str(spark_home), SPARK_LOCAL_IP="127.0.0.1")
    environment |= {"PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
    choose_java(environment)
    if mirror := _mirror(Path.home() / ".m2" / "settings.xml"):
        environment.setdefault("DEFAULT_ARTIFACT_REPOSITORY", mirror)
    options = [environment.get("SPARK_SUBMIT_OPTS", "")]
    for scheme in ("http", "https"):
        proxy = urlsplit(os.environ.get(f"{scheme}_proxy") or os.environ.get(f"{scheme.upper()}_PROXY") or "")
        if proxy.hostname:
            options.append(f"-D{scheme}.proxyHost={proxy.hostname} -D{scheme}.proxyPort={proxy.port or 80}")
    environment["SPARK_SUBMIT_OPTS"] = " ".join(filter(None, options))
    return environment


def _mirror(settings: Path) -> str | None:
    """The address that Maven's settings give in place of the central repository, if any."""
    if not settings.is_file():
        return None
    try:
        tree = ElementTree.parse(settings)
    except ElementTree.ParseError as error:
        raise ConfigError(f"{settings} is not readable as XML: {error}") from None
    for mirror in tree.iterfind(".//{*}mirror"):
        stands_for = (mirror.findtext("{*}mirrorOf") or "").replace(" ", "").split(",")
        if {"*", "external:*", "central"} & set(stands_for) and "!central" not in stands_for:
            return (mirror.findtext("{*}url") or "").strip() or None
    return None


def _put(arrived: Path, place: Path, expected: str) -> None:
    actual = hashlib.sha256(arrived.read_bytes()).hexdigest()
    if actual != expected:
        raise ConfigError(f"{place.name} has SHA-256 {actual}, not {expected}: it is not the file that was tested")
    # In one step, so that two set-ups at once leave a whole file.
    partial = place.with_name(f"{place.name}.{os.getpid()}")
    shutil.copyfile(arrived, partial)
    partial.replace(place)


def _file(coordinate: str) -> str:
    _, artifact, version = coordinate.split(":")
    return f"{artifact}-{version}.jar"


def _as_ivy_names(coordinate: str) -> str:
    return f"{coordinate.partition(':')[0]}_{_file(coordinate)}"


def _spark_version() -> str:
    return str(_pyspark().__version__)


def _spark_home() -> Path:
    package = _pyspark()
    return Path(os.environ.get("SPARK_HOME") or Path(package.__file__ or "").parent)


def _pyspark() -> ModuleType:
    try:
        import pyspark
    except ImportError:
        raise ConfigError("pyspark is not installed; `pip install 'churn-spark[local]'` brings it") from None
    return pyspark


if __name__ == "__main__":
    try:
        print(",".join(map(str, fetch())))
    except ConfigError as error:
        sys.exit(str(error))
