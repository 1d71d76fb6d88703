"""Churn prediction as a suite of Spark jobs over Delta tables.

The names below are all that Python users need; each is loaded when it is first used, so that importing this package
costs nothing and changes nothing. `docs/python.md` shows them at work.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from churn_spark.api.feature_lines import FeatureSpec, feature
    from churn_spark.api.project import OpenProject
    from churn_spark.api.project import open_project as open
    from churn_spark.api.status import Status
    from churn_spark.api.window_features import window_features

__version__ = "0.1.0"
__all__ = ["FeatureSpec", "OpenProject", "Status", "__version__", "feature", "open", "window_features"]

_HOMES = {
    "FeatureSpec": ("feature_lines", "FeatureSpec"),
    "Status": ("status", "Status"),
    "OpenProject": ("project", "OpenProject"),
    "feature": ("feature_lines", "feature"),
    "open": ("project", "open_project"),
    "window_features": ("window_features", "window_features"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(f"{__name__}.api.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
