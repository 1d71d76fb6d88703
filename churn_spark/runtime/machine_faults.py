"""Recognises that the machine, the cluster or a store failed, and not the code, the configuration or the data.

It goes by the classes of exceptions, in the JVM as in Python: what messages say comes from data too. Whoever starts
the job may then start it again.
"""

import errno
import re
import sqlite3
from collections.abc import Iterable, Iterator

from churn_spark.definitions.errors import ChurnError, UnavailableError
from churn_spark.spark_internals.errors import (
    JvmConnectionError,
    JvmError,
    Throwable,
    jvm_is_gone,
    throwables,
)

ERRNOS = frozenset(
    getattr(errno, name)
    for name in (
        *("ENOSPC", "EDQUOT", "EIO", "EROFS", "ESTALE", "ENOMEM", "EMFILE", "ENFILE"),
        *("ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ENETDOWN"),
    )
)
IN_PYTHON = (MemoryError, TimeoutError, ConnectionRefusedError, ConnectionResetError, JvmConnectionError)
UNREACHABLE = frozenset(("requests.exceptions.ConnectionError", "requests.exceptions.Timeout"))
DATABASE = re.compile(r"database or disk is full|disk I/O error|database is locked|unable to open database file")

ALWAYS = frozenset(
    (
        "ExecutorLostFailure",  # what Spark writes in a trace, as the next one
        "FetchFailed",
        "java.lang.OutOfMemoryError",
        "java.net.SocketException",
        "java.net.UnknownHostException",
        "java.io.InterruptedIOException",  # a socket's time-outs are of its kind
        "java.util.concurrent.TimeoutException",
        "javax.net.ssl.SSLException",
        "org.apache.hadoop.fs.FSError",
        "org.apache.hadoop.fs.s3a.AWSClientIOException",
        "org.apache.hadoop.fs.s3a.AWSServiceThrottledException",
        "org.apache.hadoop.fs.s3a.AWSStatus500Exception",
        "org.apache.hadoop.hdfs.BlockMissingException",
        "org.apache.hadoop.ipc.RetriableException",
        "org.apache.hadoop.ipc.StandbyException",
        "org.apache.spark.shuffle.FetchFailedException",
        "org.apache.thrift.transport.TTransportException",
    )
)
"""Classes that mean a fault wherever they appear."""

INPUT_OUTPUT = "java.io.IOException"
ASKED_FOR_WRONGLY = frozenset(
    (
        "com.fasterxml.jackson.core.JacksonException",
        "com.fasterxml.jackson.core.JsonProcessingException",
        "java.io.CharConversionException",
        "java.io.EOFException",
        "java.io.FileNotFoundException",
        "java.io.ObjectStreamException",
        "java.io.UnsupportedEncodingException",
        "java.nio.charset.CharacterCodingException",
        "java.nio.file.AccessDeniedException",
        "java.nio.file.FileAlreadyExistsException",
        "java.nio.file.NoSuchFileException",
        "java.nio.file.NotDirectoryException",
        "java.util.zip.ZipException",
        "org.apache.hadoop.fs.ChecksumException",
        "org.apache.hadoop.fs.FileAlreadyExistsException",
        "org.apache.hadoop.fs.ParentNotDirectoryException",
        "org.apache.hadoop.fs.UnsupportedFileSystemException",
        "org.apache.hadoop.mapred.InvalidInputException",
        "org.apache.hadoop.security.AccessControlException",
    )
)
"""Kinds of IOException that trying again does not change: what is read is not there, not allowed, or damaged."""

SYSTEM = re.compile(
    r"No space left on device|Disk quota exceeded|Cannot allocate memory|Too many open files|Input/output error"
    r"|Stale file handle|Read-only file system|Connection (?:refused|reset)|Broken pipe"
)
"""What the operating system says through an IOException of any kind."""

