"""Which changes of a configuration make other rows, and so ask for deliveries to be taken again."""

from dataclasses import replace
from pathlib import Path

from churn_spark.definitions.columns import Attribute
from churn_spark.definitions.project import Privacy
from churn_spark.events.mapping import column_hashes, mapping_hash
from tests.stages.shop import shop_source


def _hash(*options: tuple[str, str], **changes: object) -> str:
    return mapping_hash(shop_source(Path("/landing"), options=options, **changes), "UTC", Privacy("none"))


def test_quotes_are_doubled_whether_that_is_said_or_not():
    assert _hash() == _hash(("escape", '"')) != _hash(("escape", "\\"))
    assert _hash(("quote", "'")) == _hash(("quote", "'"), ("escape", "'"))
    assert _hash(format="json") not in (_hash(), _hash(("escape", "\\")))


def test_options_are_compared_by_what_is_in_force():
    semicolon = ("sep", ";")
    assert _hash(semicolon) == _hash(("escape", '"'), semicolon) == _hash(semicolon, ("multiLine", "False"))
    assert _hash() == _hash(("encoding", "utf8")) == _hash(("encoding", "UTF-8"), ("sep", ","), ("nullValue", ""))
    assert _hash(("encoding", "cp1252")) == _hash(("encoding", "Windows-1252"))
    assert _hash(("sep", r"\t")) == _hash(("sep", "\t"))
    assert _hash(("encoding", "UTF-16")) == _hash(("multiLine", "true"), ("encoding", "utf-16"))
    assert _hash(format="json") == _hash(("allowSingleQuotes", "TRUE"), format="json")
    others = [
        *(semicolon, ("sep", r"\t"), ("quote", ""), ("escape", "\\"), ("multiLine", "true"), ("encoding", "cp1252")),
        *(("nullValue", "-"), ("emptyValue", "-"), ("comment", "#"), ("lineSep", "|"), ("dateFormat", "dd.MM.yyyy")),
        *(("ignoreLeadingWhiteSpace", "true"), ("ignoreTrailingWhiteSpace", "true")),
    ]
    assert len({_hash(), *map(_hash, others)}) == len(others) + 1


def test_an_attribute_that_becomes_an_identifier_is_another_column():
    source = shop_source(Path("/landing"))
    plain, hidden = (replace(source, attributes=(Attribute("mail", "mail", "string", mark),)) for mark in (False, True))
    assert column_hashes(plain)["mail"] != column_hashes(hidden)["mail"]


def test_how_a_delivery_is_named_changes_no_row():
    delivered = shop_source(Path("/landing")).delivered
    other = type(delivered)(pattern=r"(?P<date>\d{4}-\d{2}-\d{2})\.csv", ignore=("*.md5",))
    assert _hash() == _hash(delivered=other)
