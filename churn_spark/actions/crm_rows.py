"""What the CRM gets to know of an action."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.spreadsheets import FORMULA

COLUMNS = ("customer_id", "as_of_date", "action", "channel", "main_reason", "risk", "value", "tier", "audience")
TEXTS = ("customer_id", "action", "channel", "main_reason", "tier", "audience")


def crm_rows(interventions: DataFrame) -> DataFrame:
    """The rows with an action, as texts that a table calculation takes for nothing but texts; ordered by customer_id.

    risk has six decimals, value two.
    """
    written = {name: _harmless(name) for name in TEXTS} | {
        "as_of_date": F.col("as_of_date").cast("string"),
        "risk": _plain("risk", 6),
        "value": _plain("value", 2),
    }
    done = interventions.where("action IS NOT NULL").coalesce(1).sortWithinPartitions("customer_id")
    return done.select(*(written[name].alias(name) for name in COLUMNS))


def _harmless(name: str) -> Column:
    """A text on one line, with an apostrophe before what would begin a formula, in full width too."""
    line = F.regexp_replace(F.col(name), r"[\r\n]+", " ")
    return F.when(line.rlike(FORMULA), F.concat(F.lit("'"), line)).otherwise(line)


def _plain(name: str, decimals: int) -> Column:
    """A number without exponent."""
    return F.col(name).try_cast(f"decimal(38,{decimals})").cast("string")
