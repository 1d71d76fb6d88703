"""One source of the proposed configuration, as lines of YAML with the reasons in comments."""

from collections.abc import Iterator, Sequence

from churn_spark.proposal.columns import Column
from churn_spark.proposal.delivered_page import delivered_lines
from churn_spark.proposal.groups import Group
from churn_spark.proposal.lines import line, scalar
from churn_spark.proposal.reading import Read, readings
from churn_spark.proposal.roles import Roles
from churn_spark.proposal.samples import Sample
from churn_spark.proposal.values_page import attribute_lines, measured_lines


def source_lines(
    name: str, group: Group, sample: Sample, columns: Sequence[Column], roles: Roles, taken: Sequence[str]
) -> Iterator[str]:
    """The lines of one source. taken: names of attributes of other sources."""
    reads, options = readings(columns, group, roles)
    yield line(
        1, f"{scalar(name)}:", f"{len(group.files) or 'a table'}{_files(group)}; {sample.rows} rows in the sample"
    )
    yield line(2, f"kind: {roles.kind}", roles.reason)
    yield line(2, f"format: {group.format}")
    yield line(2, f"path: {scalar(str(group.path))}")
    yield line(2, "schema:", "raw columns with their Spark types")
    for column in columns:
        yield line(3, f"{scalar(column.name)}: {scalar(reads[column.name].type)}", _seen(column))
    for nested in sample.nested:
        yield line(3, f"# {nested}:", "has nested values: declare it as array, struct or map to use it")
    if options := sample.options | options:
        yield line(2, f"options: {scalar(options)}")
    for note in sample.notes:
        yield line(2, f"# {note}")
    yield from _identity(roles, columns, reads)
    yield from delivered_lines(group, roles)
    if roles.kind == "customers":
        yield from attribute_lines(columns, roles, reads, name, taken)
    else:
        yield from measured_lines(roles, reads)


def _files(group: Group) -> str:
    if not group.files:
        return ""
    what = " file" if group.unit == "file" else " part file"
    dates = sorted(group.dates.dates) if group.dates else []
    return f"{what}{'s' if len(group.files) > 1 else ''}" + (f", {dates[0]} to {dates[-1]}" if dates else "")


def _seen(column: Column) -> str:
    said = [] if column.filled > 0.999 else [f"{column.filled:.0%} filled"]
    said.append(f"{column.different} distinct")
    if column.marks == ".,":
        said.append("numbers with a decimal comma")
    if column.marks == ",.":
        said.append("numbers with commas between groups of digits")
    if column.nulls:
        said.append(f"{' and '.join(column.nulls)} for no value")
    if column.question:
        said.append(f"QUESTION: {column.question}")
    if column.times and column.times.question:
        said.append(f"QUESTION: is {column.times.pattern} right? {column.times.question}")
    return ", ".join(said)


def _identity(roles: Roles, columns: Sequence[Column], reads: dict[str, Read]) -> Iterator[str]:
    chosen = roles.customer
    if chosen is None:
        yield line(2, "# QUESTION: which column identifies the customer? None of them looks like it.")
        yield line(2, f"customer_id: {scalar(columns[0].sql)}")
    else:
        read = reads[chosen.column.name]
        whole = chosen.column.whole and read.kind.startswith(("double", "float", "decimal"))
        sql = f"CAST({read.sql} AS BIGINT)" if whole else read.sql
        yield line(2, f"customer_id: {scalar(sql)}", chosen.reason)
        if chosen.others:
            yield line(2, f"# QUESTION: is it rather {' or '.join(chosen.others)}?")
    if roles.kind == "customers":
        if roles.time:
            question = "QUESTION: does it show which of several rows for a customer is the latest?"
            yield line(2, f"# event_time: {roles.time.column.sql}", question)
        return
    if roles.event_id:
        yield line(2, f"event_id: {scalar(reads[roles.event_id.column.name].sql)}", roles.event_id.reason)
    else:
        yield line(2, f"# QUESTION: what identifies an event? {roles.no_event_id}.")
        yield line(2, "# event_id: [column, column]", "default: the whole row, so that equal rows count once")
    assert roles.time is not None
    time = roles.time.column
    yield line(2, f"event_time: {scalar(_time(time, reads[time.name]))}", roles.time.reason)
    if roles.time.others:
        yield line(2, f"# QUESTION: is it rather {' or '.join(roles.time.others)}?")
    if reads[time.name].type in ("timestamp_ntz", "date", "string"):
        yield line(2, "time_zone: UTC", "QUESTION: in which time zone are these times?")


def _time(column: Column, read: Read) -> str:
    """The SQL of an event's time, from a time, a number, or (in Parquet) a text."""
    times = column.times
    if times and times.function:
        return f"{times.function}({read.sql})"
    return f"CAST({read.sql} AS {times.kind.upper()})" if times and read.kind == "string" else read.sql
