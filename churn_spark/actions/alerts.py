"""Who is alerted about: whose risk is high or rose, who is silent; and which of these alerts go no further."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial, reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from churn_spark.actions.holdout import in_control
from churn_spark.actions.wording import rendered
from churn_spark.definitions.actions import Alerts, HighRisk, Holdout, Line, Template

COOLDOWN, CONTROL = "cooldown", "control"
"""Why an alert is suppressed."""
REST = "other"
"""The reason that sums up all that are not named."""
ROUNDING = 1e-9
"""A rise from 10 % to 30 % is one of 20 points, whatever the digits of doubles say."""
_LAST, _SEEN, _LATER = "last_tier", "seen", "later"
_RANK, _LOWEST = "last_rank", "lowest_risk"


@dataclass(frozen=True, slots=True)
class ModelLine:
    """The threshold of a model: the raw score, and the risk there."""

    raw_score: float
    risk: float


def reached(scores: DataFrame, previous: DataFrame, rules: Alerts, model: ModelLine | None) -> DataFrame:
    """One row for each customer and kind whose threshold is reached: scores, previous_risk, kind, threshold, observed.

    scores: customer_id, audience, tier, risk, raw_score, risk_rank of one as-of date, with `rules.silent` also silence
    (in usual intervals), and whatever else is to be kept. previous: customer_id and risk of the date to compare with.
    model: None: the model has no threshold, so that it calls nobody a leaver.
    """
    if rules.high_risk and any(line.by in ("tier", "riskiest") for line in rules.high_risk.lines):
        scores = scores.join(F.broadcast(last_ranks(scores, rules.high_risk)), on="audience", how="left")
    fixed = tuple(_fixed(rules, model))
    rise = _by_audience(rules.risk_jump.rise, rules.risk_jump.by_audience) if rules.risk_jump else None
    # A risk cannot have risen by more than it is.
    possible = [condition for _, condition, _, _ in fixed] + (
        [F.col("risk") >= rise - ROUNDING] if rise is not None else []
    )
    before = previous.select("customer_id", F.col("risk").alias("previous_risk"))
    rows = scores.where(reduce(Column.__or__, possible)).join(before, on="customer_id", how="left")
    rose = F.col("risk") - F.col("previous_risk")
    kinds = [*fixed, *([("risk_jump", rose >= rise - ROUNDING, rise, rose)] if rise is not None else [])]
    each = F.explode(F.filter(F.array(*(_reached(*kind) for kind in kinds)), lambda one: one.isNotNull()))
    kept = [name for name in rows.columns if name not in (_RANK, _LOWEST)]
    return rows.select(*kept, each.alias("reached")).select(*kept, "reached.*")


def suppressed(
    alerts: DataFrame, recent: DataFrame, holdout: Holdout | None, later: DataFrame | None = None
) -> DataFrame:
    """Add `suppressed` (cooldown, control, or null) and `renewed`.

    alerts: customer_id, kind, tier. recent: customer_id, as_of_date, kind, tier, suppressed of the alerts within the
    cooldown. An alert that was not in its cooldown begins one, whether it was withheld or not: otherwise the control
    group would be alerted about at other times than the others. renewed: the first alert after its cooldown of a
    customer who had been above the line meanwhile; null in the cooldown. later: the same columns of the alerts whose
    cooldown would reach the date, of later dates that stay as they are; those have gone out, so an alert before them is
    in its cooldown too, whatever the tier.
    """
    begins = F.col("suppressed").isNull() | (F.col("suppressed") != COOLDOWN)
    before = recent.groupBy("customer_id", "kind").agg(
        F.max_by("tier", F.when(begins, F.col("as_of_date"))).alias(_LAST), F.max(F.lit(True)).alias(_SEEN)
    )
    rows = alerts.join(before, on=["customer_id", "kind"], how="left")
    recently = F.col(_LAST).isNotNull()
    cooling = recently & (_height("tier") <= _height(_LAST))
    if later is not None:
        sent = later.where(begins).select("customer_id", "kind", F.lit(True).alias(_LATER)).distinct()
        rows = rows.join(sent, on=["customer_id", "kind"], how="left")
        cooling |= F.coalesce(_LATER, F.lit(False))
    withheld = in_control(holdout) if holdout else F.lit(False)
    reason = F.when(cooling, F.lit(COOLDOWN)).when(withheld, F.lit(CONTROL))
    renewed = F.when(~cooling, F.coalesce(F.col(_SEEN), F.lit(False)) & ~recently)
    return rows.withColumns({"suppressed": reason, "renewed": renewed}).drop(_LAST, _SEEN, _LATER)


def worded(alerts: DataFrame, templates: tuple[Template, ...], project: str) -> DataFrame:
    """Add `title` and `text`; alerts: customer_id, kind and whatever `wording.VARIABLES` names."""
    schema = T.StructType([*alerts.schema.fields, *(T.StructField(part, T.StringType()) for part in ("title", "text"))])
    return alerts.mapInArrow(partial(rendered, templates=templates, project=project), schema)


def main_reasons(most: int) -> Column:
    """The texts of the largest reasons that raise the risk, of `reason_codes`; null where these are."""
    raising = F.filter("reason_codes", lambda reason: (reason["contribution"] > 0) & (reason["feature"] != F.lit(REST)))
    return F.transform(F.slice(raising, 1, most), lambda one: one["text"])


def last_ranks(scores: DataFrame, rule: HighRisk) -> DataFrame:
    """By audience whose line is a tier or a number of customers: the last `risk_rank` within it, and the lowest risk.

    Ranks and tiers go by the raw score, so both lines are from the first rank to a last one.
    """
    narrow = scores.select("audience", "tier", "risk", "risk_rank")
    none = F.lit(False)
    by_tier = _of_lines(rule, lambda line: _height("tier") >= _height_of(line.tier) if line.by == "tier" else none)
    by_number = _of_lines(rule, lambda line: F.lit(line.customers if line.by == "riskiest" else 0))
    within = [narrow.where(by_tier)] if any(line.by == "tier" for line in rule.lines) else []
    if numbers := [line.customers for line in rule.lines if line.by == "riskiest"]:
        place = F.row_number().over(Window.partitionBy("audience").orderBy("risk_rank"))
        riskiest = narrow.where(by_number > 0).withColumn("place", place).where(F.col("place") <= max(numbers))
        within.append(riskiest.where(F.col("place") <= by_number).drop("place"))
    together = reduce(DataFrame.unionByName, within)
    return together.groupBy("audience").agg(F.max("risk_rank").alias(_RANK), F.min("risk").alias(_LOWEST))


def _fixed(rules: Alerts, model: ModelLine | None) -> Iterator[tuple[str, Column, Column, Column]]:
    """Kind, condition, threshold and what is observed, of the kinds that ask for nothing of before."""
    if rules.high_risk:
        condition = _of_lines(rules.high_risk, partial(_above, model=model))
        threshold = _of_lines(rules.high_risk, partial(_threshold, model=model))
        yield "high_risk", condition, threshold, F.col("risk")
    if rules.silent:
        silence = F.col("silence").cast("double")
        times = _by_audience(rules.silent.times, rules.silent.by_audience)
        yield "silent", (silence >= times) & ~F.isnan(silence), times, silence


def _above(line: Line, model: ModelLine | None) -> Column:
    if line.by == "risk":
        return F.col("risk") >= line.risk
    if line.by == "model":
        return F.col("raw_score") >= model.raw_score if model else F.lit(False)
    return F.col("risk_rank") <= F.col(_RANK)


def _threshold(line: Line, model: ModelLine | None) -> Column:
    if line.by == "risk":
        return F.lit(line.risk)
    if line.by == "model":
        return F.lit(model.risk if model else None).cast("double")
    return F.col(_LOWEST)


def _reached(kind: str, condition: Column, threshold: Column, observed: Column) -> Column:
    described = (F.lit(kind).alias("kind"), threshold.cast("double").alias("threshold"), observed.alias("observed"))
    return F.when(condition, F.struct(*described))


def _of_lines(rule: HighRisk, of: Callable[[Line], Column]) -> Column:
    """What a function gives of the line of each row's audience."""
    return _chosen(of(rule.line), ((name, of(line)) for name, line in rule.by_audience))


def _by_audience(base: float, others: Iterable[tuple[str, float]]) -> Column:
    return _chosen(F.lit(base), ((name, F.lit(value)) for name, value in others))


def _chosen(base: Column, others: Iterable[tuple[str, Column]]) -> Column:
    """The value of each row's audience, the base where it has none of its own."""
    return reduce(lambda rest, one: F.when(F.col("audience") == one[0], one[1]).otherwise(rest), others, base)


def _height(tier: str) -> Column:
    return F.when(F.col(tier) == "high", 2).when(F.col(tier) == "medium", 1).otherwise(0)


def _height_of(tier: str) -> int:
    return {"high": 2, "medium": 1}[tier]
