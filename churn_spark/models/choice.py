"""Which candidate wins, by folds and backtest, and whether it is good enough to be in force, by folds and test.

The untouched test chooses nothing, so its figures are not biased upwards: it only reports, and keeps out a model that
is no better than chance or than a score without fitting.
"""

from collections.abc import Mapping, Sequence

from churn_spark.definitions.chance import no_better_than_chance
from churn_spark.models.families import named
from churn_spark.models.measures import Measure, difference, mean
from churn_spark.models.trial import Trial

COMPARED = "average_precision"
ORDER = "roc_auc"


def choose_winner(trials: Sequence[Trial]) -> tuple[Trial, str]:
    """The trial with the highest average precision, and why; within one standard error the simpler one.

    It is the mean of that over the folds and, where there is one, that in the walk-forward backtest. The standard error
    is that of the difference of two candidates over the same resampled customers. A candidate that does not order its
    own folds cannot win, unless none does.
    """
    able = [trial for trial in trials if not unordered(trial)]
    simplest_first = sorted(able or trials, key=lambda trial: named(trial.tuned.family).complexity)
    best = max(simplest_first, key=lambda trial: _precision(trial).value)
    winner, why = best, ""
    for trial in simplest_first:
        gap, error = difference(_precision(best), _precision(trial))
        if trial is not best and gap < error:
            winner = trial
            why = (
                f": {best.tuned.family} has {gap:.3f} more, within one standard error ({error:.3f}), and"
                f" {trial.tuned.family} is simpler"
            )
            break
    others = ", ".join(f"{t.tuned.family} {_precision(t).value:.3f}" for t in trials if t is not winner)
    against = why or (f", against {others}" if others else ", the only candidate")
    barred = "; ".join(f"{t.tuned.family} {unordered(t)}" for t in trials if able and t not in able)
    where = "over the folds and in the backtest" if winner.backtest else "over the folds"
    reason = f"average precision {_precision(winner).value:.3f} {where}{against}"
    return winner, f"{reason}; {barred}, so it cannot win" if barred else reason


def unordered(trial: Trial) -> str:
    """That a candidate does not order its own folds: the interval of its ROC AUC over them is not above 0.5; or ''."""
    auc = trial.tuned.ranking[ORDER]
    least = auc.value if auc.low is None else auc.low
    return "" if least > 0.5 else f"does not order its own folds (ROC AUC {as_text(auc)})"


def weaknesses(winner: Trial, baselines: Mapping[str, Mapping[str, Measure]]) -> tuple[str, ...]:
    """Why the winner is not good enough to be in force, one clause each; empty where it is.

    baselines: measures on the same test of scores without fitting, by name, resampled alike. It is better than one if
    its ROC AUC or its average precision is higher by more than one standard error of the difference.
    """
    tested = winner.test
    clauses = [unordered(winner)]
    order, precision, rate = (tested[name] for name in (ORDER, COMPARED, "base_rate"))
    clauses.append(no_better_than_chance(order.value, order.low, precision.value, rate.value))
    for name, measures in baselines.items():
        gaps = [difference(tested[metric], measures[metric]) for metric in (ORDER, COMPARED)]
        if all(gap <= error for gap, error in gaps):
            figures = f"ROC AUC {measures[ORDER].value:.3f}, average precision {measures[COMPARED].value:.3f}"
            clauses.append(f"is no better on the test than {name}, a score without fitting ({figures})")
    return tuple(clause for clause in clauses if clause)


def candidates_text(trials: Sequence[Trial]) -> str:
    """One line for the log: each family with its figures over the folds and on the test."""
    return "; ".join(
        f"{trial.tuned.family} ROC AUC {as_text(figures['roc_auc'])}, average precision"
        f" {as_text(figures['average_precision'])} {where}"
        for trial in trials
        for where, figures in (
            ("over the folds", trial.tuned.ranking),
            ("in the backtest", trial.backtest.get("all", {})),
            ("on the test", trial.test),
        )
        if figures
    )


def as_text(measure: Measure | None) -> str:
    """A value with its interval; nothing for None."""
    if measure is None:
        return ""
    known = measure.low is not None and measure.high is not None
    interval = "" if not known else f" ({measure.low:.3f} to {measure.high:.3f})"
    return f"{measure.value:.3f}{interval}"


def _precision(trial: Trial) -> Measure:
    """What candidates are compared by: folds and backtest count alike, however many there are of each."""
    over_folds = trial.tuned.ranking[COMPARED]
    return mean([over_folds, trial.backtest["all"][COMPARED]]) if trial.backtest else over_folds
