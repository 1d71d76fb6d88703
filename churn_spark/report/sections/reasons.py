"""Why the riskiest customers have their scores, and which reasons the customers of tier high share."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.phrases import phrases
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Grid, Heading, grid
from churn_spark.report.query import Query
from churn_spark.report.risk_sums import no_scores
from churn_spark.report.section import Section
from churn_spark.report.shared_queries import RISKS, contactable, scores_of_the_date
from churn_spark.report.words import NOTHING, percent, whole

CUSTOMERS, PER_CUSTOMER, CONCEPTS = 10, 3, 12


@dataclass(frozen=True, slots=True)
class Why:
    """How to read the reasons, those of the riskiest customers, and those of tier high together."""

    sentences: tuple[str, ...]
    riskiest: Grid
    shared: Grid | None


def _of_the_riskiest(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    riskiest = contactable(facts, tables["risk_scores"]).orderBy("risk_rank").limit(CUSTOMERS)
    unit = riskiest.select(
        "risk_rank", "customer_id", "risk", "reason_unit", "reasons_exact", F.posexplode("reason_codes")
    )
    return unit.select("*", "col.feature", "col.contribution", "col.text").drop("col").withColumnRenamed("pos", "place")


REASONS = Query(
    "reasons",
    (
        "risk_rank", "customer_id", "risk", "reason_unit", "reasons_exact", "place", "feature", "contribution", "text",
    ),
    scores_of_the_date,
    _of_the_riskiest,
)  # fmt: skip
"""The reasons of the riskiest customers, one row each, the strongest in place 0."""


def _of_tier_high(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    reason = tables["risk_scores"].where("tier = 'high'").select(F.explode("reason_codes").alias("reason"))
    raising = reason.select("reason.*").where("contribution > 0 AND feature <> 'other'")
    return raising.groupBy("feature").agg(F.count("*").alias("customers"), F.sum("contribution").alias("contribution"))


SHARED = Query("shared_reasons", ("feature", "customers", "contribution"), scores_of_the_date, _of_tier_high)
"""Of each feature, the customers of tier high of whom it is a reason that raises the score, and what it adds in all."""


def why(facts: Facts) -> Why | Absent:
    """The reasons of the date's scores."""
    if facts[RISKS].empty:
        return no_scores(facts)
    reasons = facts[REASONS]
    if reasons.empty:
        return Absent("The scores of this date have no reasons: scoring.reasons is 0, or they were made before it.")
    return Why(_sentences(reasons), _riskiest(reasons), _shared(facts) if len(facts[SHARED]) else None)


def _sentences(reasons: pd.DataFrame) -> tuple[str, ...]:
    unit = (
        "adds to the score, in points of probability before calibration"
        if _in_probability(reasons)
        else "multiplies the odds of leaving by, before calibration"
    )
    read = (
        "A reason is what the model saw of a customer beside what is typical (the median of all watched), windows of"
        f" one number taken together; below stands what it {unit}. It is no cause: changing the number need not keep"
        " anybody."
    )
    if bool(reasons["reasons_exact"].all()):
        return (read,)
    return (read, "This family has no exact method: the parts are an approximation, though they add up to the score.")


def _riskiest(reasons: pd.DataFrame) -> Grid:
    in_probability = _in_probability(reasons)
    rows = []
    for (_, customer, risk), mine in reasons.groupby(["risk_rank", "customer_id", "risk"], sort=True):
        raising = mine[(mine["contribution"] > 0) & (mine["feature"] != "other")].sort_values("place")
        shown = [
            Cell(str(reason["text"]), _added(float(reason["contribution"]), in_probability))
            for reason in raising.head(PER_CUSTOMER).to_dict("records")
        ]
        nothing = [Cell(NOTHING)] * (PER_CUSTOMER - len(shown))
        rows.append([Cell(str(customer), kind="name"), Cell(percent(risk)), *shown, *nothing])
    headings: list[Heading] = ["Customer", ("Risk", "Probability of leaving in the window."), "First reason", "Second"]
    words = (0, 2, 3, 4)
    return grid(f"What raises the risk of the {len(rows)} riskiest", [*headings, "Third"], rows, words=words)


def _shared(facts: Facts) -> Grid:
    said = phrases(facts.project)
    frame = facts[SHARED].assign(
        concept=[said[name].concept if name in said else name for name in facts[SHARED]["feature"]]
    )
    sums = frame.groupby("concept")[["customers", "contribution"]].sum().reset_index()
    first = sums.sort_values(["customers", "concept"], ascending=[False, True]).head(CONCEPTS)
    high = max(1, facts[RISKS].loc[facts[RISKS]["tier"] == "high", "customers"].sum())
    in_probability = _in_probability(facts[REASONS])
    rows = [
        [
            Cell(str(row["concept"])),
            Cell(percent(row["customers"] / high, 0), whole(row["customers"])),
            Cell(_added(row["contribution"] / row["customers"], in_probability)),
        ]
        for row in first.to_dict("records")
    ]
    share = ("Named of", "Share and number of the customers of tier high of whom it is a reason that raises the risk.")
    return grid("Reasons in tier high", ["What the reason is about", share, "Mean part"], rows)


def _in_probability(reasons: pd.DataFrame) -> bool:
    return bool((reasons["reason_unit"] == "probability").all())


def _added(contribution: float, in_probability: bool) -> str:
    """`+12.3 points`, or `odds × 1.8`."""
    return f"{100 * contribution:+.1f}\u00a0points" if in_probability else f"odds × {math.exp(contribution):.2g}"


WHY = Section(
    "reasons",
    "Why they are at risk",
    why,
    """
{% for sentence in content.sentences %}
<p>{{ sentence }}</p>
{% endfor %}
{{ table(content.riskiest) }}
{% if content.shared %}
{{ table(content.shared) }}
{% endif %}
""",
    (RISKS, REASONS, SHARED),
)
