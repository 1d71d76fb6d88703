"""`docs/tables.md`, generated from the contracts."""

from collections.abc import Iterator

from churn_spark.definitions.project import Project
from churn_spark.tables.contracts.every import tables
from churn_spark.tables.contracts.snapshots import NETWORKS
from churn_spark.tables.table import Table

_INTRODUCTION = """# Tables

Generated from the contracts in `churn_spark/tables/contracts` by `make docs`; do not edit.

Every table is a Delta table, readable by delta-rs, DuckDB, Polars and Trino. Below a path warehouse a table lies at
`<warehouse>/<table>`; on a metastore it is `<catalog>.<schema>.<table>`. Tables that depend on the sources
(`events_…`, `tiles_…`, `customers`, `features`) are shown as the project `{name}` has them; a source with a
`counterparty` has `contacts_…` too: customer_id, counterparty, event_date, known_from, events (their number).
"""


def reference(project: Project) -> str:
    """Markdown of every table of a project: what a row is, partition, key, writer, and each column."""
    parts = [_INTRODUCTION.format(name=project.name)]
    parts += ["\n".join(_section(table)) for table in dict.fromkeys((*tables(project), NETWORKS))]
    return "\n".join(parts).rstrip() + "\n"


def _section(table: Table) -> Iterator[str]:
    yield f"\n## {table.name}\n"
    yield f"{table.comment}\n"
    partition = f"Partition: `{table.partition}`." if table.partition else "Appended to only."
    key = f" Key: `{', '.join(table.key)}`." if table.key else ""
    yield f"{partition}{key} Written by {', '.join(table.written_by)}.\n"
    yield "| column | type | null | meaning |"
    yield "| --- | --- | --- | --- |"
    for column in table.columns:
        comment = column.comment.replace("|", "\\|")
        yield f"| `{column.name}` | {column.type.simpleString()} | {'yes' if column.nullable else 'no'} | {comment} |"
