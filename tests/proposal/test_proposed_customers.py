"""Who is a customer, who left, and what a model may know about it, as far as a proposal can say."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.proposal.proposed import proposed, table


def _members(tmp_path: Path, column: str, values: list[str]) -> tuple[dict, str]:
    """One table of members of whom 6 in 10 have the first value of a column."""
    rows = [f"m{n},{n % 60},{values[0] if n % 10 < 6 else values[1]}" for n in range(200)]
    return proposed(tmp_path, {"members.csv": table(f"member_id,age,{column}", rows)})


@pytest.mark.parametrize(
    ("column", "values", "sql"),
    [
        ("churn", ["True.", "False."], "churn = 'True.'"),
        ("churn", ["False.", "True."], "churn = 'True.'"),
        ("left", ["T", "F"], "left = 'T'"),
        ("churned", ["1.0", "0.0"], "churned = 1.0"),
        ("exited", ["Left the bank", "no"], "exited = 'Left the bank'"),
        ("exited", ["went", "stayed"], "exited = 'went'"),
        ("attrition", ["Existing Customer", "Attrited Customer"], "attrition = 'Attrited Customer'"),
        ("churn", ["Not churned", "Churned"], "churn = 'Churned'"),
        ("churn", ["x", "current"], "churn = 'x'"),
    ],
)
def test_who_left(column: str, values: list[str], sql: str, tmp_path: Path) -> None:
    proposal, text = _members(tmp_path, column, values)
    assert proposal["sources"]["members"]["attributes"][column] == {"expression": sql, "type": "boolean"}
    assert proposal["label"] == {"rule": "column", "attribute": column}
    assert "mean that the customer left" not in text


def test_who_left_is_asked_where_no_value_says_so(tmp_path: Path) -> None:
    proposal, text = _members(tmp_path, "churn", ["A", "B"])
    assert proposal["sources"]["members"]["attributes"]["churn"]["expression"] == "churn = 'B'"
    assert "QUESTION: does 'B' mean that the customer left?" in text


def test_what_is_said_of_leaving_is_no_feature(tmp_path: Path) -> None:
    rows = [f"c{n},{n % 72},{'Yes' if n % 3 == 0 else 'No'},{n % 90},moved,{n % 5},555-{n}" for n in range(200)]
    header = "CustomerID,Tenure,Churn Label,Churn Score,churnReason,plan,phone"
    proposal, text = proposed(tmp_path, {"customers.csv": table(header, rows)})
    assert proposal["features"]["attributes"] == ["tenure", "plan"]
    assert text.count("QUESTION: was it recorded on leaving? It is not a feature below") == 2
    assert text.count("identifier: true") == 1


@pytest.mark.parametrize(
    ("header", "customer"),
    [
        ("CLIENTNUM,Customer_Age,churn", "CLIENTNUM"),
        ("phone number,account length,churn", "`phone number`"),
        ("area,Customer_Age,churn", "area"),
    ],
)
def test_whose_row_it_is_without_times(header: str, customer: str, tmp_path: Path) -> None:
    rows = [f"{768805383 + n},{n % 50},{n % 2}" for n in range(200)]
    proposal, text = proposed(tmp_path, {"churners.csv": table(header, rows)})
    assert proposal["sources"]["churners"]["customer_id"] == customer
    assert ("which column identifies the customer" in text) == (customer == "area")


def test_customers_of_every_month_without_times(tmp_path: Path) -> None:
    rows = [f"u{n},{n % 3},{n % 7}" for n in range(60)]
    files = {f"customers/customers_2025-0{month}-01.csv": table("customer_id,plan,age", rows) for month in (1, 2, 3)}
    proposal, _ = proposed(tmp_path, files)
    assert (proposal["sources"]["customers"]["kind"], proposal["sources"]["customers"]["customer_id"]) == (
        "customers", "customer_id",
    )  # fmt: skip


def test_a_table_with_dates_is_of_customers_where_each_stands_once(tmp_path: Path) -> None:
    rows = [f"c{n},2025-0{n % 9 + 1}-11,{n % 60},{n % 4 // 3}" for n in range(200)]
    again = [f"c{n % 150},2025-0{n % 9 + 1}-11,{n % 60},{n % 4 // 3}" for n in range(200)]
    header = "customer_id,last_login,age,churn"
    proposal, _ = proposed(tmp_path, {"once/churn.csv": table(header, rows), "again/churn.csv": table(header, again)})
    assert {name: source["kind"] for name, source in proposal["sources"].items()} == {
        "once": "customers",
        "again": "events",
    }


def test_snapshots_begin_when_the_rows_are_known(tmp_path: Path) -> None:
    rows = table("customer_id,plan,churn", [f"c{n},{n % 3},{'Yes' if n % 4 == 0 else 'No'}" for n in range(60)])
    for name, day in (("day", date(2026, 6, 2)), ("none", date.today())):
        file = "customers_2026-06-01.csv" if name == "day" else "customers.csv"
        (tmp_path / name).mkdir()
        proposal, _ = proposed(tmp_path / name, {file: rows})
        assert proposal["snapshots"]["first"] - day <= timedelta(days=1 if name == "none" else 0)
        assert proposal["snapshots"]["first"] >= day


def test_a_label_is_no_feature_even_where_none_is_recognised(tmp_path: Path) -> None:
    rows = [f"c{n},{n % 3},a{n % 3},{n % 2}" for n in range(60)]
    proposal, text = proposed(tmp_path, {"customers.csv": table("customer_id,visits,plan,flag", rows)})
    assert proposal["label"]["attribute"] == "flag"
    assert proposal["features"]["attributes"] == ["visits", "plan"]
    assert "QUESTION: which column says who left" in text
