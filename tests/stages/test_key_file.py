"""The key of the pseudonyms: what is said where there is none, or one that can be guessed."""

from pathlib import Path

import pytest

from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.project import Privacy
from churn_spark.stages.intake.key import LEAST_BYTES, pseudonym_key


def said(address: str) -> str:
    with pytest.raises(ConfigError) as raised:
        pseudonym_key(Privacy(key_file=address))
    return str(raised.value)


def test_a_key_may_be_named_as_a_path_or_as_an_address(tmp_path):
    (tmp_path / "key").write_text("secret" * 3 + "\n")
    named = [
        pseudonym_key(Privacy(key_file=address)) for address in (str(tmp_path / "key"), (tmp_path / "key").as_uri())
    ]
    assert named == [b"secretsecretsecret"] * 2


def test_a_key_that_can_be_guessed_is_refused_wherever_it_comes_from(tmp_path, monkeypatch):
    short, enough = "k" * (LEAST_BYTES - 1), "k" * LEAST_BYTES
    (tmp_path / "key").write_text(f"{short}\n")
    assert f"the file {tmp_path / 'key'} (privacy.key_file) has {LEAST_BYTES - 1} bytes" in said(str(tmp_path / "key"))
    monkeypatch.setenv("SHOP_KEY", short)
    with pytest.raises(ConfigError, match=r"SHOP_KEY \(privacy.key_env\) has 15 bytes, at least 16 are needed"):
        pseudonym_key(Privacy(key_env="SHOP_KEY"))
    monkeypatch.setenv("SHOP_KEY", enough)
    assert pseudonym_key(Privacy(key_env="SHOP_KEY")) == enough.encode()
    (tmp_path / "umlauts").write_text("ü" * (LEAST_BYTES // 2), encoding="utf-8")  # bytes count, not characters
    assert pseudonym_key(Privacy(key_file=str(tmp_path / "umlauts"))) == ("ü" * (LEAST_BYTES // 2)).encode()


def test_public_data_need_none():
    assert pseudonym_key(Privacy("none")) is None


def test_a_file_that_is_not_there_or_empty_is_named(tmp_path):
    (tmp_path / "empty").touch()
    for path in (tmp_path / "none", tmp_path / "empty", tmp_path, tmp_path / "empty" / "below"):
        assert said(str(path)).startswith(
            f"no key for pseudonyms: the file {path} (privacy.key_file) is missing or empty"
        )


def test_a_file_that_this_user_may_not_read_is_named(tmp_path, monkeypatch):
    def refused(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refused)
    assert said("/run/secrets/key") == (
        "privacy.key_file: /run/secrets/key cannot be read: Permission denied; let this user read it"
    )


def test_a_file_on_another_file_system_is_refused():
    assert said("s3a://bucket/key").startswith(
        "privacy.key_file: s3a://bucket/key is not on a local disk; mount the secret"
    )
