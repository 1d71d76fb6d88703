"""The gate: whether a trained model is good enough to go in force, by floors and beside the model in force.

All figures are of the untouched test. The model in force is compared only on snapshots at which it could have been in
force: it was refitted on everything that had matured, and would shine on that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.gate import Finding, Gate, Outcome
from churn_spark.definitions.modelling import Training
from churn_spark.models.measures import GROUPS, INTERVAL, Measure, difference, measured
from churn_spark.models.tally import tallied
from churn_spark.models.training_set import FEWEST

MOST_GROUPS = 50
"""Groups of one feature that are compared, the most frequent ones."""
UNKNOWN = "(unknown)"


def floors(tested: Mapping[str, Measure], left: int, gate: Gate) -> list[Finding]:
    """Whether the measures of the whole test, and its customers who left, reach the floors; one finding for each."""
    noise = tested["calibration_noise_floor"].value if "calibration_noise_floor" in tested else 0.0
    error = tested["expected_calibration_error"].value
    asked = (
        ("roc_auc", gate.min_roc_auc, tested["roc_auc"].value, 1, 0.0),
        ("lift_at_decile", gate.min_lift, tested["lift_at_decile"].value, 1, 0.0),
        ("expected_calibration_error", gate.max_calibration_error, error, -1, noise),
        ("customers_left", gate.min_positives, left, 1, 0.0),
    )
    return [_floor(name, limit, value, sign, chance) for name, limit, value, sign, chance in asked if limit is not None]


def _floor(name: str, limit: float, value: float, sign: int, noise: float) -> Finding:
    """sign: 1 where the limit is the least allowed, -1 where it is the most. noise: what chance alone may add to it.
    An undefined value (NaN) is refused.
    """
    reached = sign * value >= sign * limit
    by_chance = not reached and noise > 0 and value <= limit + noise
    words = ("at least" if sign > 0 else "at most") if reached else ("below" if sign > 0 else "above")
    bound = "floor" if sign > 0 else "limit"
    text = f"{name.replace('_', ' ')} {value:.4g} on the test is {words} {limit:g}, its {bound}"
    if by_chance:
        text = f"{text}, by no more than chance adds to right risks ({noise:.2g})"
    return Finding("floor", name, "passed" if reached else "warning" if by_chance else "refused", text, value, limit)


def against(challenger: Measure, champion: Measure, version: int, where: str) -> Finding:
    """The challenger's average precision less that of the version in force, on the same rows and resampled alike.

    Refused where it is lower by more than one standard error of the difference; within it they tie, and of two that tie
    the one that learnt from newer dates is better.
    """
    gap, error = difference(challenger, champion)
    gaps = challenger.replicates - champion.replicates
    low, high = np.nanpercentile(gaps, INTERVAL) if len(gaps) > 1 else (gap, gap)
    text = (
        f"average precision {challenger.value:.3f} against {champion.value:.3f} of version {version} in force, {where}:"
        f" {gap:+.3f} ({low:+.3f} to {high:+.3f})"
    )
    return _compared(text, version, gap, error)


def against_recorded(challenger: Measure, recorded: float, version: int) -> Finding:
    """The same where no snapshot is new to the version in force: with what its own test, on the same rows, found.

    The standard error is that of the challenger alone, as the two were not resampled together.
    """
    error = float(np.nanstd(challenger.replicates, ddof=1)) if len(challenger.replicates) > 1 else 0.0
    gap = challenger.value - recorded
    text = (
        f"average precision {challenger.value:.3f} against {recorded:.3f} that version {version} in force had in"
        f" its own training on the same test, as no snapshot is new to it: {gap:+.3f}"
    )
    return _compared(text, version, gap, error)


def _compared(text: str, version: int, gap: float, error: float) -> Finding:
    worse = not gap >= -error
    verdict = "worse by more than" if worse else "not worse by more than"
    text = f"{text}; {verdict} one standard error ({error:.3f})"
    return Finding("champion", f"version {version}", "refused" if worse else "passed", text, gap, -error)


def not_compared(version: int, why: str) -> Finding:
    """That there is no comparison with the version in force, and why: the floors alone decide."""
    text = f"not compared with version {version} in force: {why}"
    return Finding("champion", f"version {version}", "warning", text)


def group_gap(scored: DataFrame, feature: str, limit: float, settings: Training) -> Finding:
    """The largest difference in ROC AUC between groups of a feature; null is a group too.

    It is refused where the lower end of its 95 % interval is above the limit too: among many small groups chance alone
    gives large differences. scored: as_of_date, label, score, risk, part (group of the bootstrap) and the feature.
    Groups with fewer than `FEWEST` churners or stayers say nothing and are left out.
    """
    group = F.coalesce(F.col(f"`{feature}`").cast("string"), F.lit(UNKNOWN))
    counted = scored.groupBy(group.alias("group")).count().orderBy(F.desc("count"), "group").limit(MOST_GROUPS)
    names = [row["group"] for row in counted.collect()]
    every = tallied(scored.withColumn("part", (_place(group, names) * GROUPS + F.col("part")).cast("int")))
    by_group: dict[str, Measure] = {}
    for place, name in enumerate(names, start=1):
        mine = every.where(every.part // GROUPS == place)
        if min(mine.churners.sum(), (mine.rows - mine.churners).sum()) >= FEWEST:
            one = replace(mine, part=mine.part % GROUPS)
            by_group[name] = measured(one, settings.bootstrap, settings.seed)["roc_auc"]
    if len(by_group) < 2:
        text = f"{feature}: fewer than two groups have {FEWEST} rows of customers who left and who stayed"
        return Finding("group_gap", feature, "warning", text, float("nan"), limit)
    best = max(by_group, key=lambda name: by_group[name].value)
    worst = min(by_group, key=lambda name: by_group[name].value)
    return _gap(feature, (best, by_group[best]), (worst, by_group[worst]), limit)


def _gap(feature: str, best: tuple[str, Measure], worst: tuple[str, Measure], limit: float) -> Finding:
    gap = best[1].value - worst[1].value
    gaps = best[1].replicates - worst[1].replicates
    low = float(np.nanpercentile(gaps, INTERVAL[0])) if len(gaps) > 1 else gap
    outcome: Outcome = "passed" if gap <= limit else "refused" if low > limit else "warning"
    words = {"passed": "at most", "refused": "more than", "warning": "which may be chance, though more than"}[outcome]
    text = (
        f"ROC AUC is {worst[1].value:.3f} for {feature} {worst[0]} and {best[1].value:.3f} for {best[0]}: {gap:.3f}"
        f" apart (at least {low:.3f}), {words} {limit:g}"
    )
    return Finding("group_gap", feature, outcome, text, gap, limit)


def _place(group: Column, names: Sequence[str]) -> Column:
    """The place of a group among the names, from 1; 0 for any other."""
    return F.array_position(F.array(*(F.lit(name) for name in names)), group).cast("int")


def refusals(findings: Sequence[Finding]) -> list[str]:
    """The sentences of what keeps a model out of force."""
    return [finding.text for finding in findings if finding.outcome == "refused"]
