"""The SparkSession of a run: Delta in place, UTC, ANSI; whatever spark-submit was given stays as it is."""

import atexit
import os
import pwd
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from pyspark import SparkConf
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.reading import ANY_CHARSET
from churn_spark.runtime.jars import delta_jars
from churn_spark.runtime.java import choose_java
from churn_spark.spark_internals import jvm

DELTA_EXTENSION = "io.delta.sql.DeltaSparkSessionExtension"
JVM_FLAGS = "spark.driver.extraJavaOptions"
EXTENSIONS = "spark.sql.extensions"
CATALOG = "spark.sql.catalog.spark_catalog"
# Spark hides the values of settings whose names match; its default knows fewer words.
REDACTED = r"(?i)secret|password|passphrase|token|credential|access[.]?key|api[.]?key|private[.]?key|hmac|pseudonym"

# A short run makes thousands of methods, most of which run for seconds: with the JVM's own thresholds optimising them
# takes as much CPU as the work itself, and competes with it where cores are few.
LATE_OPTIMISING = (
    "-XX:+IgnoreUnrecognizedVMOptions -XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000"
    " -XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000"
)

# The JVM never compiles a method beyond 8000 bytes of code, but always interprets it, and takes long to
# optimise one of nearly so many, as the conversions of wide rows are. With this limit Spark makes several of them.
GENERATED = {"spark.sql.codegen.hugeMethodLimit": "4000"}

# PySpark sends the JVM for every column where in the program it was made, for a notebook's errors: four calls instead
# of one, and a snapshot has hundreds of columns.
UNTRACED = {"spark.python.sql.dataFrameDebugging.enabled": "false"}

# Batches for Python are bounded by rows: to bound their bytes too, Spark adds up the sizes of all columns after every
# row, which takes a third of the CPU of handing them over. This value, and only this one, means no bound.
UNWEIGHED = {"spark.sql.execution.arrow.maxBytesPerBatch": "2147483647"}

# Jobs are done in order all the same, but for those of other pools: the renewal of a lease goes between the tasks of a
# long pass, instead of after it.
FAIR = {"spark.scheduler.mode": "FAIR"}

# What the results rest on, whoever starts the session.
FIXED = {
    CATALOG: "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    ANY_CHARSET: "true",
}

# Databricks and Unity Catalog bring Delta by classes of their own.
OTHER_DELTA = ("com.databricks.", "io.unitycatalog.")
AT_START = "give it when the session is made (spark-submit --conf, or SparkSession.builder.config)"
REQUIRED: tuple[tuple[str, Callable[[str], bool], str, str], ...] = (
    (
        "spark.sql.ansi.enabled",
        lambda value: value.lower() == "true",
        "without ANSI an overflow or a wrong cast gives null or another number instead of an error",
        'run spark.conf.set("spark.sql.ansi.enabled", "true")',
    ),
    (
        "spark.sql.session.timeZone",
        lambda value: value.upper() in ("UTC", "ETC/UTC", "Z", "GMT", "+00:00"),
        "times are read and dates are cut in UTC",
        'run spark.conf.set("spark.sql.session.timeZone", "UTC")',
    ),
    (CATALOG, lambda value: value == FIXED[CATALOG], f"Delta's tables need {FIXED[CATALOG]}", AT_START),
    (EXTENSIONS, lambda value: DELTA_EXTENSION in value.split(","), f"it must hold {DELTA_EXTENSION}", AT_START),
)


def session(app_name: str, *, warehouse: Path | None = None, extra: Mapping[str, str] | None = None) -> SparkSession:
    """The session that is there, or a new one with Delta: local unless spark-submit started this program elsewhere.

    warehouse: where tables created by bare name go; left out, a folder that goes with this program, but with Hive what
    Spark was given. extra: settings that win over the defaults here, not over those given to spark-submit (or in
    PYSPARK_SUBMIT_ARGS). Raises ConfigError where Java or Delta's jars are missing, or the session that is there is set
    otherwise: it is somebody's, who may count on that, so nothing of it is changed.
    """
    if (running := SparkSession.getActiveSession()) is not None:
        require_fit(running)
        return running
    if "PYSPARK_GATEWAY_PORT" not in os.environ and not jvm.runs():
        _launch(extra or {})
    jvm.start()  # from here on SparkConf holds what the JVM was started with
    _require_delta()
    conf = SparkConf()
    conf.set(EXTENSIONS, _joined(conf.get(EXTENSIONS), DELTA_EXTENSION))
    conf.setAll(list(FIXED.items()))
    wanted = (
        GENERATED
        | UNTRACED
        | UNWEIGHED
        | FAIR
        | {"spark.app.name": app_name, "spark.redaction.regex": REDACTED}
        | dict(extra or {})
    )
    if warehouse is None and conf.get("spark.sql.catalogImplementation") != "hive":
        warehouse = _passing_folder()
    if warehouse is not None:
        wanted["spark.sql.warehouse.dir"] = str(warehouse)
    if str(conf.get("spark.master", "local")).startswith("local"):
        wanted = _small_machine() | wanted
    for key, value in wanted.items():
        conf.setIfMissing(key, value)
    return SparkSession.builder.config(conf=conf).getOrCreate()


