"""Where tables, models and reports are kept, for how long, and how customers' identities are protected."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from churn_spark.settings.section import (
    MOST_DAYS,
    Address,
    EnvironmentName,
    PositiveDays,
    Section,
    Text,
    refuse,
    shorthand,
)


def _schema(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)?", value):
        raise refuse(f"{value!r} is not `schema` or `catalog.schema`")
    return value


class WarehouseSection(Section):
    """Where the tables are stored: `path` or `schema`, not both."""

    path: Address | None = Field(
        None, description="Root folder of the tables, on any file system that Spark can write to."
    )
    schema_: Annotated[Address, AfterValidator(_schema)] | None = Field(
        None, alias="schema", description="`schema` or `catalog.schema` of a metastore."
    )


class PrivacySection(Section):
    """How identities are protected. `privacy: none` is short for `privacy: {mode: none}`, for public data."""

    mode: Literal["pseudonym", "none"] = Field(
        "pseudonym",
        description="pseudonym: customer ids and identifiers become HMAC-SHA-256 under a key; none: they are stored"
        " unchanged.",
    )
    key_env: EnvironmentName = Field(
        "CHURN_SPARK_KEY", description="Environment variable that holds the key, of at least 16 bytes."
    )
    key_file: Address | None = Field(None, description="File that holds the key; has precedence over key_env.")
    key_id: Text = Field(
        "1", description="Identifier of the key. After a change, all deliveries must be ingested again (restate)."
    )


class TrackingSection(Section):
    """The MLflow store of runs and models."""

    uri: Address | None = Field(
        None,
        description="Tracking URI; default: MLFLOW_TRACKING_URI, otherwise a SQLite file in the folder of the"
        " warehouse.",
    )
    experiment: Text = Field("churn", description="Experiment the training runs are logged under.")
    models: Address | None = Field(
        None,
        description="Folder shared by all nodes of a cluster, through which models are passed; default: a folder"
        " below the"
        " warehouse's path. Required on a cluster whose warehouse is a metastore schema.",
    )


class RetentionSection(Section):
    """How long `maintain` keeps data."""

    features_days: PositiveDays = Field(
        800, description="Days for which as-of dates of features, segments and labels are kept."
    )
    log_days: PositiveDays = Field(
        30,
        description="Days for which the log of old table versions is kept. Time travel needs both their log and their"
        " files.",
    )
    vacuum_hours: Annotated[int, Field(ge=168, le=24 * MOST_DAYS)] = Field(
        168, description="Hours for which the files of old table versions are kept; Delta requires at least a week."
    )


Privacy = Annotated[PrivacySection, BeforeValidator(shorthand("mode"))]