SPARK = re.compile(
    r"Python worker exited unexpectedly|Job \d+ cancelled because SparkContext was shut down"
    r"|Cannot call methods on a stopped SparkContext"
    r"|Job aborted due to stage failure: (?:Master removed our application|All masters are unresponsive"
    r"|Aborting TaskSet \S+ because task|.*has failed the maximum allowable number of times)"
)
"""How Spark's own messages about lost executors and workers begin."""

OF_SPARK = frozenset(("org.apache.spark.SparkException", "java.lang.IllegalStateException"))
GONE = "the JVM is gone"
OF_PYTHON = "org.apache.spark.api.python.PythonException"
_TASK = re.compile(r"Lost task \S+ in stage \S+ \(TID \d+\) \([^\n]*?\): ([\w.$]+)(?:: )?([^\n]*)")
_CAUSE = re.compile(r"^Caused by: ([\w.$]+)(?:: ([^\n]*))?", re.MULTILINE)


def outage_error(error: BaseException, plainly: bool = False) -> UnavailableError | None:
    """The UnavailableError for an exception that an outage caused; None for any other.

    plainly: only where nothing but an outage can be the cause; an IOException may also come from a damaged file.
    """
    link: BaseException | None = error
    while link is not None:
        fault = _in_python(link) or _in_jvm(link, plainly)
        if fault and isinstance(error, ChurnError):
            return UnavailableError(str(error))
        if fault:
            return UnavailableError(
                f"the machine, the cluster or a store failed ({fault[:300]}); see to it, then run the command again"
            )
        # MLflow raises its own errors while it handles a connection's, without naming it as the cause.
        mlflow = type(link).__module__.partition(".")[0] == "mlflow"
        link = link.__cause__ or (link.__context__ if mlflow else None)
    return None


def _in_python(error: BaseException) -> str | None:
    kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
    if (
        isinstance(error, IN_PYTHON)
        or (isinstance(error, OSError) and error.errno in ERRNOS)
        or (isinstance(error, sqlite3.OperationalError) and DATABASE.search(str(error)))
        or kinds & UNREACHABLE
    ):
        return _summary(type(error).__name__, str(error))
    return None


def _in_jvm(error: BaseException, plainly: bool) -> str | None:
    try:
        chain = throwables(error)
    except (JvmError, OSError):
        return GONE
    if chain:
        return outage(_with_traces(chain), plainly)
    # Of a call during which the JVM went away, Py4J says no more than that it failed.
    return GONE if jvm_is_gone(error) else None


def outage(chain: list[Throwable], plainly: bool = False) -> str | None:
    """What the outage is among the exceptions of a chain, the outermost first; None where it is none."""
    if any(OF_PYTHON in link.kinds for link in chain):
        return None
    read = any("[FAILED_READ_FILE" in link.message for link in chain)
    wrongly = any(ASKED_FOR_WRONGLY & set(link.kinds) for link in chain)
    for link in chain:
        if OF_SPARK & set(link.kinds) and SPARK.match(link.message):
            return _summary(link.kinds[0], link.message)
    for link in reversed(chain):
        kinds = set(link.kinds)
        unexplained = not (plainly or read or wrongly)
        if kinds & ALWAYS or (INPUT_OUTPUT in kinds and (unexplained or SYSTEM.search(link.message))):
            return _summary(link.kinds[0], link.message)
    return None


def _with_traces(chain: Iterable[Throwable]) -> list[Throwable]:
    """A chain with what the messages say: of an exception on an executor the driver often knows only its trace."""
    return [each for link in chain for each in (link, *traced(link.message))]


def traced(message: str) -> Iterator[Throwable]:
    """The exceptions in the trace of a task that failed for good."""
    if (task := _TASK.search(message)) is None:
        return
    for match in (task, *_CAUSE.finditer(message, task.end())):
        name, text = match[1], match[2] or ""
        yield Throwable((name, INPUT_OUTPUT) if name.endswith("IOException") else (name,), text)


def _summary(kind: str, message: str) -> str:
    first = (message.strip().splitlines() or [""])[0]
    return f"{kind.rpartition('.')[2]}: {first.strip()}" if first else kind.rpartition(".")[2]
