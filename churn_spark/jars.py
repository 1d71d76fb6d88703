"""Delta's jars, fetched once into the virtual environment by Spark's own Ivy.

`python -m churn_spark.jars` fetches what is missing and prints them as `spark-submit --jars` takes them, so that no
later session resolves anything or needs a network.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

from churn_spark.definitions.errors import ConfigError
from churn_spark.java import choose_java

SHA256 = {
    "io.delta:delta-spark_4.2_2.13:4.4.0": "27d4fd8b1f879535c573ed1c718177d6a27f24d3e626ba02e216369725721ead",
    "io.delta:delta-storage:4.4.0": "c46735481fa8e326b0957be02b4420cbcab4b325bb08009b7f2045a95133f1cc",
}
# What Delta's descriptor asks for beside them is either in Spark already or for catalogs that are not used here.
NOT_NEEDED = "org.*:*,com.*:*,io.airlift:*,io.delta:delta-kernel*,io.unitycatalog:*,javax.*:*,commons*:*"


def folder() -> Path:
    """Where the jars of this virtual environment lie."""
    return Path(sys.prefix) / "share" / "churn_spark" / "jars"


def delta_jars() -> list[Path]:
    """The jars already fetched; ConfigError with the command that fetches them where one is missing."""
    jars = [folder() / _file(coordinate) for coordinate in SHA256]
    if missing := [jar.name for jar in jars if not jar.is_file()]:
        raise ConfigError(f"{' and '.join(missing)} not in {folder()}; run `{sys.executable} -m churn_spark.jars`")
    return jars


def fetch() -> list[Path]:
    """Fetch the jars that are missing, check each against its SHA-256 and put them in place."""
    if not all((folder() / _file(coordinate)).is_file() for coordinate in SHA256):
        folder().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder().parent) as ivy:
            _resolve(Path(ivy))
            for coordinate, expected in SHA256.items():
                _put(Path(ivy) / "jars" / _as_ivy_names(coordinate), folder() / _file(coordinate), expected)
    return delta_jars()


def _resolve(ivy: Path) -> None:
    """Let spark-submit resolve the packages for a program that does nothing; ConfigError with Ivy's own complaint."""
    spark_home = _spark_home()
    nothing = ivy / "nothing.py"
    nothing.touch()
    command = [str(spark_home / "bin" / "spark-submit"), "--master", "local[1]", "--conf", f"spark.jars.ivy={ivy}"]
    command += ["--packages", ",".join(SHA256), "--exclude-packages", NOT_NEEDED, str(nothing)]
    if settings := os.environ.get("IVY_SETTINGS"):
        command[1:1] = ["--conf", f"spark.jars.ivySettings={settings}"]
    done = subprocess.run(command, env=_environment(spark_home), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines()]
        telling = [line for line in said if "unresolved dependency" in line or "FAILED" in line or "Exception" in line]
        raise ConfigError(
            f"could not fetch {' and '.join(SHA256)}: {(telling or said or ['no message'])[0]}. Give the machine a "
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
    found = hashlib.sha256(arrived.read_bytes()).hexdigest()
    if found != expected:
        raise ConfigError(f"{place.name} has SHA-256 {found}, not {expected}: it is not the file that was tested")
    # In one step, so that two set-ups at once leave a whole file.
    partial = place.with_name(f"{place.name}.{os.getpid()}")
    shutil.copyfile(arrived, partial)
    partial.replace(place)


def _file(coordinate: str) -> str:
    _, artifact, version = coordinate.split(":")
    return f"{artifact}-{version}.jar"


def _as_ivy_names(coordinate: str) -> str:
    return f"{coordinate.partition(':')[0]}_{_file(coordinate)}"


def _spark_home() -> Path:
    try:
        import pyspark
    except ImportError:
        raise ConfigError("pyspark is not installed; `pip install 'churn-spark[local]'` brings it") from None
    return Path(os.environ.get("SPARK_HOME") or Path(pyspark.__file__).parent)


if __name__ == "__main__":
    try:
        print(",".join(map(str, fetch())))
    except ConfigError as error:
        sys.exit(str(error))
