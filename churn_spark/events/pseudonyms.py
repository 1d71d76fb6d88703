"""Pseudonyms: HMAC-SHA-256 of an identifier under a secret key (RFC 2104), prefixed with the key's id."""

from collections.abc import Callable, Collection, Iterable

import pandas as pd
from pyspark import Broadcast
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.expressions import mentions
from churn_spark.definitions.lookups import with_lookup_keys
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


def identifying_columns(source: Source) -> frozenset[str]:
    """Raw and looked-up columns that identify a person: those marked, and those that the ids of customer and partner
    are made from or looked up by.
    """
    ids = with_lookup_keys(source.lookups, [source.customer_id, source.counterparty or ""])
    return frozenset((*source.identifiers, *(name for name in source.names if mention_any(ids, [name]))))


def mention_any(expressions: Iterable[str], columns: Collection[str]) -> bool:
    """Whether one of the expressions may refer to one of the columns."""
    return any(mentions(expression, column) for expression in expressions for column in columns)


def pseudonymised(rows: DataFrame, columns: Iterable[str], pseudonym: Pseudonym | None) -> DataFrame:
    """Replace text columns by pseudonyms; pseudonym None: leave them as they are."""
    if pseudonym is None:
        return rows
    # Arrow refuses text that is not UTF-8; such a row is quarantined, with pseudonyms for its identifiers too.
    return rows.withColumns({name: pseudonym(F.make_valid_utf8(F.col(name))) for name in columns})
