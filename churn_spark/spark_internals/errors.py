"""Errors that come from the JVM: their classes in Python, and the exceptions of Java behind them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from py4j.protocol import Py4JError as JvmError
from py4j.protocol import Py4JJavaError as JavaError
from py4j.protocol import Py4JNetworkError as JvmConnectionError
from pyspark import SparkContext
from pyspark.errors import PySparkException

__all__ = ["JavaError", "JvmConnectionError", "JvmError", "Throwable", "jvm_is_gone", "reason", "throwables"]

DEEPEST = 20
"""Causes looked at: chains may be circular."""


@dataclass(frozen=True, slots=True)
class Throwable:
    """An exception of the JVM: its class and those above it, and its message."""

    kinds: tuple[str, ...]
    message: str


def reason(error: JavaError) -> str:
    """The first line of the message of the Java exception behind an error."""
    return str(error.java_exception.getMessage()).splitlines()[0]


def throwables(error: BaseException) -> list[Throwable]:
    """The Java exception behind an error and its causes, the outermost first; none where it came from Python alone.

    JvmError or OSError where the JVM no longer answers. Public: `PySparkException.getCondition()` and `getSqlState()`,
    which exist for Spark's own errors only. Connect: a cause is text in the message, without its class, so a full disk
    looks like a bug.
    """
    link: Any = getattr(error, "_origin" if isinstance(error, PySparkException) else "java_exception", None)
    return list(_chain(link))


def jvm_is_gone(error: BaseException) -> bool:
    """Whether an error of Py4J means that the JVM no longer answers. Connect: an error of gRPC says so."""
    if not isinstance(error, JvmError):
        return False
    try:
        SparkContext._jvm.java.lang.System.nanoTime()  # type: ignore[union-attr]
    except (JvmError, OSError):
        return True
    return False


def _chain(throwable: Any) -> Iterator[Throwable]:
    for _ in range(DEEPEST):
        if throwable is None:
            return
        kinds, kind = [], throwable.getClass()
        while kind is not None:
            kinds.append(str(kind.getName()))
            kind = kind.getSuperclass()
        yield Throwable(tuple(kinds), str(throwable.getMessage() or ""))
        throwable = throwable.getCause()
