"""Draws by a hash of the customer: the same customer is drawn alike on every day, on every machine."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from churn_spark.definitions.actions import Holdout

CONTROL, EXPLORE = "control", "explore"
DIGITS = 13
"""Hexadecimal digits of the hash that make a draw: 52 bits, which a double holds exactly."""


def draw(holdout: Holdout, purpose: str) -> Column:
    """A number from 0 up to but below 1 from `customer_id`; draws for two purposes are independent.

    It is int(sha256(f"{salt}|{purpose}|{customer_id}").hexdigest()[:13], 16) / 16**13.
    """
    text = F.concat_ws("|", F.lit(holdout.salt), F.lit(purpose), F.col("customer_id"))
    digits = F.substring(F.sha2(text, 256), 1, DIGITS)
    return F.conv(digits, 16, 10).cast("double") / F.lit(float(16**DIGITS))


def in_control(holdout: Holdout) -> Column:
    """Whether `customer_id` belongs to the control group, which is never acted upon."""
    return draw(holdout, CONTROL) < F.lit(holdout.control)


def explores(holdout: Holdout) -> Column:
    """Whether `customer_id`, if not of the control group, gets an action at random instead of the planned one."""
    return draw(holdout, EXPLORE) < F.lit(holdout.explore)
