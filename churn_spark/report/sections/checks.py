"""What the training of the model in force was checked for, and which newer models were kept out of force, and why."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Grid, grid
from churn_spark.report.query import Query
from churn_spark.report.section import Section
from churn_spark.report.words import day

LEAKS = ("single_feature", "known_only", "active_after_churn")
"""Checks of the training data whose warnings put the model itself in doubt."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Sentences on models that were kept out of force, and the findings of the training of the one in force."""

    refused: tuple[str, ...]
    findings: Grid | Absent


def _rows(facts: Facts, tables: Mapping[str, DataFrame]) -> DataFrame:
    """The checks of the training of the model in force, and refusals since."""
    champion, rows = facts.champion, tables["model_checks"]
    if champion is None:
        return rows.where(F.lit(False))
    trained_on = F.lit(champion.trained_on)
    mine = (F.col("as_of_date") == trained_on) & (F.col("run_id") == champion.run_id)
    newer = (F.col("as_of_date") >= trained_on) & (F.col("model_version") > champion.version)
    return rows.where(mine | (newer & (F.col("outcome") == "refused")))


CHECKS = Query(
    "checks",
    ("as_of_date", "run_id", "model_version", "check", "subject", "outcome", "text"),
    lambda available: {"model_checks": available.until("model_checks")},
    _rows,
)
"""Findings of the training of the model in force, and what kept newer models out of force."""


def checked(facts: Facts) -> Checked | Absent:
    """What was checked, and what was refused."""
    if facts.champion is None:
        return Absent("No model is in force on this date.", facts.how("train"))
    rows = facts[CHECKS]
    mine = rows[rows["run_id"] == facts.champion.run_id].sort_values(["check", "subject"])
    found = mine[["check", "outcome", "text"]].itertuples(index=False)
    cells = ((check.replace("_", " "), outcome, text) for check, outcome, text in found)
    findings = (
        grid("The training of the model in force", ("Check", "Outcome", "Finding"), cells, words=(0, 1, 2))
        if len(mine)
        else Absent("The training of the model in force left no checks in model_checks.")
    )
    return Checked(tuple(kept_out(facts)), findings)


def suspicions(facts: Facts) -> list[str]:
    """For the first screen: newer models that were kept out of force, and leaks that the model may have learnt."""
    rows: pd.DataFrame = facts[CHECKS]
    if facts.champion is None:
        return []
    mine = rows[(rows["run_id"] == facts.champion.run_id) & (rows["outcome"] == "warning")]
    leaks = mine[mine["check"].isin(LEAKS)].sort_values(["check", "subject"])
    return [*kept_out(facts), *(f"The model in force may have learnt a leak: {text}." for text in leaks["text"])]


def kept_out(facts: Facts) -> list[str]:
    """A sentence on each newer model that was kept out of force."""
    rows: pd.DataFrame = facts[CHECKS]
    if facts.champion is None:
        return []
    others = rows[(rows["outcome"] == "refused") & (rows["run_id"] != facts.champion.run_id)]
    return [
        f"Version {version}, trained as of {day(trained)}, was kept out of force: {'; '.join(sorted(found['text']))}."
        for (version, trained), found in others.groupby(["model_version", "as_of_date"])
    ]


CHECKED = Section(
    "checks",
    "What was checked before the model went in force",
    checked,
    """
{% for sentence in content.refused %}
<p>{{ sentence }}</p>
{% endfor %}
{{ table(content.findings) }}
""",
    (CHECKS,),
    suspicions,
)
