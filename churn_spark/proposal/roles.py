"""The roles of columns: customer, time, event id, measures, categories; with the reason, for a comment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from churn_spark.proposal.columns import Column, longer_than, share_on_file_date
from churn_spark.proposal.groups import Group
from churn_spark.proposal.samples import Sample

_IDS_OF_PEOPLE = {"customerid", "userid", "clientid", "clientnum", "memberid", "accountid", "custid", "kundennr"}
PEOPLE = {"customer", "customers", "cust", "client", "clients", "user", "users", "subscriber", "subscribers", "member",
          "members", "account", "accounts", "household", "households", "patient", "policyholder", "msisdn", "kunde",
          "kunden", "person", "people", "contract", "contracts", "profile", "profiles", "demographics",
          *_IDS_OF_PEOPLE}  # fmt: skip
_IDS = {*_IDS_OF_PEOPLE, "id", "no", "nr", "number", "uuid", "key", "ref", "reference", "num", "code"}
_TIMES = {"time", "at", "ts", "timestamp", "date", "day", "when", "datetime", "datum", "zeit", "started", "created",
          "occurred", "on"}  # fmt: skip
_CODES = _IDS | {"zip", "postcode", "plz", "phone", "tel", "year", "month", "day", "weekday", "hour", "type", "flag",
                 "status", "class", "lat", "lon", "latitude", "longitude", "index"}  # fmt: skip
_SEVERAL = 20
"""Least number of rows for which it means something that each customer occurs once."""
FEW = 60
"""Largest number of distinct values in a sample for a category."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The column with a role, the reason, and the next best columns."""

    column: Column
    reason: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles of a source's columns. kind: events or customers, with the reason; no_event_id: why there is none."""

    kind: str
    reason: str
    customer: Chosen | None
    time: Chosen | None
    event_id: Chosen | None
    no_event_id: str
    measures: tuple[Column, ...] = ()
    categories: tuple[Column, ...] = ()


def roles(columns: Sequence[Column], sample: Sample, group: Group) -> Roles:
    """The roles of columns by their names, shares of distinct values, and shares that are times."""
    time = _time(columns, sample)
    customer = _customer(columns, time, _words(group.name), sample)
    kind, reason = _kind(columns, sample, group, customer, time)
    used = {chosen.column.name for chosen in (customer, time) if chosen}
    event_id, no_event_id = _event_id([c for c in columns if c.name not in used], sample)
    used |= {event_id.column.name} if event_id else set()
    rest = [column for column in columns if column.name not in used]
    return Roles(kind, reason, customer, time, event_id, no_event_id, tuple(_measures(rest)), tuple(_categories(rest)))


def _words(name: str) -> set[str]:
    return set(name.lower().replace("-", "_").split("_"))


def _time(columns: Sequence[Column], sample: Sample) -> Chosen | None:
    ranked = []
    for position, column in enumerate(columns):
        if column.times is None or column.filled < 0.5:
            continue
        named = bool(column.words & _TIMES)
        if column.times.function and not named:  # a number in that range may be anything
            continue
        near = share_on_file_date(column, sample)
        score = (near or 0.0) * 4 + named + column.filled + column.times.share + (column.times.kind != "date") / 2
        reasons = [f"{column.times.share:.0%} are times"]
        reasons += [f"{near:.0%} are on the date of their file or the day before"] if near is not None else []
        reasons += ["by its name"] if named else []
        ranked.append((-score, position, column, ", ".join(reasons)))
    return _best(ranked)


def _customer(columns: Sequence[Column], time: Chosen | None, called: set[str], sample: Sample) -> Chosen | None:
    """The column with the customer; without times, each row is a customer, who occurs once per file."""
    ranked = []
    for position, column in enumerate(columns):
        if (time and column.name == time.column.name) or column.type == "boolean" or column.filled < 0.05:
            continue
        if column.times is not None and column.times.function is None:
            continue
        if not (column.type == "string" or column.whole) or column.marks:
            continue
        if time is None and not _once_a_file(column, sample):
            continue
        named, is_id = bool(column.words & PEOPLE), bool(column.words & _IDS)
        if not named and column.different < (2 if is_id else FEW):
            continue
        if not named and not is_id and column.whole:
            continue
        repeats = column.distinct < 0.98
        of_people = bool(called & PEOPLE)
        score = 6 * named + 2 * is_id + (0 if of_people else repeats) + (of_people and not repeats) - position / 100
        reasons = ["by its name"] if named or is_id else []
        reasons.append(f"{column.distinct:.0%} of the values are distinct")
        ranked.append((-score, position, column, ", ".join(reasons)))
    return _best(ranked)


def _best(ranked: list[tuple[float, int, Column, str]]) -> Chosen | None:
    ordered = sorted(ranked, key=lambda one: one[:2])
    if not ordered:
        return None
    others = tuple(f"{column.name} ({reason})" for _, _, column, reason in ordered[1:3])
    return Chosen(ordered[0][2], ordered[0][3], others)


def _kind(
    columns: Sequence[Column], sample: Sample, group: Group, customer: Chosen | None, time: Chosen | None
) -> tuple[str, str]:
    if time is None:
        return "customers", "no column has times"
    near = share_on_file_date(time.column, sample)
    alone = len(group.files) == 1 and group.dates is None
    people = customer and (customer.column.words | _words(group.name)) & PEOPLE
    if customer and people and alone and customer.column.distinct == 1.0 and sample.rows >= _SEVERAL:
        return "customers", f"each {customer.column.name} occurs once in the only file"
    if customer and _once_a_file(customer.column, sample):
        if _words(group.name) & PEOPLE:
            return "customers", f"each {customer.column.name} occurs once per file, and by the name of the files"
        if (near is None or near < 0.5) and longer_than(time.column, 400):
            return "customers", f"each {customer.column.name} occurs once per file, with times over years"
    if near is not None:
        return "events", f"{time.column.name} is near the date of the file in {near:.0%} of the rows"
    again = ", and customers occur repeatedly" if customer and customer.column.distinct < 0.98 else ""
    return "events", f"{time.column.name} is a time{again}"


def _once_a_file(column: Column, sample: Sample) -> bool:
    pairs = [(at, value) for at, value in zip(sample.file_of, column.values, strict=True) if value is not None]
    return len(pairs) > 1 and len({(at, str(value)) for at, value in pairs}) >= 0.98 * len(pairs)


def _event_id(columns: Sequence[Column], sample: Sample) -> tuple[Chosen | None, str]:
    named = [column for column in columns if column.words & _IDS and (column.type == "string" or column.whole)]
    unique = [column for column in named if column.distinct == 1.0 and column.filled == 1.0]
    if unique:
        return Chosen(unique[0], "by its name, and all values are distinct"), ""
    nearly = [f"{column.name}: {column.distinct:.0%} distinct" for column in named]
    return None, f"no column identifies all rows ({', '.join(nearly)})" if nearly else "no column has a name like an id"


def _measures(columns: Sequence[Column]) -> Iterator[Column]:
    for column in columns:
        if column.numeric and column.times is None and not column.words & _CODES and column.different > 1:
            yield column


def _categories(columns: Sequence[Column]) -> Iterator[Column]:
    for column in columns:
        if column.times is not None or (column.numeric and not column.words & _CODES) or column.different < 2:
            continue
        if column.different <= FEW and column.type != "binary":
            yield column
