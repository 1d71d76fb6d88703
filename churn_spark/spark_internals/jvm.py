"""The JVM of this program: whether it runs, starting it, and what is on its class path."""

from contextlib import suppress
from typing import Any

from pyspark import SparkContext
from pyspark.sql import SparkSession

from churn_spark.spark_internals.errors import JvmError

SKETCHES = "org.apache.datasketches.memory.internal.ResourceImpl"


def is_classic(spark: SparkSession) -> bool:
    """Whether a session has a JVM on this side: false for one of Spark Connect, also as Databricks Connect has it."""
    return not type(spark).__module__.startswith("pyspark.sql.connect")


def runs() -> bool:
    """Whether this program has started a JVM. Public: `SparkSession.getActiveSession()`, once there is a session."""
    return SparkContext._gateway is not None


def start() -> None:
    """Start the JVM without a session, so that `SparkConf` has what spark-submit was given; nothing where it runs.

    Public: `SparkSession.builder.getOrCreate()`, after which settings made at the start can no longer follow from those
    given.
    """
    SparkContext._ensure_initialized()


def java_class(spark: SparkSession, name: str) -> Any:
    """A class of the JVM by its full name, in one call: `jvm.org.apache...` asks the JVM about every part of the name,
    and for each part it looks through all jars. Public: none.
    """
    return getattr(spark._jvm, name)


def on_class_path(name: str) -> bool:
    """Whether the JVM, once started, can load a class. Public: use the class, and read the error."""
    jvm: Any = SparkContext._jvm
    loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
    return loader.getResource(f"{name.replace('.', '/')}.class") is not None


def load_quietly(name: str = SKETCHES) -> None:
    """Load a class with the JVM's standard error closed meanwhile; nothing where there is no such class.

    The class of Spark's sketches prints, once, that on Java 17 it works in a restricted mode, which is the one Spark
    uses. Public: nothing; the line is harmless.
    """
    jvm: Any = SparkContext._jvm
    system, io = jvm.java.lang.System, jvm.java.io
    shown = system.err
    system.setErr(io.PrintStream(io.OutputStream.nullOutputStream()))
    try:
        with suppress(JvmError):
            jvm.java.lang.Class.forName(name, True, jvm.java.lang.Thread.currentThread().getContextClassLoader())
    finally:
        system.setErr(shown)
