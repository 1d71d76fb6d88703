"""The first record of a CSV file, by the parser with which Spark reads the rest."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pyspark.sql import SparkSession


class Record(NamedTuple):
    """A record as it stands in the file, and its cells; no cells where the file has no record."""

    text: str
    cells: tuple[str | None, ...]


def first_record(spark: SparkSession, stream: Any, options: Mapping[str, str]) -> Record:
    """The first record that is neither blank nor a comment of a Java stream (see `HadoopFiles.unpacked`).

    options: as Spark takes them, with `encoding` and `multiLine`. JavaError where the stream or the record cannot be
    read. Public: `spark.read.option("header", ...)`, which takes any first line for a header, a Spark job per file.
    """
    jvm: Any = spark._jvm
    parser = _parser(jvm, options)
    if options["multiLine"] == "true":
        parser.beginParsing(stream, options["encoding"])
        cells = parser.parseNext()
        line = None if cells is None else parser.getContext().currentParsedContent()
        parser.stopParsing()
    else:
        line = _first_line(jvm, stream, options)
        cells = None if line is None else parser.parseLine(line)
    return Record(line or "", tuple(cells or ()))


def _parser(jvm: Any, options: Mapping[str, str]) -> Any:
    given = jvm.java.util.HashMap()
    for key, value in options.items():
        given.put(key, value)
    given.put("encoding", "UTF-8")  # texts are decoded before it sees them, whatever this thread's session reads
    known = jvm.org.apache.spark.api.python.PythonUtils.toScalaMap(given)
    settings = jvm.org.apache.spark.sql.catalyst.csv.CSVOptions(known, False, "UTC").asParserSettings()
    return jvm.com.univocity.parsers.csv.CsvParser(settings)


def _first_line(jvm: Any, stream: Any, options: Mapping[str, str]) -> str | None:
    """The first line that Spark does not skip."""
    comment = options.get("comment")
    for number, line in enumerate(_lines(jvm, stream, options)):
        text = line if number else line.removeprefix("\ufeff")
        if text.strip() and not (comment and text.startswith(comment)):
            return text
    return None


def _lines(jvm: Any, stream: Any, options: Mapping[str, str]) -> Iterator[str]:
    reader = jvm.java.io.InputStreamReader(stream, options["encoding"])
    if "lineSep" not in options:
        yield from iter(jvm.java.io.BufferedReader(reader).readLine, None)
        return
    scanner = jvm.java.util.Scanner(reader).useDelimiter(jvm.java.util.regex.Pattern.quote(options["lineSep"]))
    while scanner.hasNext():
        yield scanner.next()
