"""The limits of what is watched, and whether they start a training."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, create_model

from churn_spark.definitions.monitoring import Limits, Monitoring
from churn_spark.settings.section import Count, PositiveDays, Section

DEFAULT = Monitoring()
Bounds = dict[str, float]
POSITIVE: Bounds = {"gt": 0}
FACTOR: Bounds = {"gt": 1}
SHARE: Bounds = {"gt": 0, "lt": 1}
NUMBER: Bounds = {"ge": 0}
WATCHED: dict[str, tuple[str, Bounds]] = {
    "freshness": ("Age of a source's newest delivery, in the longest of its last gaps between deliveries.", POSITIVE),
    "completeness": ("Deliveries of the last 28 days that are missing or incomplete.", NUMBER),
    "volume": ("Rows of a source in the last 7 days, as a share of a usual week; act is the lower one.", SHARE),
    "null_share": ("Difference of a feature's share of nulls from that of the reference.", SHARE),
    "range_share": ("The same of values outside of the reference's range, its 0.1 % to 99.9 %.", SHARE),
    "psi": ("Population stability index of a feature.", POSITIVE),
    "jensen_shannon": ("Jensen-Shannon distance of a feature, 0 to 1.", SHARE),
    "score_psi": ("Population stability index of the risk.", POSITIVE),
    "score_jensen_shannon": ("Jensen-Shannon distance of the risk.", SHARE),
    "mean_risk": ("Factor between the odds of the mean risk and of the base rate of the test.", FACTOR),
    "roc_auc": ("By how much ROC AUC lies below the test's.", SHARE),
    "average_precision": ("By which share of it average precision lies below the test's.", SHARE),
    "brier_score": ("By how much the Brier score lies above the test's.", SHARE),
    "calibration_error": ("By how much the expected calibration error lies above the test's.", SHARE),
    "calibration": ("Factor between the odds of the share that left and of the mean risk.", FACTOR),
    "alert_volume": ("Alerts of a date, as a multiple of the usual number.", FACTOR),
}
"""What each limit is of, and its bounds."""


class LimitsSection(Section):
    """Limits beyond which the status is warn, and act."""


class CommonMonitoringSection(Section):
    """What `monitor` watches, and from where on it says warn or act. It works without any key.

    A limit counts only beyond what chance explains: for few customers it is raised accordingly. What each signal
    is, and what to do, is in [operations](operations.md#watching-data-and-model).
    """

    false_alarms: Annotated[float, Field(gt=0, le=0.5)] = Field(
        DEFAULT.false_alarms,
        description="Chance that a signal warns, over all its subjects, where nothing has changed.",
    )
    least_customers: Count = Field(
        DEFAULT.least_customers, description="Customers below which a distribution says nothing."
    )
    retrain: bool = Field(
        DEFAULT.retrain,
        description="Whether `daily` trains a challenger where a signal of the model is at act and none of the data is;"
        " the gate decides on it.",
    )
    retrain_after_days: PositiveDays = Field(
        DEFAULT.retrain_after_days, description="Least days between the last training and such a one."
    )

    @property
    def limits(self) -> dict[str, Limits]:
        """The limits by signal."""
        read = {name: getattr(self, name) for name in WATCHED}
        return {name: Limits(float(section.warn), float(section.act)) for name, section in read.items()}


def _section(name: str, meaning: str, bounds: Bounds) -> type[LimitsSection]:
    default: Limits = getattr(DEFAULT, name)
    kind = Annotated[float, Field(**bounds)]
    keys: dict[str, Any] = {
        key: (kind, Field(getattr(default, key), description=f"Limit beyond which the status is {key}."))
        for key in ("warn", "act")
    }
    return create_model(f"{name}_limits", __base__=LimitsSection, __doc__=meaning, **keys)


def _monitoring_section() -> type[CommonMonitoringSection]:
    keys: dict[str, Any] = {}
    for name, (meaning, bounds) in WATCHED.items():
        section = _section(name, meaning, bounds)
        keys[name] = (section, Field(default_factory=section, description=meaning))
    return create_model(
        "MonitoringSection", __base__=CommonMonitoringSection, __doc__=CommonMonitoringSection.__doc__, **keys
    )


if TYPE_CHECKING:
    MonitoringSection = CommonMonitoringSection
else:
    MonitoringSection = _monitoring_section()
