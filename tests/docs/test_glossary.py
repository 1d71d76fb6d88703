"""docs/glossary.md defines every word that the pages set in bold as a term, once and in one line."""

import re

import pytest

from tests.docs.pages import PAGES, WRITTEN, page, table

TERMS = [row["word"] for row in table(page("docs/glossary.md"), "word", "meaning")]
NAMES = {name.strip("*`").lower() for term in TERMS for name in term.strip("*").split(", ")}
BOLD = re.compile(r"\*\*([a-z][a-z -]{2,30})\*\*")
"""A term in bold: lower-case words without a full stop or colon; sentences in bold begin with a capital."""
REQUIRED = {
    "as-of date", "known from", "tile", "snapshot", "gap", "performance window", "mature", "delivery", "nominal date",
    "population", "champion", "published", "tier", "lateness", "ledger", "due", "stale", "stage", "outage",
}  # fmt: skip
CALQUES = (
    "a row a customer",
    "an object a line",
    "for want of",
    "in spite of",
    "it is told",
    "are told",
    "is held for",
    "holds customers",
)


def test_terms_stand_in_alphabetical_order_and_once():
    names = [term.strip("*`").replace("`", "").lower() for term in TERMS]
    assert names == sorted(names)
    assert len(set(names)) == len(names)


def test_the_terms_that_nobody_can_guess_are_there():
    assert REQUIRED <= NAMES, REQUIRED - NAMES


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_a_term_in_bold_is_defined(path):
    bold = set(BOLD.findall(path.read_text(encoding="utf-8"))) - {"not"}
    unknown = {term for term in bold if term not in NAMES and term + "s" not in NAMES and term.rstrip("s") not in NAMES}
    assert unknown == set()


def test_every_term_is_used_in_a_page_besides_the_glossary():
    text = " ".join(path.read_text(encoding="utf-8").lower() for path in PAGES if path.name != "glossary.md")
    unused = {name for name in NAMES if name not in text and name.replace(" ", "_") not in text}
    assert unused == set()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_pages_have_no_phrases_that_only_their_author_understands(path):
    text = " ".join(path.read_text(encoding="utf-8").split())
    assert [phrase for phrase in CALQUES if phrase in text] == []
