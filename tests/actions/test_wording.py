"""Templates of alerts: what is wrong with them, and what data can do to a text."""

import unicodedata
from datetime import date
from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_spark.actions.wording import FAILED, compiled, faults, number, percent, rendered, values
from churn_spark.definitions.actions import Template
from churn_spark.settings.alert_texts import templates
from churn_spark.settings.alerts import AlertsSection

KINDS = {"high_risk": {"tier": "high"}, "risk_jump": {"rise": 0.2}, "silent": {"feature": "x", "times": 3}}
OURS = {language: templates(AlertsSection(**KINDS, language=language)) for language in ("en", "zh")}
ROW = {
    "customer_id": "c1", "as_of_date": date(2026, 3, 1), "kind": "high_risk", "audience": "others", "segment": None,
    "tier": "high", "risk": 0.31, "risk_rank": 4, "previous_risk": None, "threshold": 0.3, "observed": 0.31,
    "value": None, "expected_loss": None, "reasons": None, "model_version": 2,
}  # fmt: skip


def template(source: str, part: str = "text", kind: str = "high_risk") -> Template:
    return Template(kind, part, source, "conf/texts/x.txt")


@pytest.mark.parametrize(("language", "kind", "part"), product(OURS, KINDS, ("title", "text")))
def test_each_kind_has_a_title_and_a_text_in_each_language(language: str, kind: str, part: str) -> None:
    (ours,) = (one for one in OURS[language] if (one.kind, one.part) == (kind, part))
    assert ours.origin == f"churn_spark/actions/texts/{language}/{kind}.{part}.txt"
    assert faults(ours) == []


def test_a_text_in_chinese() -> None:
    (title, text) = OURS["zh"][:2]
    shown = values({**ROW, "expected_loss": 1234.5, "reasons": ["calls: 3", "fee: 9"]}, "shop")
    assert compiled([title])["high_risk", "title"](shown) == "客户 c1:流失风险 31 %".replace(":", "\uff1a")
    assert compiled([text])["high_risk", "text"](shown).splitlines()[1:] == [
        "预期损失\uff1a1,234。",
        "原因\uff1acalls: 3\uff1bfee: 9。",
    ]


@pytest.mark.parametrize(("source", "line", "text"), [
    ("{{ custome }}", 1, "there is no variable 'custome'. There are: customer, project, as_of_date, kind, "),
    ("a\n{% if risk %}", 2, "is not a template: Unexpected end of template."),
    ("a\n\n{{ risk | percnt }}", 3, "is not a template: No filter named 'percnt'."),
    ("{{ customer }}\n{{ value * 2 }}", 2, "fails on a customer with values that are unknown: "),
    ("{{ customer.__class__ }}", 1, "fails on a customer with every value: access to attribute '__class__'"),
    ("{{ customer.name }}", 1, "fails on a customer with every value: 'str object' has no attribute 'name'"),
    ("{% include 'other' %}", 1, "fails on a customer with every value: "),
    ("{% for n in range(10**9) %}{% endfor %}", 1, "fails on a customer with every value: Range too big"),
    ("{# nothing #}", 1, "gives no text"),
])  # fmt: skip
def test_a_wrong_template_is_named_with_its_line(source: str, line: int, text: str) -> None:
    ((found, sentence),) = faults(template(source))
    assert (found, sentence[: len(text)]) == (line, text)


def test_a_risk_that_rose_has_one_before() -> None:
    source = "{{ previous_risk * 100 }}"
    assert faults(template(source, kind="risk_jump")) == []
    assert [line for line, _ in faults(template(source))] == [1]


ANYTHING = st.text(st.characters(), max_size=40) | st.sampled_from(
    ["a\r\nBcc: x", "\u202egnp.exe", "x" * 5000, "{{ risk }}"]
)


@given(ANYTHING, ANYTHING)
def test_texts_from_data_stay_on_their_line(customer: str, reason: str) -> None:
    shown = values({**ROW, "customer_id": customer, "reasons": [reason]}, "shop")
    for source in OURS["en"][:2]:
        text = compiled([source])["high_risk", source.part](shown)
        assert len(text.splitlines()) <= {"title": 1, "text": 2}[source.part]
        assert {unicodedata.category(letter) for letter in text if letter != "\n"}.isdisjoint({"Cc", "Zl", "Zp", "Cs"})
        assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
        assert len(text) < 800


def test_what_is_unknown_reads_so() -> None:
    shown = values(ROW, "shop")
    source = "{{ value }} {{ value | number }} {{ previous_risk | percent }} {{ reasons | length }} {{ project }}"
    assert compiled([template(source)])["high_risk", "text"](shown) == "– – – 0 shop"


def test_a_title_is_one_line() -> None:
    made = compiled([template("a\n\n  {{ customer }}\n", part="title")])
    assert made["high_risk", "title"](values(ROW, "shop")) == "a c1"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0.0 %"), (0.0312, "3.1 %"), (0.0994, "9.9 %"), (0.0996, "10 %"), (0.314, "31 %"), (1, "100 %"), (None, "–")],
)
def test_shares(share: float | None, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (3, "3"), (1.234, "1.23"), (99.94, "99.9"), (99.96, "100"), (1234567.8, "1,234,568")]
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_batches_keep_their_columns_and_a_failure_names_the_template() -> None:
    batch = pa.RecordBatch.from_pylist([ROW, {**ROW, "customer_id": "c2"}])
    (worded,) = rendered([batch], OURS["en"], "shop")
    assert worded.schema.names == [*batch.schema.names, "title", "text"]
    assert worded["title"].to_pylist() == ["c1: risk 31 %", "c2: risk 31 %"]
    with pytest.raises(ValueError, match=rf"{FAILED}: high_risk.title.txt: "):
        list(rendered([batch], (template("{{ 1 // 0 }}", "title"), template("x")), "shop"))
