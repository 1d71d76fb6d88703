"""The key of pseudonyms, from the environment or a file, never from the configuration."""

import os

from churn_spark.definitions.addresses import local_path
from churn_spark.definitions.errors import ConfigError
from churn_spark.definitions.project import Privacy

LEAST_BYTES = 16
"""All possible customer ids can be tried: with a guessable key, pseudonyms can be reversed."""


def pseudonym_key(privacy: Privacy) -> bytes | None:
    """The key; None where the data are public. ConfigError: the variable or file has no key, or a short one.

    Needs no Spark, so that a job can fail before it starts a session.
    """
    if privacy.mode == "none":
        return None
    if privacy.key_file is not None:
        key, place = _of_file(privacy.key_file), f"the file {privacy.key_file} (privacy.key_file)"
    else:
        key = os.environ.get(privacy.key_env, "").encode()
        place = f"the environment variable {privacy.key_env} (privacy.key_env)"
    if not key:
        raise ConfigError(f"no key for pseudonyms: {place} is missing or empty; set it, or set privacy.mode: none")
    if len(key) < LEAST_BYTES:
        raise ConfigError(
            f"the key for pseudonyms is too short: {place} has {len(key)} bytes, at least {LEAST_BYTES} are needed,"
            " as a guessed key reveals every customer id; `openssl rand -hex 32` makes one. Where deliveries were"
            " taken under the short key, give privacy.key_id another value and add --option restate"
        )
    return key


def _of_file(address: str) -> bytes:
    path = local_path(address)
    if path is None:
        raise ConfigError(f"privacy.key_file: {address} is not on a local disk; mount the secret, and name its path")
    try:
        return path.read_bytes().strip()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return b""
    except OSError as error:
        raise ConfigError(
            f"privacy.key_file: {address} cannot be read: {error.strerror}; let this user read it"
        ) from None
