"""The folds of cross-validation, which part customers and never a customer's snapshots."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def fold_of(customer_id: str, folds: int, seed: int) -> Column:
    """The fold of a customer, 0 .. folds - 1: all of a customer's snapshots, being near copies, share it."""
    return F.pmod(F.xxhash64(F.lit(f"fold {seed}"), F.col(customer_id)), F.lit(folds)).cast("int")
