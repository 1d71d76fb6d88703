"""Lookups: tables in which rows of a source find further columns by a key."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from churn_spark.definitions.lookups import Format, Lookup
from churn_spark.definitions.nearest import not_one_of
from churn_spark.settings.options import BY_FORMAT, OptionName, OptionValue
from churn_spark.settings.section import Address, Section, Text, refuse

SPARK_TYPES = ("string", "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal(18,2)", "date",
               "timestamp", "timestamp_ntz", "binary")  # fmt: skip


def _spark_type(value: str) -> str:
    lower = value.lower().strip()
    if re.fullmatch(r"decimal\(\d{1,2}(,\s*\d{1,2})?\)|(array|struct|map)<.+>", lower) or lower in SPARK_TYPES:
        return lower
    raise refuse(not_one_of(value, SPARK_TYPES))


SparkType = Annotated[str, AfterValidator(_spark_type)]
OPTIONS = f"How text files are read. CSV: {', '.join(BY_FORMAT['csv'])}. JSON: {', '.join(BY_FORMAT['json'])}."


class LookupSection(Section):
    """A table in which each row of the source looks up columns, available in its SQL as `<lookup>_<column>`."""

    format: Format = Field(description="File format.")
    path: Address = Field(
        description="File, folder of files, or Delta table; its content at the time of ingest is used."
    )
    schema_: dict[Text, SparkType] = Field(
        alias="schema", min_length=1, description="Columns used, with their Spark types; other columns are ignored."
    )
    options: dict[OptionName, OptionValue] = Field(default_factory=dict, description=OPTIONS)
    key: Text = Field(description="Column that identifies its rows (text or whole number). A duplicate stops ingest.")
    on: Text = Field(
        description="SQL that gives the key of the row to find, over the raw columns and the columns of earlier"
        " lookups. "
        "Without such a row the columns are null."
    )

    def resolved(self, name: str) -> Lookup:
        """The lookup of that name."""
        schema, options = tuple(self.schema_.items()), tuple(self.options.items())
        return Lookup(name, self.format, self.path, schema, self.key, self.on, options)
