"""Pseudonyms: HMAC-SHA-256 of an identifier under a secret key (RFC 2104), told apart by the key's id."""

import re
from collections.abc import Callable, Collection, Iterable

import pandas as pd
from pyspark import Broadcast
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.sources import Source

Pseudonym = Callable[[Column], Column]


def pseudonym(key: Broadcast[bytes], key_id: str) -> Pseudonym:
    """A function that turns a text column into `<key_id>.<64 hex digits>`; null stays null.

    The key travels in a broadcast: a literal would stand in query plans, event logs and the UI.
    """

    def keyed(values: pd.Series) -> pd.Series:
        import hashlib
        import hmac

        codes, distinct = pd.factorize(values)
        secret = key.value
        digests = [f"{key_id}.{hmac.new(secret, v.encode(), hashlib.sha256).hexdigest()}" for v in distinct]
        return pd.Series([None if code < 0 else digests[code] for code in codes], dtype=object)

    return F.pandas_udf(keyed, "string")  # type: ignore[call-overload]


def identifying(source: Source) -> frozenset[str]:
    """Raw columns that tell who somebody is: those marked, and those the ids of customer and partner are made from."""
    ids = [source.customer_id, source.counterparty or ""]
    used = (name for name, _ in source.schema if name_any(ids, [name]))
    return frozenset((*source.identifiers, *used))


def names(expression: str, column: str) -> bool:
    """Whether a SQL expression may refer to a column; rather once too often than once too few."""
    return re.search(rf"(?<!\w){re.escape(column)}(?!\w)", expression, re.IGNORECASE) is not None


def name_any(expressions: Iterable[str], columns: Collection[str]) -> bool:
    """Whether one of the expressions may refer to one of the columns."""
    return any(names(expression, column) for expression in expressions for column in columns)


def pseudonymised(rows: DataFrame, columns: Iterable[str], hidden: Pseudonym | None) -> DataFrame:
    """Replace text columns by pseudonyms; `hidden` None leaves all as they are."""
    if hidden is None:
        return rows
    # Arrow refuses text that is not UTF-8; such a row is quarantined, its identifiers must be hidden all the same.
    return rows.withColumns({name: hidden(F.make_valid_utf8(F.col(name))) for name in columns})
