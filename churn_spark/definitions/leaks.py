"""What training looks for in its data before anything is learnt from them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Leaks:
    """Limits of the leak checks.

    max_single_auc: ROC AUC of one binned feature alone from which training stops; warn_single_auc: from which it
    warns. max_known_odds: the odds ratio of leaving, at equal activity, between customers of whom an attribute is known
    and the others, above which training warns (below its inverse too). recomputed_customers: customers of a snapshot
    that are computed again; 0: none. max_active_after_churn: share of the customers who left with later activity, above
    which it warns. max_rate_jump: factor between the odds of the base rates of neighbouring snapshots. max_drift:
    population stability index of a feature between training and test. accept: features that may fail a check that stops
    training.
    """

    max_single_auc: float = 0.97
    warn_single_auc: float = 0.9
    max_known_odds: float = 3.0
    recomputed_customers: int = 20
    max_active_after_churn: float = 0.05
    max_rate_jump: float = 1.5
    max_drift: float = 0.25
    accept: tuple[str, ...] = ()
