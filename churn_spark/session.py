"""The SparkSession of a run: Delta in place, UTC, ANSI; whatever spark-submit was given stays as it is."""

import atexit
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession

from churn_spark.definitions.errors import ConfigError
from churn_spark.jars import delta_jars
from churn_spark.java import choose_java

DELTA_EXTENSION = "io.delta.sql.DeltaSparkSessionExtension"
JVM_FLAGS = "spark.driver.extraJavaOptions"
EXTENSIONS = "spark.sql.extensions"
# Spark hides the values of settings whose names match; its default knows fewer words.
REDACTED = r"(?i)secret|password|passphrase|token|credential|access[.]?key|api[.]?key|private[.]?key|hmac|pseudonym"

# A short run makes thousands of methods, most of which run for seconds: with the JVM's own thresholds optimising them
# takes as much CPU as the work itself, beside which it runs where cores are few.
LATE_OPTIMISING = (
    "-XX:+IgnoreUnrecognizedVMOptions -XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000"
    " -XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000"
)

# The JVM never compiles a method beyond 8000 bytes of code, but interprets it for ever, and takes long to
# optimise one of nearly so many, as the conversions of wide rows are. With this limit Spark makes several of them.
GENERATED = {"spark.sql.codegen.hugeMethodLimit": "4000"}

# PySpark tells the JVM for every column where in the program it was made, for a notebook's errors: four calls instead
# of one, and a snapshot has hundreds of columns.
UNTRACED = {"spark.python.sql.dataFrameDebugging.enabled": "false"}

# Batches for Python are bounded by rows: to bound their bytes too, Spark adds up the sizes of all columns after every
# row, which takes a third of the CPU of handing them over. This value, and only this one, means no bound.
UNWEIGHED = {"spark.sql.execution.arrow.maxBytesPerBatch": "2147483647"}

# What the results rest on, whoever starts the session.
FIXED = {
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
}


def session(app_name: str, *, warehouse: Path | None = None, extra: Mapping[str, str] | None = None) -> SparkSession:
    """The session that is there, or a new one with Delta: local unless spark-submit started this program elsewhere.

    warehouse: where tables created by bare name go; left out, a folder that goes with this program, but with Hive what
    Spark was given. extra: settings that win over the defaults here, not over those given to spark-submit (or in
    PYSPARK_SUBMIT_ARGS). Raises ConfigError where Java or Delta's jars are missing.
    """
    if (running := SparkSession.getActiveSession()) is not None:
        return running
    if "PYSPARK_GATEWAY_PORT" not in os.environ and SparkContext._gateway is None:
        _launch(extra or {})
    SparkContext._ensure_initialized()  # from here on SparkConf holds what the JVM was started with
    _require_delta()
    conf = SparkConf()
    conf.set(EXTENSIONS, _joined(conf.get(EXTENSIONS), DELTA_EXTENSION))
    conf.setAll(list(FIXED.items()))
    wanted = (
        GENERATED
        | UNTRACED
        | UNWEIGHED
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


def _launch(extra: Mapping[str, str]) -> None:
    """Start the JVM with what it must know before it starts; what PYSPARK_SUBMIT_ARGS already says wins."""
    choose_java(os.environ)
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
        SparkContext._ensure_initialized()
    finally:  # programs started from here choose for themselves
        os.environ.pop("PYSPARK_SUBMIT_ARGS")
        if given is not None:
            os.environ["PYSPARK_SUBMIT_ARGS"] = given


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
    jvm = SparkContext._jvm
    loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()  # type: ignore[union-attr]
    if loader.getResource(DELTA_EXTENSION.replace(".", "/") + ".class") is None:
        raise ConfigError(
            "Delta's jars are not on Spark's class path; add them: "
            '`spark-submit --jars "$(python -m churn_spark.jars)" ...`'
        )


def _joined(*lists: str | None, separator: str = ",") -> str:
    return separator.join(dict.fromkeys(part for text in lists if text for part in text.split(separator)))
