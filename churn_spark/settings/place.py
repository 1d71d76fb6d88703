"""Where tables, models and reports are kept, for how long, and how customers' identities are protected."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from churn_spark.settings.section import EnvironmentName, PositiveDays, Section, Text, refuse, shorthand


def _schema(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)?", value):
        raise refuse(f"{value!r} is not `schema` or `catalog.schema`")
    return value


class WarehouseSection(Section):
    """Where the tables are: give `path` or `schema`, not both."""

    path: Text | None = Field(None, description="Root folder of the tables, on any file system Spark can write to.")
    schema_: Annotated[str, AfterValidator(_schema)] | None = Field(
        None, alias="schema", description="`schema` or `catalog.schema` of a metastore."
    )


class PrivacySection(Section):
    """How identities are protected. `privacy: none` is short for `privacy: {mode: none}`: the data are public."""

    mode: Literal["pseudonym", "none"] = Field(
        "pseudonym",
        description="pseudonym: customer ids and identifiers become HMAC-SHA-256 under a key; none: kept as they are.",
    )
    key_env: EnvironmentName = Field("CHURN_SPARK_KEY", description="Environment variable that holds the key.")
    key_file: Text | None = Field(None, description="File that holds the key; goes before key_env.")
    key_id: Text = Field("1", description="Which key it is; with another all deliveries are taken again (restate).")


class TrackingSection(Section):
    """The MLflow store of runs and models."""

    uri: Text | None = Field(
        None, description="Tracking URI; left out: MLFLOW_TRACKING_URI, else a SQLite file beside the warehouse."
    )
    experiment: Text = Field("churn", description="Experiment the training runs are logged under.")
    models: Text | None = Field(
        None,
        description="Folder that all nodes of a cluster see, for models on their way; left out: below the warehouse's"
        " path. Needed on a cluster with a warehouse of a metastore.",
    )


class RetentionSection(Section):
    """What `maintain` keeps."""

    features_days: PositiveDays = Field(800, description="As-of dates of features, segments and labels kept, days.")
    log_days: PositiveDays = Field(
        30, description="The log of old table versions is kept, days. Time travel reaches the shorter of the two."
    )
    vacuum_hours: Annotated[int, Field(ge=168)] = Field(
        168, description="The files of old table versions are kept, hours; Delta takes no less than a week."
    )


Privacy = Annotated[PrivacySection, BeforeValidator(shorthand("mode"))]
