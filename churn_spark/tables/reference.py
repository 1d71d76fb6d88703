"""`docs/tables.md`, generated from the contracts."""

from collections.abc import Iterable, Iterator

from churn_spark.definitions.words import EXCLUDED_MEANINGS
from churn_spark.tables.table import Table

_INTRODUCTION = """# Tables

Generated from the contracts in `churn_spark/tables/contracts` by `make docs`; do not edit.

Every table is a Delta table, readable by delta-rs, DuckDB, Polars and Trino, none of which comes with churn_spark:
`pip install deltalake` brings delta-rs for Python; `churn-spark sql` needs nothing besides.

Below a path warehouse a table lies at `<warehouse>/<table>`; on a metastore it is `<catalog>.<schema>.<table>`. Tables
that depend on the sources (`events_…`, `tiles_…`, `customers`, `features`) are shown as the project
`{name}` has them; a source with a
`counterparty` has `contacts_…` too: customer_id, counterparty, event_date, known_from, events (their number).

Where columns of a table identify persons, the table says which: columns with values of `customer_id`, by which what is
kept of a person is found, and columns *as delivered*, in which a person may be named and no id finds them. All other
columns of such a row are about the person too. Tables that do not say so keep nothing of a single person.
"""


def reference(name: str, tables: Iterable[Table]) -> str:
    """Markdown of the tables of a project: what a row is, partition, key, writer, and each column."""
    parts = [_INTRODUCTION.format(name=name)]
    parts += ["\n".join(_section(table)) for table in tables]
    parts += ["\n".join(_excluded())]
    return "\n".join(parts).rstrip() + "\n"


def _excluded() -> Iterator[str]:
    yield "\n## Values of `labels.excluded`\n"
    yield "Snapshots with one of these have no label, and neither teach nor test.\n"
    yield "| value | why |"
    yield "| --- | --- |"
    yield from (f"| `{value}` | {meaning} |" for value, meaning in EXCLUDED_MEANINGS.items())


def _persons(table: Table) -> str:
    """Which columns identify a person, and how."""
    named = [f"`{c.name}`{' (as delivered)' if c.person == 'raw' else ''}" for c in table.persons]
    return f" **Identifies persons**: {', '.join(named)}." if named else ""


def _section(table: Table) -> Iterator[str]:
    yield f"\n## {table.name}\n"
    yield f"{table.comment}\n"
    partition = f"Partition: `{table.partition}`." if table.partition else "Appended to only."
    key = f" Key: `{', '.join(table.key)}`." if table.key else ""
    yield f"{partition}{key} Written by {', '.join(table.written_by)}.{_persons(table)}\n"
    yield "| column | type | null | meaning |"
    yield "| --- | --- | --- | --- |"
    for column in table.columns:
        comment = column.comment.replace("|", "\\|")
        yield f"| `{column.name}` | {column.type.simpleString()} | {'yes' if column.nullable else 'no'} | {comment} |"
