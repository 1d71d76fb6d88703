"""The values of a proposed source: measures, categories, attributes."""

from collections.abc import Iterator, Mapping, Sequence

from churn_spark.definitions.expressions import literal
from churn_spark.proposal.columns import Column
from churn_spark.proposal.lines import line, scalar
from churn_spark.proposal.names import as_name
from churn_spark.proposal.outcomes import is_about_leaving, is_flag, is_outcome, leaving_value
from churn_spark.proposal.reading import Read
from churn_spark.proposal.roles import FEW, Roles
from churn_spark.settings.checks.columns import CUSTOMER_COLUMNS, EVENT_COLUMNS

_ATTRIBUTES = {"string": "string", "int": "int", "bigint": "bigint", "double": "double", "date": "date",
               "boolean": "boolean", "tinyint": "int", "smallint": "int", "float": "double"}  # fmt: skip
_MOST = 8 * 10**11
"""Largest scaled number whose sum of squares cannot overflow."""
_PERSONAL = {"name", "surname", "firstname", "lastname", "phone", "telephone", "telefon", "tel", "mobile", "email",
             "mail", "address", "street", "iban", "ssn", "passport"}  # fmt: skip
"""Words in the names of columns that identify a person."""


def measured(roles: Roles) -> tuple[dict[str, Column], dict[str, Column]]:
    """Measures and categories of a source of events, by their new names."""
    taken = [*EVENT_COLUMNS, "counterparty"]
    named: list[dict[str, Column]] = []
    for columns in ([one for one in roles.measures if not _too_large(one)], roles.categories):
        names: dict[str, Column] = {}
        for column in columns:
            name = as_name(column.name, taken)
            taken.append(name)
            names[name] = column
        named.append(names)
    return named[0], named[1]


def _too_large(column: Column) -> bool:
    return column.largest > _MOST / 10**column.decimals


def measured_lines(roles: Roles, reads: Mapping[str, Read]) -> Iterator[str]:
    """The lines of measures and categories."""
    measures, categories = measured(roles)
    if measures:
        yield line(2, "measures:", "QUESTION: which numbers matter? In which unit?")
    for column in filter(_too_large, roles.measures):
        question = f"# {column.name} is omitted: {column.largest:g} is too large for a measure."
        yield line(2, f"{question} QUESTION: which larger unit could be used?")
    for name, column in measures.items():
        room = 10 ** max(3, len(str(int(column.largest))) + 2)
        largest = min(room, _MOST // 10**column.decimals)
        written = {"expression": reads[column.name].sql, "scale": column.decimals, "max_abs": largest}
        yield line(3, f"{scalar(name)}: {scalar(written)}", f"largest value in the sample: {column.largest:g}")
    if categories:
        yield line(2, "categories:")
    for name, column in categories.items():
        read = reads[column.name]
        sql = read.sql if read.kind == "string" else f"CAST({read.sql} AS STRING)"
        yield line(3, f"{scalar(name)}: {scalar(sql)}", f"{column.different} distinct values in the sample")


def attributes(columns: Sequence[Column], roles: Roles, source: str, taken: Sequence[str]) -> dict[str, Column]:
    """The attributes of a source of customers, by their new names. taken: names of other sources' attributes."""
    customer = roles.customer.column if roles.customer else columns[0]
    used = [*taken, *CUSTOMER_COLUMNS]
    named: dict[str, Column] = {}
    for column in columns:
        if column.name == customer.name or column.type == "binary" or not column.different:
            continue
        name = as_name(column.name)
        name = as_name(f"{source}_{name}", used) if name in used else name
        used.append(name)
        named[name] = column
    return named


def attribute_lines(
    columns: Sequence[Column], roles: Roles, reads: Mapping[str, Read], source: str, taken: Sequence[str]
) -> Iterator[str]:
    """The lines of attributes. reads: how each column is read."""
    named = attributes(columns, roles, source, taken)
    nothing = "" if named else " {}"
    yield line(
        2,
        f"attributes:{nothing}",
        "QUESTION: which were known before a customer left? Others would give the answer away",
    )
    for name, column in named.items():
        sql, kind = _attribute(column, reads[column.name])
        yield line(3, f"{scalar(name)}: {scalar({'expression': sql, 'type': kind})}", _question(column))


def is_feature(column: Column) -> bool:
    """Whether an attribute may be a feature: neither recorded on leaving, nor identifying a person."""
    return not is_about_leaving(column) and not _personal(column)


def _personal(column: Column) -> bool:
    many = column.distinct > 0.98 if column.numeric else column.distinct > 0.5 or column.different > FEW
    return bool(column.words & _PERSONAL) and many


def _attribute(column: Column, read: Read) -> tuple[str, str]:
    """The SQL and the type of an attribute."""
    if is_outcome(column) and not is_flag(column):
        text = leaving_value(column).text
        return f"{read.sql} = {text if column.numeric else literal(text)}", "boolean"
    kind = _ATTRIBUTES.get(read.kind)
    if kind is not None:
        return read.sql, kind
    kind = "date" if read.kind.startswith("timestamp") else "double"
    return f"CAST({read.sql} AS {kind.upper()})", kind


def _question(column: Column) -> str:
    if is_outcome(column):
        value = leaving_value(column)
        if not value.sure and not is_flag(column):
            return f"QUESTION: does {value.text!r} mean that the customer left? It is not a feature below"
        return "QUESTION: is this what to predict? It is not a feature below"
    if is_about_leaving(column):
        return "QUESTION: was it recorded on leaving? It is not a feature below"
    question = "QUESTION: does it identify a person? Then add identifier: true. It is not a feature below"
    return question if _personal(column) else ""
