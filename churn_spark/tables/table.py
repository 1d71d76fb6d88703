"""What a table is: its written contract."""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its Spark type, what it means (unit, range, what null says) and whether null is allowed."""

    name: str
    type: T.DataType
    comment: str
    nullable: bool = True


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
    def schema(self) -> T.StructType:
        """The Spark schema, comments included."""
        return T.StructType([T.StructField(c.name, c.type, True, {"comment": c.comment}) for c in self.columns])

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if not column.nullable)
