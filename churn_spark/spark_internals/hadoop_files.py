"""Files through Hadoop's file system API, which every connector on Spark's class path offers."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession

from churn_spark.spark_internals.errors import JavaError


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder. name: below the folder that was listed. uri: the address, encoded. modified: milliseconds."""

    name: str
    address: str
    uri: str
    is_folder: bool
    bytes: int
    modified: int


class HadoopFiles:
    """The file system on which an address is: the local one, HDFS, or an object store.

    Methods take addresses on this file system; all may be called from several threads. JavaError where Java's
    exception says why something cannot be done, of the constructor where the scheme has no connector.

    Public: `pathlib` for local files, `spark.read.format("binaryFile")` for listings and contents (a Spark job each,
    nothing of what is empty or hidden), and the store's own client for the rest. Connect: files of the cluster can be
    reached only by such a client. Databricks: `dbutils.fs`.
    """

    def __init__(self, spark: SparkSession, address: str) -> None:
        jvm: Any = spark._jvm
        gateway: Any = spark.sparkContext._gateway
        self._jvm, self._gateway = jvm, gateway
        self._conf = spark._jsparkSession.sessionState().newHadoopConf()
        self._fs = jvm.org.apache.hadoop.fs
        self._root = self._fs.Path(address)
        self._system = self._root.getFileSystem(self._conf)

    def children(self) -> list[Entry]:
        """What is in the folder of the address; of a file, the file itself."""
        return [_entry(status, status.getPath().getName()) for status in self._system.listStatus(self._root)]

    def below(self, folder: str) -> Iterator[Entry]:
        """All files at any depth in a folder of the address."""
        root = self._fs.Path(self._root, folder)
        prefix = len(self._system.makeQualified(root).toString()) + 1
        statuses = self._system.listFiles(root, True)
        while statuses.hasNext():
            status = statuses.next()
            yield _entry(status, status.getPath().toString()[prefix:])

    def resolved(self, encoded: str) -> tuple[str, str]:
        """The address, and the same encoded, of an encoded address that may be relative to the root."""
        path = self._fs.Path(self._root, self._fs.Path(self._jvm.java.net.URI(encoded)))
        path = self._system.makeQualified(path)
        return path.toString(), _uri(path)

    def exists(self, address: str) -> bool:
        return bool(self._system.exists(self._fs.Path(address)))

    def is_folder(self, address: str) -> bool:
        path = self._fs.Path(address)
        return bool(self._system.exists(path) and self._system.getFileStatus(path).isDirectory())

    @contextmanager
    def unpacked(self, address: str) -> Iterator[Any]:
        """The bytes of a file as a Java stream, unpacked where its name says that it is packed."""
        codec = self._codec(address)
        with self._opened(address) as stream:
            yield stream if codec is None else codec.createInputStream(stream)

    def ends(self, address: str, size: int, tail: int) -> tuple[bytes, bytes]:
        """The first four and the last bytes (at least `tail`, from a multiple of four) of a file, unpacked.

        size: of the file as it lies there.
        """
        streams, packed = self._jvm.org.apache.commons.io.IOUtils, self._codec(address) is not None
        with self.unpacked(address) as stream:
            begin = bytes(stream.readNBytes(4))
            length = len(begin) + streams.consume(stream) if packed else size
        start = max(0, length - tail) // 4 * 4
        with self.unpacked(address) as stream:
            if packed:
                streams.skip(stream, start)
            else:
                stream.seek(start)
            return begin, bytes(stream.readAllBytes())

    def content(self, address: str) -> bytes:
        """All bytes of a file that fits into memory, as it lies there."""
        with self._opened(address) as stream:
            return bytes(stream.readAllBytes())

    def sha256(self, address: str) -> str:
        """SHA-256 of a file as it lies there, in hexadecimal digits."""
        with self._opened(address) as stream:
            return str(self._jvm.org.apache.commons.codec.digest.DigestUtils.sha256Hex(stream))

    def parquet_footer(self, address: str, row_groups: bool) -> Any:
        """The footer of a Parquet file (see `parquet_files`), with or without the statistics of its row groups."""
        parquet = self._jvm.org.apache.parquet
        converter = parquet.format.converter.ParquetMetadataConverter
        wanted = converter.NO_FILTER if row_groups else converter.SKIP_ROW_GROUPS
        return parquet.hadoop.ParquetFileReader.readFooter(self._conf, self._fs.Path(address), wanted)

    def make_parent(self, address: str) -> None:
        self._system.mkdirs(self._fs.Path(address).getParent())

    def remove(self, address: str) -> None:
        """Remove a file, or a folder with all that is in it, if it is there."""
        self._system.delete(self._fs.Path(address), True)

    def copy_in(self, local: str, address: str) -> None:
        """Copy a local file or folder (its URI) to an address, replacing what is there."""
        self._system.copyFromLocalFile(False, True, self._fs.Path(local), self._fs.Path(address))

    def copy_out(self, address: str, local: str) -> None:
        """Copy a file or folder to the local disk (a URI), without Hadoop's files of check sums."""
        self._system.copyToLocalFile(False, self._fs.Path(address), self._fs.Path(local), True)

    def replace(self, address: str, content: bytes, permission: str) -> None:
        """Replace a file as a whole, with a permission such as `600` where the file system has any.

        In one step where it has a rename that overwrites; else there is a moment without the file.
        """
        target = self._fs.Path(address)
        self._system.mkdirs(target.getParent())
        scratch = self._fs.Path(target.getParent(), f".{target.getName()}.{uuid.uuid4().hex}")
        try:
            stream = self._system.create(scratch)
            try:
                self._system.setPermission(scratch, self._fs.permission.FsPermission(permission))
                stream.write(content)
            finally:
                stream.close()
            self._rename_over(scratch, target)
        except BaseException:
            self._system.delete(scratch, False)
            raise

    def make_private(self, address: str) -> None:
        """Make a folder that only its owner can enter, where the file system has permissions."""
        self._system.mkdirs(self._fs.Path(address), self._fs.permission.FsPermission("700"))

    def move_over(self, address: str, target: str, permission: str) -> None:
        """Move a file to where another may be, with a permission such as `600`; in one step as in `replace`."""
        source = self._fs.Path(address)
        self._system.setPermission(source, self._fs.permission.FsPermission(permission))
        self._rename_over(source, self._fs.Path(target))

    def _rename_over(self, scratch: Any, target: Any) -> None:
        overwriting = self._gateway.new_array(self._fs.Options.Rename, 1)
        overwriting[0] = self._fs.Options.Rename.OVERWRITE
        try:
            files = self._fs.FileContext.getFileContext(target.toUri(), self._system.getConf())
        except JavaError:  # it has no rename that overwrites
            self._system.delete(target, False)
            if not self._system.rename(scratch, target):
                raise OSError(f"{scratch.toString()} could not be renamed to {target.toString()}") from None
        else:
            files.rename(scratch, target, overwriting)

    def _codec(self, address: str) -> Any:
        codecs = self._jvm.org.apache.hadoop.io.compress.CompressionCodecFactory(self._conf)
        return codecs.getCodec(self._fs.Path(address))

    @contextmanager
    def _opened(self, address: str) -> Iterator[Any]:
        stream = self._system.open(self._fs.Path(address))
        try:
            yield stream
        finally:
            stream.close()


def _entry(status: Any, name: str) -> Entry:
    path = status.getPath()
    modified, size = status.getModificationTime(), status.getLen()
    return Entry(name, path.toString(), _uri(path), status.isDirectory(), size, modified)


def _uri(path: Any) -> str:
    """The encoded address: Spark and Hadoop differ in the slashes of a local one."""
    return re.sub("^file:/+", "file:/", path.toUri().toString())
