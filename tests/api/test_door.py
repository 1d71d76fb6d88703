"""The package as a Python user finds it: cheap to import, without side effects, its examples true."""

import doctest
import importlib
import subprocess
import sys

import pytest

import churn_spark

UNCHANGED = """
import logging, os, signal, sys
def state():
    umask = os.umask(0o022)
    os.umask(umask)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    return umask, handlers, dict(os.environ), list(logging.root.handlers), logging.root.level
before = state()
import churn_spark
heavy = {"pyspark", "pandas", "numpy", "pydantic"} & set(sys.modules)
assert not heavy, heavy
assert dir(churn_spark) and state() == before
churn_spark.window_features
assert state() == before
"""


def test_importing_loads_nothing_heavy_and_changes_nothing():
    subprocess.run([sys.executable, "-c", UNCHANGED], check=True)


def test_every_public_name_is_there_and_explained():
    for name in churn_spark.__all__:
        assert name in dir(churn_spark)
        assert name == "__version__" or getattr(churn_spark, name).__doc__


def test_another_name_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'window_feature'"):
        churn_spark.window_feature  # noqa: B018


@pytest.mark.parametrize("module", ["feature_lines", "window_features"])
def test_examples_are_true(spark, module):
    outcome = doctest.testmod(importlib.import_module(f"churn_spark.api.{module}"))
    assert outcome.attempted
    assert not outcome.failed