def require_fit(running: SparkSession) -> None:
    """ConfigError for an existing session in which results would differ or Delta would not work."""
    if not jvm.is_classic(running):
        raise ConfigError(
            "the session that is running is one of Spark Connect, which cannot read Delta's log, files and expressions"
            " as churn_spark does (docs/support.md); start the program by spark-submit, or as a job of the cluster"
        )
    foreign = _setting(running, CATALOG).startswith(OTHER_DELTA)
    for key, fits, wanted, remedy in REQUIRED:
        value = _setting(running, key)
        if not (fits(value) or (foreign and key in (CATALOG, EXTENSIONS))):
            now = f"is {value!r}" if value else "is not set"
            raise ConfigError(f"{key} {now} in the session that is running; {wanted}: {remedy}")


def _setting(running: SparkSession, key: str) -> str:
    """A setting as it is in force; empty where it is none and has no default."""
    try:
        return str(running.conf.get(key))
    except PySparkException:
        return ""


def _launch(extra: Mapping[str, str]) -> None:
    """Start the JVM with what it must know before it starts; what PYSPARK_SUBMIT_ARGS already says wins."""
    choose_java(os.environ)
    _require_user_name()
    given = os.environ.get("PYSPARK_SUBMIT_ARGS")
    flags = f"-Dlog4j2.configurationFile={(Path(__file__).parent / 'log4j2.properties').as_uri()}"
    settings = {
        "spark.jars": ",".join(map(str, delta_jars())),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    if "SPARK_DRIVER_MEMORY" not in os.environ:
        settings["spark.driver.memory"] = "2g"
    if _master(given or "", extra).startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        flags = f"{flags} {LATE_OPTIMISING}"
    settings |= extra
    settings[JVM_FLAGS] = _joined(flags, extra.get(JVM_FLAGS), separator=" ")
    arguments = [word for key, value in settings.items() for word in ("--conf", f"{key}={value}")]
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"{shlex.join(arguments)} {given or 'pyspark-shell'}"
    try:
        jvm.start()
        jvm.load_quietly()
    finally:  # programs started from here choose for themselves
        os.environ.pop("PYSPARK_SUBMIT_ARGS")
        if given is not None:
            os.environ["PYSPARK_SUBMIT_ARGS"] = given


def _require_user_name() -> None:
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        raise ConfigError(
            f"the user id {os.getuid()} has no name, without which Hadoop does not log in; run as a user that has one"
            " (in the image: 185)"
        ) from None


def _master(given: str, extra: Mapping[str, str]) -> str:
    """The master that spark-submit will choose, as far as the command line, the caller and the environment say."""
    named = re.findall(r"(?:--master[ =]|spark\.master=)['\"]?([^\s'\"]+)", given)
    return named[-1] if named else extra.get("spark.master", os.environ.get("MASTER", "local[*]"))


def _small_machine() -> dict[str, str]:
    """Settings for one machine, where 200 partitions and 50-way listings cost more than the work itself."""
    cores = os.cpu_count() or 1
    return {
        "spark.sql.shuffle.partitions": str(2 * cores),
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": str(cores),
        # What is kept between two passes lives for seconds: packing it tightly costs more than the memory it saves.
        "spark.sql.inMemoryColumnarStorage.compressed": "false",
    }


def _passing_folder() -> Path:
    """A folder that lives as long as this program, as long as Spark's own catalog remembers what lies in it.

    Spark makes the folder of its default schema at once, by its default below the folder it is started from.
    """
    folder = tempfile.mkdtemp(prefix="spark-warehouse-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _require_delta() -> None:
    if not jvm.on_class_path(DELTA_EXTENSION):
        raise ConfigError(
            "Delta's jars are not on Spark's class path; add them: "
            '`spark-submit --jars "$(python -m churn_spark.runtime.jars)" ...`'
        )


def _joined(*lists: str | None, separator: str = ",") -> str:
    return separator.join(dict.fromkeys(part for text in lists if text for part in text.split(separator)))
