"""Where a report may be written: local files as before, any other file system through Hadoop's API.

The other file system is Hadoop's own viewfs, mounted on a local folder: a scheme, paths and a file system of its own.
"""

import os
import stat
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from py4j.protocol import Py4JJavaError

from churn_spark.definitions.errors import ConfigError
from churn_spark.stages.report_file import refuse_unwritable, shown, write, written_by

ORIGIN = "conf/made.yaml"


@dataclass(frozen=True)
class Store:
    """A folder, and its address on the other file system."""

    folder: Path
    address: str


@pytest.fixture
def store(spark, tmp_path):
    name = uuid.uuid4().hex  # Hadoop keeps a file system by its name, with the mounts it had first
    folder = tmp_path / "store"
    folder.mkdir()
    spark._jsc.hadoopConfiguration().set(f"fs.viewfs.mounttable.{name}.link./mounted", folder.as_uri())
    return Store(folder, f"viewfs://{name}/mounted")


def seen(folder):
    """The files of a folder but for Hadoop's check sums, by their names."""
    return {path.name: path.read_text() for path in folder.iterdir() if not path.name.endswith(".crc")}


@pytest.mark.parametrize("rename", ["as it is", "without one that overwrites"])
def test_a_report_on_another_file_system_is_replaced_as_a_whole(spark, store, rename):
    conf, setting = spark._jsc.hadoopConfiguration(), "fs.AbstractFileSystem.viewfs.impl"
    before = conf.get(setting)
    conf.set(setting, before if rename == "as it is" else "no.such.Class")
    try:
        for text in ("old", "Köln: 5 €"):
            write(spark, f"{store.address}/daily/report.html", text, ORIGIN)
            assert seen(store.folder / "daily") == {"report.html": text}
    finally:
        conf.set(setting, before)
    assert stat.S_IMODE((store.folder / "daily" / "report.html").stat().st_mode) == 0o600


def test_a_write_that_fails_on_another_file_system_leaves_the_old_report(spark, store):
    address = f"{store.address}/report.html"
    write(spark, address, "old", ORIGIN)
    with pytest.raises(UnicodeEncodeError):
        write(spark, address, "\udc80", ORIGIN)
    assert seen(store.folder) == {"report.html": "old"}


def test_a_report_is_known_by_the_run_that_it_names(spark, store, tmp_path):
    for address in (f"{store.address}/report.html", str(tmp_path / "report.html")):
        assert not written_by(spark, address, "report-1")
        write(spark, address, "€ <code>report-1</code>", ORIGIN)
        assert written_by(spark, address, "report-1")
        assert not written_by(spark, address, "report-2")
    assert not written_by(spark, "nowhere://host/report.html", "report-1")


def test_no_folder_is_named_like_a_scheme(spark, store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(spark, f"{store.address}/report.html", "new", ORIGIN)
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


@pytest.mark.parametrize("address", ["file:///{}/a b/report.html", "file:{}/a b/report.html", "{}/a b/report.html"])
def test_a_local_file_may_be_named_as_a_path_or_as_an_address(spark, tmp_path, address):
    file = tmp_path / "a b" / "report.html"
    named = address.format(str(tmp_path).lstrip("/") if "///" in address else tmp_path)
    write(spark, named, "new", ORIGIN)
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert shown(named) == str(file)


def test_a_relative_path_with_a_colon_is_no_address(spark, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(spark, "out/report:1.html", "new", ORIGIN)
    assert (tmp_path / "out" / "report:1.html").read_text() == "new"


def test_a_folder_is_no_file(spark, store, tmp_path):
    for address in (
        str(store.folder),
        store.folder.as_uri(),
        store.address,
        f"{tmp_path}/new/",
        f"{store.address}/new/",
    ):
        with pytest.raises(ConfigError) as raised:
            refuse_unwritable(spark, address, ORIGIN)
        file = f"{address.rstrip('/')}/report.html"
        assert str(raised.value) == f"{ORIGIN}: report: {address} is a folder; name a file in it: {file}"
        refuse_unwritable(spark, file, ORIGIN)


@pytest.mark.parametrize("address", ["s3a://bucket/report.html", "nowhere://host/report.html"])
def test_a_file_system_without_a_connector_is_named(spark, address):
    with pytest.raises(ConfigError, match=rf"report: {address} cannot be reached: .*; put its connector"):
        refuse_unwritable(spark, address, ORIGIN)


def test_a_file_below_a_file_cannot_be_written(spark, tmp_path):
    (tmp_path / "taken").touch()
    with pytest.raises(ConfigError, match=r"report: .*/taken/report.html cannot be written: .*; name a file"):
        write(spark, f"{tmp_path}/taken/report.html", "new", ORIGIN)


def test_a_folder_that_nobody_can_write_to_is_named(spark):
    with pytest.raises(ConfigError, match=r"report: /proc/none/report.html cannot be written: .*"):
        write(spark, "/proc/none/report.html", "new", ORIGIN)


def test_a_full_disk_is_no_mistake_of_the_configuration(spark, monkeypatch, tmp_path):
    def full(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write(spark, f"{tmp_path}/report.html", "new", ORIGIN)


def test_a_store_that_fails_is_no_mistake_of_the_configuration(spark, store):
    (store.folder / "taken").touch()
    with pytest.raises(Py4JJavaError):
        write(spark, f"{store.address}/taken/report.html", "new", ORIGIN)
