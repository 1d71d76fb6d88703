"""Expected failures: each is one line for a person, a row in the ledger and an exit code of its own."""


class ChurnError(Exception):
    """An expected failure; `str(error)` says what happened and what to do next."""

    exit_code = 70
    stands = False
    """Whether what the run has written counts all the same."""
    day_goes_on = False
    """Whether `daily` goes on with the stages that act upon nobody, and fails at its end."""


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
    """Another run holds the job's lock or lease, or wrote to the same table at the same time."""

    exit_code = 68


class ModelError(ChurnError):
    """There is no champion, too few rows to train on, a model that does not fit its features, or a rejected model."""

    exit_code = 69


class OtherDefinitionError(ModelError):
    """A model was trained on features with other definitions than those of a date."""


class AlertWaveError(ChurnError):
    """So many alerts at once that the data are probably wrong; none is written."""

    exit_code = 71
    day_goes_on = True


class DispatchError(ChurnError):
    """Messages could not be sent; what was sent is noted, and the next run tries the others again."""

    exit_code = 74
    stands = True
    day_goes_on = True


class UnavailableError(ChurnError):
    """The machine, the cluster or a store failed: disk full, out of memory, executors lost, no connection."""

    exit_code = 75


ALL = (
    ConfigError,
    DeliveryError,
    ContractError,
    NotReadyError,
    BusyError,
    ModelError,
    AlertWaveError,
    DispatchError,
    UnavailableError,
)
