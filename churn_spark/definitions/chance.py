"""When a model is no better than chance: one rule for training and report."""

CHANCE = 0.5
"""The ROC AUC of a random score."""


def no_better_than_chance(
    auc: float, auc_low: float | None, average_precision: float, base_rate: float, where: str = "on the test"
) -> str:
    """A clause that says why a model is no better than chance; empty where it is better.

    auc_low: the lower end of the 95 % interval of `auc` (None: not measured, `auc` itself decides). Undefined figures
    (NaN) are not better than chance.
    """
    least = auc if auc_low is None else auc_low
    reasons = []
    if not least > CHANCE:
        interval = "" if auc_low is None else f", 95 % interval from {auc_low:.3f}"
        reasons.append(f"ROC AUC {auc:.3f}{interval} (chance: {CHANCE})")
    if not average_precision > base_rate:
        reasons.append(f"average precision {average_precision:.3f} (chance: {base_rate:.3f}, the base rate)")
    return f"is no better than chance {where}: {' and '.join(reasons)}" if reasons else ""
