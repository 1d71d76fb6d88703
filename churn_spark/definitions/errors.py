"""Failures with a name: each is one line for a person, a row in the ledger and an exit code of its own."""


class ChurnError(Exception):
    """A failure the suite foresees; `str(error)` says what happened and what to do next."""

    exit_code = 70


class ConfigError(ChurnError):
    """The configuration is wrong: the message names file, key, value, what is allowed."""

    exit_code = 64


class DeliveryError(ChurnError):
    """A source is missing, incomplete, changed or unreadable."""

    exit_code = 65


class ContractError(ChurnError):
    """A DataFrame or a stored table does not match its contract."""

    exit_code = 66


class NotReadyError(ChurnError):
    """An upstream partition is missing or was left half-written; the message names the command that makes it."""

    exit_code = 67


class BusyError(ChurnError):
    """Another run holds the lock."""

    exit_code = 68


class ModelError(ChurnError):
    """There is no champion, too little to train on, or a model that does not fit its features."""

    exit_code = 69


class OtherDefinitionError(ModelError):
    """A model learnt from features that mean something else than those of a date."""


ALL = (ConfigError, DeliveryError, ContractError, NotReadyError, BusyError, ModelError)
