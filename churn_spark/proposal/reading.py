"""How the columns of a proposed source are read: declared types, reading options, and SQL."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from churn_spark.definitions.expressions import literal
from churn_spark.definitions.lookups import TEXT_FORMATS
from churn_spark.proposal.columns import Column
from churn_spark.proposal.groups import Group
from churn_spark.proposal.roles import Roles

_OPTION = {"date": "dateFormat", "timestamp": "timestampFormat", "timestamp_ntz": "timestampNTZFormat"}
_FUNCTION = {"date": "to_date", "timestamp": "to_timestamp", "timestamp_ntz": "to_timestamp_ntz"}


@dataclass(frozen=True, slots=True)
class Read:
    """A column as it is read. type: the declared type; sql: its value in expressions; kind: the type of that value."""

    type: str
    sql: str
    kind: str


def readings(columns: Sequence[Column], group: Group, roles: Roles) -> tuple[dict[str, Read], dict[str, str]]:
    """How each column is read, by name, and the reading options needed for it."""
    formats = _formats(columns, roles)
    null = _null(columns) if group.format == "csv" else ""
    ids = [chosen.column.name for chosen in (roles.customer, roles.event_id) if chosen]
    ids += [] if roles.customer else [columns[0].name]  # proposed with a question
    texts = group.format in TEXT_FORMATS
    reads = {column.name: _read(column, texts and column.name in ids, formats, null) for column in columns}
    types = {read.type for read in reads.values()}
    options = {_OPTION[kind]: pattern for kind, pattern in formats.items() if kind in types}
    return reads, options | ({"nullValue": null} if null else {})


def _null(columns: Sequence[Column]) -> str:
    """The text that means no value in most columns; the option allows only one."""
    counted = Counter(column.nulls[0] for column in columns if column.nulls)
    return min(counted, key=lambda text: (-counted[text], text), default="")


def _read(column: Column, is_id: bool, formats: Mapping[str, str], null: str) -> Read:
    others = [text for text in column.nulls if text != null]
    if is_id:  # a number would lose leading zeros, or digits of a long id
        whole = column.whole and not column.type.startswith(("int", "bigint"))
        return Read("string", f"regexp_replace({column.sql}, '[.]0*$', '')" if whole else column.sql, "string")
    sql = column.sql
    for text in others:
        sql = f"nullif({sql}, {literal(text)})"
    if column.marks:
        sql = f"replace({sql}, '{column.marks[0]}', '')"  # the group mark first, since the decimal mark becomes a point
        sql = sql if column.marks[1] == "." else f"replace({sql}, '{column.marks[1]}', '.')"
        kind = f"decimal(18,{max(column.decimals, 2)})"
        return Read("string", f"CAST({sql} AS {kind.upper()})", kind)
    if not (others or _stays_text(column, formats)):
        return Read(column.type, sql, column.type)
    if column.type == "string":
        return Read("string", sql, "string")
    if column.times and column.times.pattern:
        pattern = literal(column.times.pattern)
        return Read("string", f"{_FUNCTION[column.times.kind]}({sql}, {pattern})", column.type)
    return Read("string", f"CAST({sql} AS {column.type.upper()})", column.type)


def _formats(columns: Sequence[Column], roles: Roles) -> dict[str, str]:
    """Spark's pattern for each type of time that needs one; the event time's goes first."""
    first = [roles.time.column] if roles.time else []
    formats: dict[str, str] = {}
    for column in (*first, *columns):
        if column.times and column.times.pattern:
            formats.setdefault(column.times.kind, column.times.pattern)
    return formats


def _stays_text(column: Column, formats: Mapping[str, str]) -> bool:
    """Whether a time has another format than the option for its type."""
    read = column.times
    if read is None or read.function or column.type == "string" or read.kind not in formats:
        return False
    return read.pattern != formats[read.kind]
