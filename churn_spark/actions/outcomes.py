"""Outcomes: which answer belongs to which intervention, and whether the customer stayed.

An answer belongs to the customer's newest intervention in which something was done, no more than so many days before
the answer; where the answer names its action, to the newest of that action.
"""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.feedback import OTHER, Answers

KEY = ("customer_id", "as_of_date")
ANSWER = ("customer_id", "event_date", "event_id", "known_from", "answered_action", "meaning")
INTERVENTION = (
    *KEY,
    "audience",
    "segment",
    "risk",
    "value",
    "main_reason",
    "planned_action",
    "arm",
    "action",
    "cost",
    "propensity",
)
TAKEN, NOTHING_DONE, NO_INTERVENTION = "taken", "to nothing that was done in time", "of customers without intervention"
"""What becomes of an answer."""


def meant(events: DataFrame, answers: Answers) -> DataFrame:
    """Events of the source as answers: customer_id, event_date, event_id, known_from, answered_action, meaning.

    events: customer_id, event_date, event_id, known_from and the categories of `answers`. Rows without an answer are
    left out; a value without a meaning has OTHER.
    """
    said, action = F.col(f"`{answers.answer}`"), F.col(f"`{answers.action}`") if answers.action else F.lit(None)
    unmeant = F.when(F.lit(False), OTHER)
    meaning = reduce(lambda so_far, case: so_far.when(said == case[0], case[1]), answers.meaning, unmeant)
    return events.where(said.isNotNull()).select(
        "customer_id",
        "event_date",
        "event_id",
        "known_from",
        action.cast("string").alias("answered_action"),
        meaning.otherwise(OTHER).alias("meaning"),
    )


def attached(answers: DataFrame, interventions: DataFrame, carry_over_days: int, known_days: int) -> DataFrame:
    """Every answer with `as_of_date` of the intervention that it belongs to (null: none) and `fate`.

    answers: see `meant`; an event_id is unique within its event_date. interventions: customer_id, as_of_date, action
    (null: nothing was done), all within `carry_over_days` before any of the answers. known_days: days from an
    intervention to the last knowledge date of an answer to it. fate: TAKEN, NOTHING_DONE (no intervention of this
    customer was of that action and in time), NO_INTERVENTION (there is none of this customer, known or not).
    """
    done = interventions.select("customer_id", "as_of_date", "action")
    rows = answers.select(*ANSWER).join(done, on="customer_id", how="left")
    since = F.date_diff("event_date", "as_of_date")
    fits = F.col("action").isNotNull() & (since >= 0) & (since < carry_over_days)
    fits &= F.col("answered_action").isNull() | (F.col("answered_action") == F.col("action"))
    fits &= F.date_diff("known_from", "as_of_date") <= known_days
    newest = F.max(F.when(fits, F.col("as_of_date")))
    found = rows.groupBy(*ANSWER).agg(newest.alias("as_of_date"), F.count("as_of_date").alias("_known"))
    fate = F.when(F.col("as_of_date").isNotNull(), TAKEN).when(F.col("_known") > 0, NOTHING_DONE)
    return found.select(*ANSWER, "as_of_date", fate.otherwise(NO_INTERVENTION).alias("fate"))


def outcomes(interventions: DataFrame, taken: DataFrame, labels: DataFrame) -> DataFrame:
    """A row for every intervention, also where nobody answered and where its label has not matured yet.

    interventions: INTERVENTION, unique by customer_id, as_of_date. taken: see `attached`, those with an as_of_date.
    labels: customer_id, as_of_date, label, excluded, matured_on, those that count already. Of several answers the one
    that became known last counts, then the later one, then that with the larger event_id.
    """
    order = F.struct("known_from", "event_date", "event_id", "meaning")
    by_intervention = taken.groupBy(*KEY).agg(
        F.max(order).alias("_newest"), F.collect_list("meaning").alias("_meanings")
    )
    answered = by_intervention.select(
        *KEY,
        F.col("_newest.meaning").alias("answer"),
        F.col("_newest.event_date").alias("answered_on"),
        F.col("_newest.known_from").alias("answer_known_from"),
        F.size("_meanings").cast("long").alias("answers"),
        _differing("_meanings", F.col("_newest.meaning")).alias("contradicting"),
    )
    known = labels.select(*KEY, (1 - F.col("label")).cast("long").alias("retained"), "excluded", "matured_on")
    rows = interventions.select(*INTERVENTION).join(answered, on=list(KEY), how="left")
    return rows.join(known, on=list(KEY), how="left").fillna(0, subset=["answers", "contradicting"])


def _differing(meanings: str, newest: Column) -> Column:
    return F.size(F.filter(meanings, lambda meaning: meaning != newest)).cast("long")
