"""What the counts of a training set say against learning from it: leaks of the label, jumps and drift.

Every function gives findings; `refusals` says which of them stop a training, and what to do.
"""

from collections.abc import Collection, Sequence
from datetime import date
from itertools import pairwise

import numpy as np

from churn_spark.definitions.gate import Finding
from churn_spark.definitions.leaks import Leaks
from churn_spark.models.bins import TEST, TRAINING, BinnedCounts
from churn_spark.models.separation import (
    PURE,
    bins_auc,
    information_value,
    odds_at_equal_strata,
    pure_bins,
    rate_change,
    rates_at_equal_strata,
)
from churn_spark.monitoring.counting import Counts
from churn_spark.monitoring.divergence import drift_by_chance, psi

STANDS_OUT = 0.1
"""How far the ROC AUC of the strongest feature may lie above that of the next before that is worth a look."""
BEYOND_CHANCE = 4.0
"""Standard errors from which a difference counts as more than chance."""
SHOWN = 5
"""Features named of those that drifted."""

SINGLE = "single_feature"


def single_features(counts: BinnedCounts, rule: Leaks) -> list[Finding]:
    """Features that alone nearly decide the label of the training rows, or stand out; else that there is none."""
    training = {name: cells[:, TRAINING] for name, cells in counts.features.items()}
    aucs = {name: auc for name, cells in training.items() if not np.isnan(auc := bins_auc(cells))}
    if not aucs:
        return []
    ranked = sorted(aucs, key=lambda name: (-aucs[name], name))
    found = [_single(name, aucs[name], training[name], rule) for name in ranked if aucs[name] >= rule.warn_single_auc]
    found += [
        _pure(name, training[name], rule)
        for name in ranked
        if aucs[name] < rule.warn_single_auc and pure_bins(training[name]).any()
    ]
    if found:
        return found
    first = ranked[0]
    figures = _figures(aucs[first], training[first])
    if len(ranked) > 1 and aucs[first] - aucs[ranked[1]] >= STANDS_OUT:
        text = f"{first} alone has {figures}, far more than the next, {ranked[1]} ({aucs[ranked[1]]:.3f})"
        return [Finding(SINGLE, first, "warning", text, aucs[first], rule.warn_single_auc)]
    text = f"no feature alone nearly decides the label: the strongest, {first}, has {figures}"
    return [Finding(SINGLE, first, "passed", text, aucs[first], rule.warn_single_auc)]


def _single(name: str, auc: float, cells: Counts, rule: Leaks) -> Finding:
    text = f"{name} alone nearly decides the label: {_figures(auc, cells)}"
    if auc < rule.max_single_auc:
        return Finding(SINGLE, name, "warning", text, auc, rule.warn_single_auc)
    if name in rule.accept:
        text = f"{text}; accepted (training.leaks.accept)"
        return Finding(SINGLE, name, "warning", text, auc, rule.max_single_auc)
    return Finding(SINGLE, name, "refused", f"{text}, the limit is {rule.max_single_auc:g}", auc, rule.max_single_auc)


def _pure(name: str, cells: Counts, rule: Leaks) -> Finding:
    """That some churners have values which hardly anybody has who stayed, though the feature does not part the rest."""
    mine, churners = cells[pure_bins(cells)].sum(axis=(0, 1)), cells.sum(axis=(0, 1))[1]
    text = (
        f"{name} marks churners: {mine[1]:,} of {churners:,} have values of it that {mine[0]:,} of those have who"
        " stayed. It may have been recorded after leaving"
    )
    return Finding(SINGLE, name, "warning", text, float(mine[1] / mine.sum()), PURE)


def _figures(auc: float, cells: Counts) -> str:
    """cells: bin x half x label, the last bin that of null."""
    null = np.stack([cells[:-1].sum(axis=0), cells[-1]])
    figures = f"ROC AUC {auc:.3f}, information value {information_value(cells.sum(axis=1)):.2f}"
    return f"{figures} (whether it is null alone: {bins_auc(null):.3f})" if cells[-1].any() else figures


