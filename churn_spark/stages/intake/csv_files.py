"""Reads CSV files as text: files with the same header together, without losing lines to unclosed quotes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from churn_spark.definitions.errors import ConfigError, DeliveryError
from churn_spark.definitions.expressions import quoted
from churn_spark.definitions.reading import ANY_CHARSET, PLAIN, WIDE, csv_options, separator
from churn_spark.definitions.sources import Source
from churn_spark.events.deliveries import File
from churn_spark.events.raw import as_declared
from churn_spark.stages.intake.columns import Columns, compared
from churn_spark.stages.intake.files import Files, unexpanded
from churn_spark.stages.intake.headers import header_problem, headers

_BREAK = r"\r\n|\n|\r"
_BLANK = " \t\n\r"
LONGEST_END = 4_000
"""The most characters of a value that are compared with the end of its file."""


def read(
    spark: SparkSession,
    source: Source,
    files: Files,
    all_files: Sequence[File],
    line: str,
    address: Column,
    public: bool,
) -> tuple[list[DataFrame], dict[str, frozenset[str]]]:
    """The declared columns as text, `line` (the text of a row that does not parse) and `address`; one frame per header.

    Also returns the columns unknown to the configuration, by file. DeliveryError: a file does not have a declared
    column, or has it twice; ConfigError: the session does not support the encoding.
    """
    options = csv_options(dict(source.options))
    _require_charset(spark, source, options["encoding"])
    groups: dict[tuple[str, ...], list[File]] = defaultdict(list)
    for file, header in zip(all_files, headers(spark, files, all_files, options), strict=True):
        if problem := header_problem(source, header, public):
            raise DeliveryError(f"{file.path}: {problem}")
        groups[header.names].append(file)
    frames: list[DataFrame] = []
    ignored: dict[str, frozenset[str]] = {}
    for names, members in groups.items():
        columns = compared(names, source, members[0].path)
        # Without pruning the parser reads every column, and so detects rows with another number of columns.
        reader = spark.read.options(**options).options(
            header=True, mode="PERMISSIVE", columnNameOfCorruptRecord=line, enforceSchema=True, columnPruning=False
        )
        rows = reader.schema(_text_schema(columns, line)).csv(unexpanded(members))
        if options["multiLine"] == "true":
            ends = F.broadcast(_ends(spark, files, members, options))
            rows = rows.select("*", address).join(ends, on="_uri", how="left")
            rows = line_by_line(rows, columns.read_as, line, source, options)
        else:
            rows = rows.select("*", address)
        frames.append(rows.select(*(F.col(quoted(name)) for name, _ in source.schema), line, "_uri"))
        ignored |= {file.uri: columns.unknown for file in members}
    return frames, ignored


def line_by_line(
    rows: DataFrame, columns: Sequence[str], line: str, source: Source, options: Mapping[str, str]
) -> DataFrame:
    """Split rows that do not parse into one row per line, as without multiLine; valid rows over several lines stay.

    A row does not parse if it has another number of columns, or if a value with an unclosed quote has swallowed lines.
    The parser ends such a value at the end of the file or after the next quote. In the latter case it keeps both
    quotes, the lines in between are whole rows, and the last line is a row up to this column.
    rows: with `_uri` and `_end`, how their file ends (see `_ends`). columns: in the order of the file. options: as for
    Spark.
    """
    between = separator(options.get("sep", ",")) or ","
    quote = options.get("quote", '"')
    swallowed = [_to_next_quote(columns, position, source, between, quote) for position in range(len(columns))]
    swallowed.append(_to_end_of_file(columns[-1], options))
    text = F.when(F.col(line).isNotNull(), F.col(line)).when(
        reduce(or_, swallowed), F.concat_ws(between, *(F.col(quoted(name)) for name in columns))
    )
    lines = F.filter(F.split(text, _BREAK), lambda one: F.trim(one) != "")
    each = rows.withColumn("_each", F.explode_outer(lines))
    broken = F.col("_each").isNotNull()
    cells = [F.when(~broken, F.col(quoted(name))).alias(name) for name in columns]
    return each.select(*cells, F.col("_each").alias(line), "_uri")


def _to_next_quote(columns: Sequence[str], position: int, source: Source, between: str, quote: str) -> Column:
    """Whether a value has swallowed rows up to the next quote.

    Where that quote ends a line, the parser keeps neither quote: then the lines are rows if the cells of a typed column
    have that type.
    """
    if not quote:
        return F.lit(False)
    value, width = F.col(quoted(columns[position])), len(columns)
    lines = F.filter(F.split(value, _BREAK), lambda one: F.trim(one) != "")
    cells = F.transform(lines, lambda one: F.split(one, _as_pattern(between)))
    counts = F.transform(cells, F.size)
    inner = F.slice(counts, 2, F.greatest(F.size(lines) - 2, F.lit(0)))
    rows = (
        (F.size(lines) > 1)
        & (F.element_at(counts, 1) >= width - position)
        & (F.element_at(counts, -1) == position + 1)
        & F.forall(inner, lambda count: count == width)
    )
    kept = value.startswith(quote) & F.element_at(lines, -1).contains(quote)
    some, every = _typed_cells(cells, columns[:position], source, quote)
    swallowed = rows & every & (kept | some if position == width - 1 else kept)
    return F.when(_several_lines(value), swallowed).otherwise(False)


def _typed_cells(cells: Column, before: Sequence[str], source: Source, quote: str) -> tuple[Column, Column]:
    """Whether, in the lines after the first, the cells of the first typed column before the value have its type: some
    of them, and all that are not empty.
    """
    kinds = dict(source.schema)
    number = next((n for n, name in enumerate(before) if kinds.get(name, "string") != "string"), None)
    if number is None:
        return F.lit(False), F.lit(True)
    kind = kinds[before[number]]
    followers = F.slice(cells, 2, F.greatest(F.size(cells) - 1, F.lit(0)))
    texts = F.transform(followers, lambda one: F.trim(F.translate(F.get(one, number), quote, "")))

    def fits(text: Column) -> Column:
        return as_declared(text, kind, source).isNotNull()

    return F.exists(texts, fits), F.forall(texts, lambda text: (text == "") | fits(text))


def _to_end_of_file(name: str, options: Mapping[str, str]) -> Column:
    """Whether a value of the last column extends to the end of the file, as no quote ends it."""
    end = F.col("_end")
    value = F.regexp_replace(F.translate(F.col(quoted(name)), _removed_by_parser(options), ""), rf"[{_BLANK}]+$", "")
    whole = F.when(F.length(value) < F.length(end), end.endswith(value)).otherwise(value.endswith(end))
    return F.when(_several_lines(value) & (end != ""), whole).otherwise(False)


def _several_lines(value: Column) -> Column:
    return value.contains("\n") | value.contains("\r")


def _ends(spark: SparkSession, files: Files, all_files: Sequence[File], options: Mapping[str, str]) -> DataFrame:
    """The end of each file (`_end`, by `_uri`), without characters that the parser removes; empty: a quote ends it."""
    rows = [
        (file.uri, end_of_text(begin, end, options))
        for file, (begin, end) in zip(all_files, files.ends(all_files), strict=True)
    ]
    return spark.createDataFrame(rows, "_uri string, _end string")


def end_of_text(begin: bytes, end: bytes, options: Mapping[str, str]) -> str:
    """The last characters of a file without quotes, escapes and carriage returns; empty: a quote closes the file.

    begin: the first bytes, which may be a byte order mark. options: as for Spark.
    """
    encoding, quote, escape = options["encoding"], options.get("quote", '"'), options.get("escape", "")
    if encoding in WIDE:
        encoding += "LE" if begin.startswith(b"\xff\xfe") else "BE"
    text = end.decode(encoding, errors="replace").rstrip(_BLANK)
    before = text.rstrip(quote) if quote else text
    escaped = escape not in ("", quote) and before.endswith(escape)
    if (len(text) - len(before) - escaped) % 2:
        return ""
    return text.translate(dict.fromkeys(map(ord, _removed_by_parser(options))))[-LONGEST_END:]


def _removed_by_parser(options: Mapping[str, str]) -> str:
    """The characters that the parser removes from values."""
    return options.get("quote", '"') + options.get("escape", "") + "\r"


def _as_pattern(text: str) -> str:
    return "".join(f"\\x{{{ord(character):x}}}" for character in text)


def _text_schema(columns: Columns, line: str) -> T.StructType:
    return T.StructType([T.StructField(name, T.StringType()) for name in (*columns.read_as, line)])


def _require_charset(spark: SparkSession, source: Source, encoding: str) -> None:
    if encoding not in PLAIN and str(spark.conf.get(ANY_CHARSET, "false")).lower() != "true":
        raise ConfigError(
            f"sources.{source.name}.options.encoding: {encoding} needs {ANY_CHARSET} to be true, which it is not in the"
            f' running session: run spark.conf.set("{ANY_CHARSET}", "true")'
        )
