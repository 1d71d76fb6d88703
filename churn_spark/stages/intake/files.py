"""Files at a source, through Hadoop's file system API: local paths, HDFS and object stores alike."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from churn_spark.definitions.errors import DeliveryError
from churn_spark.events.arrivals import File

AT_ONCE = 8
"""Files looked into at the same time: object stores answer slowly, and each look is small."""
_HEAD = 1 << 20


class Files:
    """The files below the path of one source."""

    def __init__(self, spark: SparkSession, path: str) -> None:
        jvm: Any = spark._jvm
        self._jvm = jvm
        jsc: Any = spark._jsc
        self._conf = jsc.hadoopConfiguration()
        self.path = path
        self._root = self._jvm.org.apache.hadoop.fs.Path(path)
        self._system = self._root.getFileSystem(self._conf)

    def listed(self) -> Iterator[tuple[str, bool, File]]:
        """Name, whether it is a folder, and the file, for everything one level below the path; hidden ones left out.

        A path that is a file lists itself. DeliveryError when there is nothing at the path.
        """
        try:
            statuses = self._system.listStatus(self._root)
        except Py4JJavaError as error:
            raise DeliveryError(f"{self.path}: cannot be listed ({reason(error)})") from None
        for status in statuses:
            name = status.getPath().getName()
            if not _hidden(name):
                yield name, status.isDirectory(), _file(status)

    def inside(self, folder: str) -> tuple[list[tuple[str, File]], bool]:
        """Files of a folder at any depth, by their names below it, and whether it holds `_SUCCESS`."""
        root = self._jvm.org.apache.hadoop.fs.Path(self._root, folder)
        found, complete, statuses = [], False, self._system.listFiles(root, True)
        prefix = len(self._system.makeQualified(root).toString()) + 1
        while statuses.hasNext():
            status = statuses.next()
            name = status.getPath().toString()[prefix:]
            complete |= name == "_SUCCESS"
            if not any(_hidden(part) for part in name.split("/")):
                found.append((name, _file(status)))
        return sorted(found, key=lambda pair: pair[0]), complete

    def insides(self, folders: Iterable[str]) -> list[tuple[list[File], bool]]:
        """The files of each folder and whether it holds `_SUCCESS` (see `inside`)."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return [([file for _, file in found], complete) for found, complete in pool.map(self.inside, folders)]

    def fingerprints(self, deliveries: Iterable[tuple[File, ...]]) -> list[str]:
        """SHA-256 of each delivery: of its file's bytes, or (several files) of each file's name and SHA-256."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self._fingerprint, deliveries))

    def headers(self, files: Iterable[File], encoding: str) -> list[str | None]:
        """The first line of each text file, unpacked; None where it is empty."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda file: self._header(file, encoding), files))

    def parquet_schemas(self, files: Iterable[File]) -> list[str]:
        """The schema in the footer of each Parquet file; DeliveryError names one that is cut short or no Parquet."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self._parquet_schema, files))

    def below(self, encoded: str, bytes: int, modified: datetime) -> File:
        """A file by its encoded address below (or beside) the path."""
        relative = self._jvm.org.apache.hadoop.fs.Path(self._jvm.java.net.URI(encoded))
        path = self._system.makeQualified(self._jvm.org.apache.hadoop.fs.Path(self._root, relative))
        return File(path.toString(), _uri(path), bytes, modified)

    def _fingerprint(self, files: tuple[File, ...]) -> str:
        digests = [(file.path.rsplit("/", 1)[-1], self._sha256(file)) for file in files]
        if len(digests) == 1:
            return digests[0][1]
        return hashlib.sha256("".join(f"{name}\0{digest}\n" for name, digest in digests).encode()).hexdigest()

    def _sha256(self, file: File) -> str:
        stream = self._system.open(self._jvm.org.apache.hadoop.fs.Path(file.path))
        try:
            return str(self._jvm.org.apache.commons.codec.digest.DigestUtils.sha256Hex(stream))
        finally:
            stream.close()

    def _header(self, file: File, encoding: str) -> str | None:
        path = self._jvm.org.apache.hadoop.fs.Path(file.path)
        codec = self._jvm.org.apache.hadoop.io.compress.CompressionCodecFactory(self._conf).getCodec(path)
        stream = self._system.open(path)
        try:
            unpacked = stream if codec is None else codec.createInputStream(stream)
            reader = self._jvm.java.io.InputStreamReader(unpacked, encoding)
            return self._jvm.java.io.BufferedReader(reader, _HEAD).readLine()
        except Py4JJavaError as error:
            raise DeliveryError(f"{file.path}: cannot be read ({reason(error)}); have it delivered again") from None
        finally:
            stream.close()

    def _parquet_schema(self, file: File) -> str:
        parquet = self._jvm.org.apache.parquet
        whole = parquet.format.converter.ParquetMetadataConverter.SKIP_ROW_GROUPS
        path = self._jvm.org.apache.hadoop.fs.Path(file.path)
        try:
            footer = parquet.hadoop.ParquetFileReader.readFooter(self._conf, path, whole)
        except Py4JJavaError as error:
            raise DeliveryError(f"{file.path}: cannot be read ({reason(error)}); have it delivered again") from None
        return str(footer.getFileMetaData().getSchema().toString())


def reason(error: Py4JJavaError) -> str:
    """The message of a Java exception, in one line."""
    return str(error.java_exception.getMessage()).splitlines()[0]


def _hidden(name: str) -> bool:
    """Names that are no deliveries: Hadoop's hidden ones and uploads still under way."""
    return name.startswith(("_", ".")) or name.endswith(("._COPYING_", ".tmp", ".part"))


def _file(status: Any) -> File:
    path = status.getPath()
    modified = datetime.fromtimestamp(status.getModificationTime() / 1000, UTC)
    return File(path.toString(), _uri(path), status.getLen(), modified)


def _uri(path: Any) -> str:
    return re.sub("^file:/+", "file:/", path.toUri().toString())