def known_only(counts: BinnedCounts, activity: str, snapshots: int, rule: Leaks) -> list[Finding]:
    """Attributes of which the mere presence tells who leaves among equally active customers; those alike are one.

    activity: the feature that customers are compared at. snapshots: of training.
    """
    alike: dict[bytes, list[str]] = {}
    for name, cells in counts.attributes.items():
        alike.setdefault(cells.tobytes(), []).append(name)
    found = []
    for names in alike.values():
        cells = counts.attributes[names[0]]
        odds, z = odds_at_equal_strata(cells)
        # The snapshots of a customer are near copies: they count as one observation.
        beyond_chance = abs(z) / np.sqrt(max(snapshots, 1)) > BEYOND_CHANCE
        if not beyond_chance or 1 / rule.max_known_odds <= odds <= rule.max_known_odds:
            continue
        known, unknown = rates_at_equal_strata(cells)
        text = (
            f"whether {', '.join(names)} is known tells who leaves: at equal {activity} {known:.1%} of the customers of"
            f" whom it is known left, and {unknown:.1%} of the others. It may have been recorded later than it says"
        )
        found.append(Finding("known_only", names[0], "warning", text, odds, rule.max_known_odds))
    return found


def rate_jumps(counts: BinnedCounts, rule: Leaks) -> list[Finding]:
    """Neighbouring snapshots whose base rates differ by more than chance, and by more than `max_rate_jump`."""
    found = []
    for before, after in pairwise(range(len(counts.days))):
        factor, z = rate_change(counts.dates[before], counts.dates[after])
        jumped = max(factor, 1 / factor) > rule.max_rate_jump if factor > 0 else False
        if not (jumped and abs(z) > BEYOND_CHANCE):
            continue
        rates = [float(counts.dates[n][:, 1].sum() / counts.dates[n].sum()) for n in (before, after)]
        day = counts.days[after]
        text = (
            f"the base rate jumps from {rates[0]:.1%} on {counts.days[before]} to {rates[1]:.1%} on {day}: the odds"
            f" change by a factor of {factor:.2f}, {abs(z):.0f} standard errors. Look at the deliveries in between"
        )
        found.append(Finding("base_rate", str(day), "warning", text, factor, rule.max_rate_jump))
    return found


def drifted(counts: BinnedCounts, train: Sequence[date], test: Sequence[date], rule: Leaks) -> list[Finding]:
    """Whether features are distributed otherwise in the test than in training, by more than chance; the worst named."""
    indices: dict[str, tuple[float, float]] = {}
    for name, cells in counts.features.items():
        parts = cells.sum(axis=(2, 3))
        parts = parts[parts.sum(axis=1) > 0]
        if parts.sum(axis=0).all():
            indices[name] = psi(parts[:, TRAINING], parts[:, TEST]), drift_by_chance(parts)
    if not indices:
        return []
    beyond = {name: index for name, (index, chance) in indices.items() if index > rule.max_drift + chance}
    shown = sorted(beyond or {name: index for name, (index, _) in indices.items()}, key=lambda n: (-indices[n][0], n))
    worst, index = shown[0], indices[shown[0]][0]
    where = f"between training ({train[0]} to {train[-1]}) and test ({test[0]} to {test[-1]})"
    if not beyond:
        text = f"no feature drifted {where}: the largest stability index is {index:.3f}, of {worst}"
        return [Finding("feature_drift", worst, "passed", text, index, rule.max_drift)]
    named = ", ".join(f"{name} ({beyond[name]:.2f})" for name in shown[:SHOWN])
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    text = f"features drifted {where}, by stability index: {named}{more}"
    return [Finding("feature_drift", worst, "warning", text, index, rule.max_drift)]


def refusals(findings: Collection[Finding]) -> str:
    """What stops a training and how to go on; empty where nothing does."""
    stopping = [finding for finding in findings if finding.outcome == "refused"]
    sentences = [finding.text for finding in stopping]
    if names := ", ".join(finding.subject for finding in stopping if finding.check == SINGLE):
        sentences.append(
            "Such a feature was mostly recorded after leaving, or is made of what the label is made of. Leave it out"
            f" (training.exclude: [{names}]), or accept it if it was known by the as-of date"
            f" (training.leaks.accept: [{names}])"
        )
    return ". ".join(sentences)
