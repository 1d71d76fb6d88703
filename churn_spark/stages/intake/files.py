"""Files at a source, through Hadoop's file system API: local paths, HDFS and object stores alike."""

import hashlib
import logging
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import SparkSession

from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.nearest import listed
from churn_spark.events.arrivals import left_out
from churn_spark.events.deliveries import File
from churn_spark.spark_internals.errors import JavaError, reason
from churn_spark.spark_internals.hadoop_files import Entry, HadoopFiles

log = logging.getLogger("churn_spark.ingest")

AT_ONCE = 8
"""The most files read at the same time: object stores answer slowly, and each read is small."""
_TAIL = 1 << 14
_UNREADABLE = re.compile(r"\[(FAILED_READ_FILE[.\w]*)\][^\n]*?file ([^\n]+?)\.\s+(?:SQLSTATE|\n|$)")
_GLOB = str.maketrans({character: f"\\{character}" for character in "\\*?[]{}"})


class Files:
    """The files below the path of one source."""

    def __init__(self, spark: SparkSession, path: str, ignore: Sequence[str] = ()) -> None:
        self.path = path
        self._ignore = ignore
        self._files = HadoopFiles(spark, path)

    def listed(self) -> Iterator[tuple[str, bool, File]]:
        """Name, whether it is a folder, and the file, for everything one level below the path.

        Hidden names are left out, uploads under way and ignored names too, which are logged. A path that is a file
        lists itself. DeliveryError: there is nothing at the path.
        """
        try:
            entries = {entry.name: entry for entry in self._files.children()}
        except JavaError as error:
            raise DeliveryError(f"{self.path}: cannot be listed ({reason(error)})") from error
        for name in self._deliveries(entries, self.path):
            yield name, entries[name].is_folder, _file(entries[name])

    def inside(self, folder: str) -> tuple[list[tuple[str, File]], bool]:
        """Files of a folder at any depth, by their names below it, and whether the folder has `_SUCCESS`."""
        entries = {entry.name: entry for entry in self._files.below(folder)}
        names = sorted(self._deliveries(entries, f"{self.path}/{folder}"))
        return [(name, _file(entries[name])) for name in names], "_SUCCESS" in entries

    def insides(self, folders: Iterable[str]) -> list[tuple[list[File], bool]]:
        """The files of each folder, and whether it has `_SUCCESS` (see `inside`)."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return [([file for _, file in named], complete) for named, complete in pool.map(self.inside, folders)]

    def fingerprints(self, deliveries: Iterable[tuple[File, ...]]) -> list[str]:
        """SHA-256 of each delivery: of its file's bytes, or (several files) of each file's name and SHA-256."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self._fingerprint, deliveries))

    def ends(self, files: Iterable[File]) -> list[tuple[bytes, bytes]]:
        """The first four and the last bytes (some 16 KiB, from a multiple of four) of each file, unpacked."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self._ends, files))

    @contextmanager
    def unpacked(self, file: File) -> Iterator[Any]:
        """The bytes of a file as a Java stream, decompressed according to the file's name."""
        with self._files.unpacked(file.path) as stream:
            yield stream

    def footers(self, files: Iterable[File], row_groups: bool = False) -> list[Any]:
        """The footer of each Parquet file; DeliveryError: a file is truncated, or no Parquet."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda file: self._footer(file, row_groups), files))

    def missing(self, files: Collection[File]) -> set[File]:
        """The files that do not exist any more."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return {file for file, there in zip(files, pool.map(self._there, files), strict=True) if not there}

    def below(self, encoded: str, bytes: int, modified: datetime) -> File:
        """A file by its encoded address below (or outside) the path."""
        return File(*self._files.resolved(encoded), bytes, modified)

    def _deliveries(self, names: Iterable[str], where: str) -> Iterator[str]:
        """The names that may be deliveries; other names are logged, except hidden ones."""
        others: dict[str, list[str]] = defaultdict(list)
        for name in names:
            parts = name.split("/")
            reasons = [left_out(part, self._ignore) for part in parts]
            if any(part.startswith(("_", ".")) for part in parts):
                continue
            if why := next(filter(None, reasons), None):
                others[why].append(name)
            else:
                yield name
        for why, left in others.items():
            log.info("%s: left out, as %s: %s", where, why, listed(sorted(left)))

    def _ends(self, file: File) -> tuple[bytes, bytes]:
        with readable(file):
            return self._files.ends(file.path, file.bytes, _TAIL)

    def _there(self, file: File) -> bool:
        return self._files.exists(file.path)

    def _fingerprint(self, files: tuple[File, ...]) -> str:
        digests = [(file.path.rsplit("/", 1)[-1], self._files.sha256(file.path)) for file in files]
        if len(digests) == 1:
            return digests[0][1]
        return hashlib.sha256("".join(f"{name}\0{digest}\n" for name, digest in digests).encode()).hexdigest()

    def _footer(self, file: File, row_groups: bool) -> Any:
        with readable(file):
            return self._files.parquet_footer(file.path, row_groups)


def unexpanded(files: Iterable[File]) -> list[str]:
    """Paths for Spark, with escaped pattern characters, which it would expand."""
    return [file.path.translate(_GLOB) for file in files]


def unreadable(error: BaseException) -> DeliveryError | None:
    """The DeliveryError for a file that could not be read to its end; None: another exception."""
    failure = _UNREADABLE.search(str(error))
    if failure is None:
        return None
    return DeliveryError(f"{failure[2]}: cannot be read to its end ({failure[1]}); have it delivered again")


@contextmanager
def readable(file: File) -> Iterator[None]:
    """DeliveryError for a file that cannot be read in the block."""
    try:
        yield
    except JavaError as error:
        raise DeliveryError(f"{file.path}: cannot be read ({reason(error)}); have it delivered again") from error


def _file(entry: Entry) -> File:
    return File(entry.address, entry.uri, entry.bytes, datetime.fromtimestamp(entry.modified / 1000, UTC))
