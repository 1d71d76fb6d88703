"""Features of any DataFrame of events: all windows of all as-of dates in one pass, each with what was known then."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TypeVar

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from churn_spark.api.arguments import Day, as_dates, as_pandas, as_spark, customers_given, dates_in
from churn_spark.api.feature_lines import FeatureSpec, resolved, several
from churn_spark.api.given_events import Named, in_units, keyed, refuse_missing_columns, refuse_unfit_columns, within
from churn_spark.api.given_source import GivenSource, given_source
from churn_spark.api.sessions import session_at_hand
from churn_spark.definitions.expressions import quoted
from churn_spark.definitions.features import Feature, FeatureSet
from churn_spark.definitions.rules import Population
from churn_spark.features.as_of import KEY
from churn_spark.features.snapshot import SnapshotInputs, features_of, snapshots
from churn_spark.features.tiles import compact, first_seen

LIFETIME = 36_500
"""Days in which a customer must have had an event where no feature has a window."""
Frame = TypeVar("Frame", DataFrame, pd.DataFrame)


def window_features(
    events: Frame,
    features: Sequence[str | FeatureSpec],
    dates: Day | Iterable[Day] | None = None,
    *,
    windows: int | Collection[int] = 28,
    customer: str = "customer_id",
    time: str = "event_time",
    known_from: str | None = None,
    event_id: str | None = None,
    customers: Iterable[object] | DataFrame | pd.DataFrame | None = None,
    prefix: str = "",
    spark: SparkSession | None = None,
) -> Frame:
    """Compute features of every customer at each as-of date, from the events known by then.

    At the as-of date `s` a window of `n` days holds the events with `s - n <= day < s` that were known at the start of
    `s`: nothing of day `s` itself, nothing that arrived later. It needs no warehouse and no configuration.

    events: one row per event. customer, time: its columns that say whose (text or whole number) and when (date or
    timestamp; days are those of the session's time zone). known_from: the column that says since when a row is known, a
    date (the first as-of date that may use it) or a timestamp (when it arrived: usable from the next day); left out,
    and at the earliest, the day after the event. event_id: orders events of the same time, for `first` and `last`.
    features: operations, such as "count", "recency", "sum(amount)", "distinct(shop)", or what `feature` makes.
    dates: the as-of dates. windows: days, for features without windows of their own.
    customers: who is wanted; left out, whoever has an event in the longest window. A list gives each of them at each
    date, also the silent ones; so does a table with the column `customer`. Where it has `as_of_date` too, exactly its
    rows are given, and `dates` may be left out. prefix: of the names of features, as a project has its source's name.

    Returns, in the kind of frame given, the customer, `as_of_date` and a column per feature named
    `<column>_<operation>_<days>d`, counts as integers, other numbers as doubles. Without anything in its window a count
    or sum is 0, other features are null (docs/features.md has every formula). Numbers are added as whole units of their
    last decimal, or of about the twelfth digit of the largest, so that sums are exact. The events are read twice: cache
    what is expensive to make.

    Raises ValueError for arguments that do not fit, with what to write instead.

    >>> import pandas as pd
    >>> import churn_spark as cs
    >>> events = pd.DataFrame({
    ...     "customer_id": ["ann", "ann", "ben"],
    ...     "event_time": pd.to_datetime(["2026-05-02", "2026-05-31", "2026-05-30"]),
    ...     "amount": [10.5, 4.25, 7.0],
    ... })
    >>> cs.window_features(events, ["count", "sum(amount)", "recency"], ["2026-05-31", "2026-06-01"], windows=30)
      customer_id as_of_date  count_30d  amount_sum_30d  recency_30d
    0         ann 2026-05-31          1           10.50           29
    1         ann 2026-06-01          2           14.75            1
    2         ben 2026-05-31          1            7.00            1
    3         ben 2026-06-01          1            7.00            2
    """
    given = given_source(prefix, resolved(features, several(windows), prefix))
    named = Named(customer, time, known_from, event_id)
    refuse_missing_columns(events.columns, named, given)
    rows = events if isinstance(events, DataFrame) else _in_spark(events, named, given, spark)
    refuse_unfit_columns(rows, named, given)
    type_ = rows.schema[customer].dataType
    wanted = None if customers is None else customers_given(customers, customer, type_, rows.sparkSession)
    days = _days(dates, wanted)
    seen = within(_oldest(given.features, days), max(days))
    units, scales = in_units(keyed(rows, named, given), given.measures, seen)
    computed = _computed(compact(units, given.source), given, scales, days, wanted)
    names = [F.col("customer_id").cast(type_).alias(customer), F.col("as_of_date")]
    result = computed.select(*names, *(F.col(quoted(feature.name)) for feature in given.features))
    if isinstance(events, DataFrame):
        return result
    return as_pandas(result).sort_values([customer, "as_of_date"], ignore_index=True)


def _in_spark(events: pd.DataFrame, named: Named, given: GivenSource, spark: SparkSession | None) -> DataFrame:
    """The columns of a pandas frame that are needed."""
    needed = dict.fromkeys((*named.columns, *given.measures.values(), *given.categories.values()))
    return as_spark(events, needed, session_at_hand(spark))


def _days(dates: Day | Iterable[Day] | None, wanted: DataFrame | None) -> list[date]:
    """The as-of dates: those given, else those of the customers wanted."""
    if wanted is not None and "as_of_date" in wanted.columns:
        own = dates_in(wanted)
        if dates is not None and set(own) != set(as_dates(dates)):
            raise ValueError("customers has an as_of_date for each row, and dates says others; leave dates out")
        return own
    if dates is None:
        raise ValueError('dates is missing; give the as-of dates, such as dates=["2026-03-01", "2026-04-01"]')
    return as_dates(dates)


def _oldest(features: Iterable[Feature], days: Collection[date]) -> date | None:
    """The first day that a window reaches; None where a lifetime is asked for."""
    windows = [feature.window for feature in features]
    return None if None in windows else min(days) - timedelta(days=max(window or 0 for window in windows))


def _computed(
    tiles: DataFrame, given: GivenSource, scales: Mapping[str, int], days: Collection[date], wanted: DataFrame | None
) -> DataFrame:
    """customer_id, as_of_date and the features of the customers wanted, or of those active in the longest window."""
    source, features = given.with_scales(scales), FeatureSet(given.features)
    known = SnapshotInputs({source.name: tiles}, first_seen(tiles, source.name))
    if wanted is None:
        rule = Population("active", (source.name,), days=features.longest or LIFETIME)
        return snapshots(known, (source,), features, rule, days)
    if "as_of_date" not in wanted.columns:
        listed = F.explode(F.array(*(F.lit(day) for day in days)))
        wanted = wanted.select("customer_id", listed.alias("as_of_date"))
    return features_of(wanted.select(*KEY), known, (source,), features, days)
