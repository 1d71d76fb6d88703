"""Names and values of reading options, as the file may give them."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from churn_spark.definitions.nearest import not_one_of
from churn_spark.settings.section import refuse

OF_CSV = ("sep", "quote", "escape", "encoding", "comment", "nullValue", "emptyValue", "multiLine",
          "ignoreLeadingWhiteSpace", "ignoreTrailingWhiteSpace")  # fmt: skip
OF_JSON = ("allowSingleQuotes",)
OF_BOTH = ("lineSep", "dateFormat", "timestampFormat", "timestampNTZFormat")
OPTIONS = (*OF_CSV, *OF_BOTH, *OF_JSON)
BY_FORMAT = {"csv": (*OF_CSV, *OF_BOTH), "json": (*OF_JSON, *OF_BOTH), "parquet": (), "delta": ()}

WITHOUT_EFFECT = {
    "locale": "numbers are read with a decimal point and month names in English. Declare such a column as string"
    " and convert it in SQL: cast(replace(replace(amount, '.', ''), ',', '.') AS decimal(12,2))",
    "nanValue": "use nullValue for a text that means no value",
    "mergeSchema": "each file is read by its own schema, columns by name",
    "allowComments": "a line of JSON with a comment is unparsable",
}
"""Options of Spark's readers that have no effect here, and why."""


def _name(value: str) -> str:
    if value in WITHOUT_EFFECT:
        raise refuse(f"has no effect: {WITHOUT_EFFECT[value]}")
    if value not in OPTIONS:
        raise refuse(not_one_of(value, OPTIONS))
    return value


def _value(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


OptionName = Annotated[str, AfterValidator(_name)]
OptionValue = Annotated[str, BeforeValidator(_value)]
