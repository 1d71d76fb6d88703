"""Text files as companies write them: quoting, encodings, lines before the header, files beside the data."""

import gzip
import logging
import re
from datetime import date
from functools import reduce
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F

from churn_spark.definitions.columns import Category
from churn_spark.definitions.errors import DeliveryError
from churn_spark.definitions.reading import csv_options
from churn_spark.definitions.sources import Source
from churn_spark.events.classify import classified
from churn_spark.events.deliveries import Delivery, InFiles, SelectedDelivery
from churn_spark.settings import errors
from churn_spark.settings.options import BY_FORMAT
from churn_spark.stages.intake.csv_files import end_of_text
from churn_spark.stages.intake.files import Files
from churn_spark.stages.intake.headers import Header, header_problem, headers
from churn_spark.stages.intake.reading import read
from tests.settings.conftest import VALID
from tests.stages.shop import shop_source

NAMES = ("customer", "id", "at", "note", "amount")
AT = "2024-03-08 12:00:00"


def written(folder: Path, content: bytes, names=NAMES, **options: str) -> Source:
    """A source of one file, whose rows have a note."""
    folder.mkdir(parents=True)
    (folder / "2024-03-08.csv").write_bytes(content)
    types = dict.fromkeys(NAMES, "string") | {"at": "timestamp_ntz", "amount": "double"}
    return shop_source(
        folder,
        schema=tuple((name, types[name]) for name in names),
        categories=(Category("note", "note"),),
        options=tuple(options.items()),
        control_characters="refuse",
    )


def texts(*notes: str, names=NAMES) -> bytes:
    """A file with a row for each note, numbered from 1."""
    cells = [{"customer": "c1", "id": str(n), "at": AT, "note": note, "amount": "1"} for n, note in enumerate(notes, 1)]
    rows = [",".join(row[name] for name in names) for row in cells]
    return "".join(f"{line}\n" for line in (",".join(names), *rows)).encode()


def rows(spark, *sources: Source, public: bool = True) -> list[list[tuple[str, str, tuple[str, ...]]]]:
    """Of the one file of each source all rows as (event_id, note, reasons), in one pass over all sources."""
    frames = []
    for number, source in enumerate(sources):
        files = Files(spark, source.path)
        deliveries = [Delivery(name, InFiles((file,)), date(2024, 3, 8)) for name, _, file in files.listed()]
        raw = read(
            spark, source, files, [SelectedDelivery(f, date(2024, 3, 9), False, "") for f in deliveries], public=public
        )
        frames.append(
            classified(raw.rows, source, "UTC", None).select(
                F.lit(number), "event_id", "note", F.array_join("reasons", " ")
            )
        )
    collected = reduce(lambda left, right: left.union(right), frames).collect()
    return [sorted((row[1:] for row in collected if row[0] == n), key=str) for n in range(len(sources))]


def test_quotes_within_a_value_are_doubled_unless_the_options_say_otherwise(spark, tmp_path):
    doubled = texts('"say ""hi"""', '"6"" pot, green"', r'"C:\"', '6" pot', '""')
    ours, theirs, single = rows(
        spark,
        written(tmp_path / "rfc", doubled),
        written(tmp_path / "backslash", texts(r'"say \"hi\", Bob"'), escape="\\"),
        written(tmp_path / "single", texts("'it''s, so'"), quote="'"),
    )
    assert [tuple(row)[1:] for row in ours] == [
        ('say "hi"', ""), ('6" pot, green', ""), ("C:\\", ""), ('6" pot', ""), (None, "")
    ]  # fmt: skip
    assert [tuple(row) for row in (*theirs, *single)] == [("1", 'say "hi", Bob', ""), ("1", "it's, so", "")]


LAST = ("customer", "id", "at", "amount", "note")
GOOD = {1: '"two\r\nlines, all told"', 2: '"""Hi"", she said,\nthen left"', 3: '"a, b\nc, d, e"'}
OPEN = [
    (NAMES, {15: '"open'}, 6),  # to the end of the file
    (NAMES, {9: '"open', 12: '"shut'}, 4),  # to the next quote
    (NAMES, {9: '"open', 12: '"fine"'}, 4),
    (LAST, {15: '"open'}, 6),
    (LAST, {9: '"open', 12: '"shut'}, 4),
]


