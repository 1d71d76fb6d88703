"""Cells of customers with their risk and what it may cost, as several sections show them."""

from typing import Any

from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Cell, Heading
from churn_spark.report.shared_queries import RISKS
from churn_spark.report.units import counted, money
from churn_spark.report.words import in_days, missing, percent, whole

TIERS = ("high", "medium", "low")


def no_scores(facts: Facts) -> Absent:
    """Why there is nothing to show of risks."""
    return Absent(f"There are no scores for {facts.as_of}.", facts.how("score"))


def scored_version(facts: Facts) -> int | None:
    """The model version that made the scores; None: there are no scores."""
    risks = facts[RISKS]
    return int(risks["model_version"].max()) if len(risks) else None


def replayed(facts: Facts) -> bool:
    """Whether a model that was not in force made the scores."""
    return bool(facts[RISKS]["replayed"].any())


def tier_cell(name: str) -> Cell:
    """A tier in its colour."""
    return Cell(name, kind=f"tier {name}" if name in TIERS else "")


def loss_heading(facts: Facts) -> Heading:
    """`Expected loss`, in the unit of money where one is known."""
    of, modelled = money(facts.project), facts.project.expected_value
    when = f"in {in_days(modelled.horizon_days)}" if modelled else "a year"
    return counted("Expected loss", of), f"Risk × value, {of or 'money'} {when}; below: the value that is at risk."


def loss_cell(row: Any) -> Cell:
    """The expected loss of a row with expected_loss and value."""
    return Cell(whole(row["expected_loss"]), "" if missing(row["value"]) else f"of\u00a0{whole(row['value'])}")


def sum_headings(facts: Facts, first: str, value: bool) -> list[Heading]:
    """Headings of rows of `sum_cells`; value: whether customers have one."""
    headings: list[Heading] = [first, ("Customers", "Below: their share of all.")]
    headings += [("Mean risk", "Mean probability of leaving."), ("Leavers", "Expected to leave: the sum of the risks.")]
    return headings + ([loss_heading(facts)] if value else [])


def sum_cells(title: Cell, row: Any, everyone: float, value: bool) -> tuple[Cell | str, ...]:
    """One group of customers; row: customers, and the sums of risk, value and expected_loss."""
    customers = row["customers"]
    people = Cell(whole(customers), percent(customers / everyone))
    loss = (loss_cell(row),) if value else ()
    return (title, people, percent(row["risk"] / customers), whole(row["risk"]), *loss)
