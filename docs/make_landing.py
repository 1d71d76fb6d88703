"""Make the files of docs/tutorial.md, a tea shop that does not exist: `python docs/make_landing.py FOLDER`.

Once a week the shop's system writes the orders of the week, once a month all customers. As in real exports, numbers
have a decimal comma, some orders have no customer, and some stand in two files. The same files come out every time.
"""

import random
import sys
from datetime import date, timedelta
from pathlib import Path

FIRST, WEEKS, CUSTOMERS = date(2026, 1, 5), 28, 400
KINDS = ("green", "black", "herbal", "accessories")


def make_landing(folder: Path, weeks: int = WEEKS) -> None:
    """Write `orders/orders_DATE.csv` for each week and `customers/customers_DATE.csv` for each four weeks."""
    for name in ("orders", "customers"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    people, before = [_customer(n) for n in range(CUSTOMERS)], []
    for week in range(weeks):
        sunday = FIRST + timedelta(days=7 * week + 6)
        orders = [line for person in people for line in _orders(person, week)]
        lines = ["order;customer;ordered_at;total;kind", *before, *orders]
        (folder / "orders" / f"orders_{sunday}.csv").write_text("\n".join(lines) + "\n")
        before = orders[-2:]  # the next export begins with the last two of this one
        if week % 4 == 0:
            lines = ["customer;joined;newsletter", *(_row(person) for person in people if person["joined"] <= sunday)]
            (folder / "customers" / f"customers_{sunday}.csv").write_text("\n".join(lines) + "\n")


def _customer(n: int) -> dict:
    """When somebody joins and loses interest (in weeks; 999: never), and how many orders a week they place."""
    dice = random.Random(f"customer {n}")
    joins = 0 if dice.random() < 0.7 else dice.randrange(1, 20)
    stays = dice.expovariate(1 / 40)
    rate = dice.choice((0.3, 0.6, 1.2, 2.0))
    joined = FIRST + timedelta(days=7 * joins)
    return {"id": f"T{1000 + n}", "joins": joins, "leaves": joins + stays, "rate": rate, "joined": joined}


def _orders(person: dict, week: int) -> list[str]:
    """The orders of one customer in a week: ever fewer and smaller over the eight weeks in which interest is lost."""
    dice = random.Random(f"{person['id']} in week {week}")
    interest = min(1.0, max(0.0, (person["leaves"] - week) / 8)) if week >= person["joins"] else 0.0
    lines = []
    for n in range(int(person["rate"] * interest + dice.random())):
        day = FIRST + timedelta(days=7 * week + dice.randrange(7))
        total = f"{(5 + 30 * dice.random()) * (0.5 + interest / 2):.2f}".replace(".", ",")
        who = "" if dice.random() < 0.01 else person["id"]
        when = f"{day:%d.%m.%Y} {dice.randrange(8, 22):02d}:{dice.randrange(60):02d}"
        lines.append(f"{person['id'][1:]}-{week}-{n};{who};{when};{total};{dice.choice(KINDS)}")
    return lines


def _row(person: dict) -> str:
    return f"{person['id']};{person['joined']};{'yes' if int(person['id'][1:]) % 3 else 'no'}"


if __name__ == "__main__":
    make_landing(Path(sys.argv[1]))