def test_no_line_vanishes_behind_a_quote_that_is_not_closed(spark, tmp_path):
    sources = [
        written(
            tmp_path / str(number),
            texts(*((GOOD | broken).get(n, "n") for n in range(1, 21)), names=names),
            names,
            multiLine="true",
        )
        for number, (names, broken, _) in enumerate(OPEN)
    ]
    for rows_of_source, (_, _, lines) in zip(rows(spark, *sources), OPEN, strict=True):
        assert [tuple(row) for row in rows_of_source if row[0] is None] == [(None, None, "unparsable")] * lines
        kept = {event_id: note for event_id, note, reasons in rows_of_source if not reasons}
        assert len(kept) == 20 - lines
        assert [kept[str(n)] for n in GOOD] == ["two\r\nlines, all told", '"Hi", she said,\nthen left', "a, b\nc, d, e"]


ASKS, HELLO, HI = (
    "Dear Sir,\nplease cancel, my contract, today",
    "Hello,\nyes, please",
    '"Hi", all\nsay, so "now", today',
)
QUOTED = HI.replace('"', '""')
WIDTHS = [
    ('note\n"a\nb"\nc\n"\n"\n', ["a\nb", "c", "\n"], [], "plain"),
    ('note\nc\n"a\nb\n', ["c"], ["a", "b"], "plain"),
    (f'id,note\n1,"{HELLO}"\n2,x\n3,"{HELLO}"', [HELLO, "x", HELLO], [], "plain"),
    *(('id,note\n1,x\n2,"open\n3,y\n4\n\n', ["x"], ["2,open", "3,y", "4"], kind) for kind in ("plain", "gz", "wide")),
    (f'id,at,note\n1,{AT},"{ASKS}"\n2,{AT},x\n3,{AT},"{ASKS}"\n', [ASKS, "x", ASKS], [], "plain"),
    (f'id,at,note\n1,{AT},"open\n2,{AT},6"\n3,{AT},x\n', ["x"], [f"1,{AT},open", f"2,{AT},6"], "plain"),
    (f'id,at,note\n1,{AT},"{QUOTED}"\n', [HI], [], "plain"),
]
"""A file, the notes of its rows, the lines that are none, and how it is written."""


def test_only_what_a_quote_has_swallowed_is_taken_apart(spark, tmp_path):
    sources = {}
    for number, (content, _, _, kind) in enumerate(WIDTHS):
        header, wide = content.split("\n")[0], kind == "wide"
        folder = tmp_path / f"{header.count(',')}{wide}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number}_2024-03-08.csv{'.gz' if kind == 'gz' else ''}").write_bytes(ENCODED[kind](content))
        schema = tuple((name, "timestamp_ntz" if name == "at" else "string") for name in header.split(","))
        options = (("multiLine", "true"), ("encoding", "UTF-16" if wide else "UTF-8"))
        sources[folder] = shop_source(folder, schema=schema, options=options)
    frames = []
    for source in sources.values():
        files = Files(spark, source.path)
        deliveries = [Delivery(name, InFiles((file,)), date(2024, 3, 8)) for name, _, file in files.listed()]
        raw = read(spark, source, files, [SelectedDelivery(f, date(2024, 3, 9), False, "") for f in deliveries])
        frames.append(raw.rows.select("_delivery", "note", "_line"))
    collected = reduce(lambda left, right: left.union(right), frames).collect()
    for number, (content, notes, lines, _) in enumerate(WIDTHS):
        rows_of_file = [row for row in collected if row["_delivery"].startswith(f"{number}_")]
        assert [row["note"] for row in rows_of_file if row["_line"] is None] == notes, content
        assert [row["_line"] for row in rows_of_file if row["_line"] is not None] == lines, content


ENCODED = {
    "plain": str.encode,
    "gz": lambda text: gzip.compress(text.encode()),
    "wide": lambda text: text.replace("\n", "\r\n").encode("utf-16"),
}


def test_of_a_long_file_the_first_and_the_last_bytes_are_read(spark, tmp_path):
    content = "".join(f"{n}\n" for n in range(10_000)).encode()
    (tmp_path / "a.csv").write_bytes(content)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(content))
    files = Files(spark, str(tmp_path))
    for begin, end in files.ends([file for _, _, file in files.listed()]):
        assert begin == content[:4]
        assert content.endswith(end)
        assert (len(content) - len(end)) % 4 == 0
        assert 1 << 14 <= len(end) < (1 << 14) + 4


