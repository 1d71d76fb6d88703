"""What a table is: its written contract."""

from dataclasses import dataclass
from typing import Literal

from pyspark.sql import types as T

DATE, STRING, LONG, INT, DOUBLE, BOOLEAN, TIMESTAMP, BINARY = (
    T.DateType(),
    T.StringType(),
    T.LongType(),
    T.IntegerType(),
    T.DoubleType(),
    T.BooleanType(),
    T.TimestampType(),
    T.BinaryType(),
)


Person = Literal["id", "raw"]
"""How a column identifies a person. id: it has values of `customer_id`, by which rows about a person are found. raw: it
has a row as it was delivered, or its fingerprint, which no id finds."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its Spark type, what it means (unit, range, what null says) and whether null is allowed.

    person: how it identifies a person, which erasure and exports go by; None: it does not.
    """

    name: str
    type: T.DataType
    comment: str
    nullable: bool = True
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A contract. partition: a date column, None for ledgers that are only appended to. key: unique columns."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    partition: str | None = None
    key: tuple[str, ...] = ()
    written_by: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def persons(self) -> tuple[Column, ...]:
        """The columns that identify a person."""
        return tuple(column for column in self.columns if column.person)

    @property
    def schema(self) -> T.StructType:
        """The Spark schema, comments included."""
        return T.StructType([T.StructField(c.name, c.type, True, {"comment": c.comment}) for c in self.columns])

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if not column.nullable)
