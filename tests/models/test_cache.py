"""The folder for copies of models: one that is named, one of the user's, or one for temporary files."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from itertools import takewhile
from pathlib import Path

import pytest

from churn_spark.definitions.errors import ConfigError
from churn_spark.models.cache import VARIABLE, cache_folder

ROOT = Path(__file__).parents[2]
UNWRITABLE = "/proc/none"
"""Nobody can make it, root neither."""


@pytest.fixture
def temporary(monkeypatch, tmp_path):
    """A machine without any of the variables; its folder for temporary files."""
    for name in (VARIABLE, "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return tmp_path / "tmp"


def test_the_named_folder_goes_before_the_user_s(temporary, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "home" / ".cache" / "churn_spark"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert cache_folder() == tmp_path / "caches" / "churn_spark"
    monkeypatch.setenv(VARIABLE, str(tmp_path / "named"))
    assert cache_folder() == tmp_path / "named"
    assert all(path.is_dir() for path in (tmp_path / "named", tmp_path / "caches" / "churn_spark"))


def no_user(uid):
    raise KeyError(f"getpwuid(): uid not found: {uid}")


@pytest.mark.parametrize("home", [UNWRITABLE, "/dev/null", None])
def test_without_a_home_to_write_to_a_folder_of_this_user_alone_is_made(temporary, monkeypatch, caplog, home):
    if home is None:
        monkeypatch.setattr(pwd, "getpwuid", no_user)
    else:
        monkeypatch.setenv("HOME", home)
    folder = temporary / f"churn_spark-{os.getuid()}"
    assert cache_folder() == cache_folder() == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert VARIABLE in caplog.text


def test_a_folder_that_others_can_write_to_is_not_trusted(temporary, monkeypatch):
    monkeypatch.setenv("HOME", UNWRITABLE)
    folder = temporary / f"churn_spark-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o770)
    with pytest.raises(ConfigError, match=f"not this user's alone: let the environment variable {VARIABLE} name"):
        cache_folder()
    folder.rmdir()
    folder.symlink_to(temporary)
    with pytest.raises(ConfigError, match="not this user's alone"):
        cache_folder()


def test_a_named_folder_that_cannot_be_written_to_is_refused_with_the_remedy(temporary, monkeypatch):
    monkeypatch.setenv(VARIABLE, UNWRITABLE)
    with pytest.raises(ConfigError, match=f"cannot be kept in {UNWRITABLE}, which {VARIABLE} names: let the env"):
        cache_folder()


def test_without_any_folder_the_remedy_is_named(temporary, monkeypatch):
    monkeypatch.setenv("HOME", UNWRITABLE)
    monkeypatch.setattr(tempfile, "tempdir", UNWRITABLE)
    with pytest.raises(ConfigError, match=f"there is no folder to keep copies of models in .*: let .* {VARIABLE} name"):
        cache_folder()


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("setpriv"), reason="only root can become another user")
def test_a_user_id_without_a_name_has_a_folder_of_its_own(tmp_path):
    tmp_path.chmod(0o777)
    program = "from churn_spark.models.cache import cache_folder; print(cache_folder())"
    command = ["setpriv", "--reuid=65533", "--regid=0", "--clear-groups", sys.executable, "-c", program]
    environment = {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "PATH": os.environ["PATH"]}
    for parent in takewhile(lambda folder: folder != Path(tempfile.gettempdir()), tmp_path.parents):
        parent.chmod(parent.stat().st_mode | 0o011)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd="/")
    assert done.stdout.strip() == str(tmp_path / "churn_spark-65533"), done.stderr
    assert (tmp_path / "churn_spark-65533").stat().st_uid == 65533