@pytest.mark.parametrize(
    ("text", "escape", "end"),
    [
        ('1,"a\nb"\n', '"', ""),
        ('1,"a\n2,""\n', '"', "1,a\n2,"),
        ('1,"he said ""b"""\r\n', '"', ""),
        ('1,"a\\"\n', "\\", "1,a"),
        ("1,a\r\n2,b  \r\n", '"', "1,a\n2,b"),
    ],
)
def test_the_end_of_a_file_says_whether_a_quote_closes_it(text, escape, end):
    options = {"encoding": "UTF-8", "escape": escape}
    assert end_of_text(b"", text.encode(), options) == end
    assert end_of_text(b"\xff\xfe", text.encode("utf-16-le"), options | {"encoding": "UTF-16"}) == end
    assert end_of_text(b"\xfe\xff", text.encode("utf-16-be"), options | {"encoding": "UTF-16"}) == end


FILE = f"customer,id,at,note,amount\nc1,1,{AT},a,1.5\nc1,2,{AT},€,2.5\n"
READ = [
    (FILE.replace("\n", "\r\n").encode("utf-16"), {"encoding": "UTF-16"}),
    (FILE.encode("utf-16-le"), {"encoding": "utf_16_le"}),
    (FILE.encode("utf-32"), {"encoding": "UTF-32"}),
    (FILE.encode("cp1252"), {"encoding": "Windows-1252"}),
    (FILE.encode(), {"encoding": "utf8"}),
    (FILE.replace(",", "||").encode(), {"sep": "||"}),
    (FILE.replace(",", "\t").encode(), {"sep": r"\t", "quote": ""}),
    (f"# export\n\n{FILE}#end\n\n".encode(), {"comment": "#"}),
    (f"# export\n\n{FILE}#end\n\n".encode(), {"comment": "#", "multiLine": "TRUE"}),
    (f"\ufeff\n  \n{FILE}".encode(), {}),
    (FILE.replace("\n", "~").encode(), {"lineSep": "~"}),
]


def test_files_are_read_as_the_options_say(spark, tmp_path):
    sources = [written(tmp_path / str(n), content, **options) for n, (content, options) in enumerate(READ)]
    for source, rows_of_source in zip(sources, rows(spark, *sources), strict=True):
        assert [tuple(row) for row in rows_of_source] == [("1", "a", ""), ("2", "€", "")], source.options


def test_control_characters_that_tell_of_a_wrong_encoding_are_refused(spark, tmp_path):
    (rows_of_source,) = rows(spark, written(tmp_path / "latin", FILE.encode("cp1252"), encoding="ISO-8859-1"))
    assert [tuple(row) for row in rows_of_source] == [("1", "a", ""), ("2", "\x80", "control_character")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (f"sep=,\n{FILE}", "'sep=,'; that is an instruction for Excel"),
        (f"# export\n{FILE}", "'# export'; that looks like a comment, so set sources.sales.options.comment: '#'"),
        (FILE.replace(",", ";"), "its columns are separated by ';', so set sources.sales.options.sep"),
        (FILE.replace("note", "größe").encode("cp1252"), "another encoding, so set sources.sales.options.encoding"),
        (FILE.encode("utf-16"), "that looks like UTF-16, so set sources.sales.options.encoding: UTF-16"),
        ("\n".join(FILE.splitlines()[1:]), "are not in it; it begins with a row of data"),
        (gzip.compress(FILE.encode()), "that is packed by gzip, so have its name end in .gz"),
        ('{"customer": "c1", "id": "1"}\n', "that looks like JSON"),
        ("<!DOCTYPE html>\n<html>Log in</html>\n", "that looks like a page of HTML"),
        ("", "it is empty, without a header"),
    ],
    ids=["excel", "comment", "separator", "umlaut", "utf-16", "no header", "gzip", "json", "html", "empty"],
)
def test_a_header_that_is_none_is_named_with_what_it_looks_like(spark, tmp_path, content, says):
    source = written(tmp_path / "sales", content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DeliveryError) as raised:
        rows(spark, source)
    assert says in str(raised.value)
    assert "have it delivered again" not in str(raised.value) or not content
    assert "leave it out: sources.sales.delivered.ignore" in str(raised.value)


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        ("größe;at\n", {"encoding": "utf-8-sig"}, "'größe;at'; its columns are separated by ';'"),
        ("größe,b,c\n", {"encoding": "latin_1"}, "begins with the line 'größe,b,c'; have it delivered again"),
        ("größe,b,c\n", {"encoding": "windows_1252"}, "begins with the line 'größe,b,c'; have it delivered again"),
        ("# export\n\na,b\n", {"comment": "#"}, "begins with the line 'a,b'; have it delivered again"),
        ("# export\n\na,b\n", {"comment": "#", "multiLine": "true"}, "begins with the line 'a,b'; have it"),
        ("# only\n", {"comment": "#"}, "it is empty, without a header"),
    ],
)
def test_the_line_that_is_named_is_the_one_that_was_read(spark, tmp_path, content, options, says):
    encoding = options.get("encoding", "utf-8")
    with pytest.raises(DeliveryError) as raised:
        rows(spark, written(tmp_path / "sales", content.encode(encoding), **options))
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("anna.meier@example.com,Anna Meier,gold", "a line of 3 cells, none of them similar to a declared column"),
        ('{"customer": "Anna"}', "that looks like JSON"),
        (
            "M\ufffdller;Anna;gold",
            "a line of 1 cell, none of them similar to a declared column; it is in another encoding",
        ),
        ("-anna@x,1,2", "that looks like a comment"),
        ("Customer,Anna,Notes", "a line of 3 cells, among them Customer, Notes"),
    ],
)
def test_a_line_that_may_be_about_somebody_is_shown_only_where_data_are_public(tmp_path, line, says):
    header = Header(tuple(line.split(",")), line)
    source = written(tmp_path / "sales", b"")
    hidden, shown = header_problem(source, header, public=False), header_problem(source, header, public=True)
    assert hidden is not None
    assert shown is not None
    assert says in hidden
    assert not re.search("anna|ller|gold", hidden, re.I)
    assert repr(line) in shown


