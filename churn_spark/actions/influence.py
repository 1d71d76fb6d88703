"""Which labels actions may have changed, and how much those that they did not change count.

A customer who stays because of a coupon looks like one who would have stayed anyway. Where such labels teach, risks of
the customers whom actions reach come out too low, and alerts about them look like false ones. So labels of customers
who were acted upon are left out. Those left are not like them, as actions go to the customers at risk; but who was
withheld was drawn, so each of those stands for 1 / probability customers like itself.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def influence(spans: DataFrame, interventions: DataFrame) -> DataFrame:
    """The customers and as-of dates for which something was planned or done: customer_id, as_of_date, treated, share.

    spans: as_of_date, first, end: the days of interventions (`first <= day < end`) that may change its labels; as many
    rows as there are dates. interventions: customer_id, as_of_date, action (null: nothing was done), propensity (the
    probability, over the draws, of that). treated: whether something was done. share: of an untreated customer, the
    probability of that; draws are made once for each customer, so the least probable of its days decides.
    """
    on = F.col("on")
    days = interventions.select("customer_id", F.col("as_of_date").alias("on"), "action", "propensity")
    within = days.join(F.broadcast(spans), on=(on >= F.col("first")) & (on < F.col("end")), how="inner")
    return within.groupBy("customer_id", "as_of_date").agg(
        F.bool_or(F.col("action").isNotNull()).alias("treated"), F.min("propensity").alias("share")
    )
