"""What the page of the loop benchmark says of actions: what plans are worth, and whether intervals of effects hold."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from benchmarks.loop_page import figure, table

Kept = Mapping[str, Any]

ACTIONS = """
## What plans are worth

{companies} companies of {customers:,} customers (all who ever join), each acted upon once with the playbook of
`conf/telecom.yaml` without its conditions: a budget of {budget:,.0f}, and

{actions}

Risks are those of a calibrated model that sees the log hazard with an error. Profit is expected, in money: value x the
probability to leave within 28 days that the action really takes away, less its cost. Intervals of 95 % are over
companies. *Largest value x risk first* and *riskiest first* give each customer the action with the largest effect that
there is still room for, until the money is spent.
"""
PLANS = ("plan", "profit", "customers", "spent", "ours less this")
COVERAGE = """
## Whether intervals of effects hold

{repetitions} trials for each action of each row, on customers whose true effects are known, a tenth of them withheld,
through `actions/proportions.py` (`feedback` counts each customer once). An interval of 95 % covers the truth in
{low:.1%} to {high:.1%} of so many trials (binomial, 99 %); one that covers more often is wider than it need be.
By rows: the same interval, if rows of one customer were taken for independent. Shown is the range over the {actions}
actions.
"""
TRIALS = ("customers are treated", "customers", "mean width", "effect covered", "by rows", "value kept covered")


def of_actions(kept: Kept) -> Iterator[str]:
    """Profit of every plan."""
    playbook, plans, gaps = kept["playbook"], kept["plans"], kept["gaps"]
    actions = "\n".join(f"- {_terms(action)}" for action in playbook["actions"])
    yield ACTIONS.format(
        companies=kept["companies"], customers=kept["customers"], budget=playbook["budget"], actions=actions
    )
    yield from table(PLANS, [_plan(name, plan, gaps.get(name)) for name, plan in plans.items()])
    yield "\n" + "\n".join(f"- {_told_apart(name, *gap)}" for name, gap in gaps.items())


def of_coverage(kept: Kept) -> Iterator[str]:
    """Which share of intervals covers the truth, by kind of trial and its size."""
    (low, high), rows = kept["bounds"], kept["rows"]
    actions = len({row["action"] for row in rows})
    yield COVERAGE.format(repetitions=kept["repetitions"], low=low, high=high, actions=actions)
    ordered = sorted(rows, key=_kind)
    yield from table(TRIALS, [_trial(*kind, list(same)) for kind, same in groupby(ordered, _kind)])
    held, value = sum(row["holds"] for row in rows), sum(row["value_holds"] for row in rows)
    naive = sum(row["rowwise"] >= low for row in rows)
    yield (
        f"\nThe interval of the effect holds in {held} of {len(rows)} series of trials, that of the value kept in"
        f" {value}; by rows it would hold in {naive}."
    )


def _terms(action: Kept) -> str:
    most = f", at most {action['capacity']} customers" if action["capacity"] else ""
    return f"`{action['name']}` for {action['cost']:g}, effect {action['effect']:g}{most}"


def _plan(name: str, plan: Kept, gap: Sequence[float] | None) -> list[str]:
    less = figure(gap, 0, sign=True) if gap else "–"
    return [name, figure(plan["mean"], 0), f"{plan['customers']:.0f}", f"{plan['spent']:.0f}", less]


def _told_apart(name: str, gap: float, low: float, high: float) -> str:
    verdict = "brings more than" if low > 0 else "brings less than" if high < 0 else "is not distinguishable from"
    return f"*ours* {verdict} *{name}*.".replace("*ours*", "Ours", 1)


def _kind(row: Kept) -> tuple[str, int]:
    return row["trial"], row["customers"]


def _trial(trial: str, customers: int, rows: Sequence[Kept]) -> list[str]:
    width = sum(row["width"] for row in rows) / len(rows)
    covered = [_range([row[name] for row in rows]) for name in ("effect", "rowwise", "value")]
    return [trial, f"{customers:,}", f"{width:.3f}", *covered]


def _range(shares: Sequence[float]) -> str:
    low, high = f"{min(shares):.1%}", f"{max(shares):.1%}"
    return low if low == high else f"{low} to {high}"