def test_files_beside_the_data_are_left_out_by_name_and_said(spark, tmp_path, caplog):
    names = ("a_2024-03-08.csv", "a_2024-03-08.csv.md5", "ready.flag", "a.csv.filepart", "_SUCCESS", "x.CRDOWNLOAD")
    (tmp_path / "day").mkdir()
    for name in (*names, "day/part-0.csv", "day/part-0.csv.md5"):
        (tmp_path / name).write_text("")
    files = Files(spark, str(tmp_path), ("*.md5", "ready.*"))
    with caplog.at_level(logging.INFO, logger="churn_spark.ingest"):
        assert sorted(name for name, *_ in files.listed()) == ["a_2024-03-08.csv", "day"]
        assert [name for name, _ in files.inside("day")[0]] == ["part-0.csv"]
    assert sorted(message.split(": ", 1)[1] for message in caplog.messages) == [
        "left out, as named by delivered.ignore: a_2024-03-08.csv.md5, ready.flag",
        "left out, as named by delivered.ignore: part-0.csv.md5",
        "left out, as uploads under way: a.csv.filepart, x.CRDOWNLOAD",
    ]


SIGNS = ("", " ", ",", ";", "|", "||", "\t", r"\t", "\\", '"', "'", "#", "##", "é", "😀", "\n", "\r\n", "\x00")
WORDS = ("true", "TRUE", "yes", "utf8", "cp1252", "UTF-32", "klingon", "base64", "abc", "-1")
VALUES = st.sampled_from((*SIGNS, *WORDS)) | st.text(max_size=3)


@given(options=st.dictionaries(st.sampled_from(BY_FORMAT["csv"]), VALUES, max_size=4))
def test_what_check_takes_for_an_option_spark_takes(spark, tmp_path, options):
    configuration = yaml.safe_load(VALID)
    configuration["sources"]["orders"]["options"] = options
    (tmp_path / "x.yaml").write_text(yaml.safe_dump(configuration), encoding="utf-8")
    messages = errors(tmp_path / "x.yaml")
    assert all("sources.orders.options" in line for line in messages)
    if not messages:
        (tmp_path / "2024-03-08.csv").write_text(FILE, encoding="utf-8")
        files = Files(spark, str(tmp_path))
        (file,) = (file for name, _, file in files.listed() if name.endswith("csv"))
        assert len(headers(spark, files, [file], csv_options(options))) == 1
        spark.read.options(**csv_options(options)).schema("a string").csv(file.path)
