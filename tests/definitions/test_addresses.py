"""What is a local path, and what is for Hadoop's file systems."""

from pathlib import Path

import pytest

from churn_spark.definitions.addresses import local_path
from churn_spark.tables.location import Location


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("warehouse", "warehouse"),
        ("/data/a b", "/data/a b"),
        ("/data/a#b?c", "/data/a#b?c"),
        ("out/report:1.html", "out/report:1.html"),
        ("file:/data/x", "/data/x"),
        ("file:///data/a#b", "/data/a#b"),
        ("file://localhost/data/x", "/data/x"),
        ("s3a://bucket/x", None),
        ("hdfs:/x", None),
        ("abfss://c@account.dfs.core.windows.net/x", None),
        ("dbfs:/x", None),
    ],
)
def test_a_local_path_is_one_without_a_scheme_or_with_that_of_files(address, path):
    assert local_path(address) == (None if path is None else Path(path))
    place = Location(address)
    assert place.local_root == local_path(address)
    assert place.locks == (None if path is None else Path(path) / "_locks")
    assert place.address("runs") == (f"{address}/runs" if path is None else str(Path(path).absolute() / "runs"))
