import csv
import hashlib
import io
import json
from dataclasses import fields
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_spark.definitions.dispatch import DECIDED_COLUMNS
from churn_spark.outbox.csv_file import csv_file
from churn_spark.outbox.message import SUBJECT_LENGTH, in_one_line
from churn_spark.outbox.phrases import PHRASES, Phrases
from churn_spark.outbox.texts import TOP, digest, single
from churn_spark.tables.contracts.actions import ALERTS, INTERVENTIONS
from tests.outbox.made_messages import ACTIONS, ALERT, DAY, DIGEST, SINGLE, alert, intervention


def test_a_route_may_use_the_columns_of_the_tables_but_not_who_is_withheld():
    withheld = {"suppressed", "arm", "planned_action", "propensity", "effect", "expected_profit"}
    for name, table in (("alerts", ALERTS), ("interventions", INTERVENTIONS)):
        columns = {(c.name, c.type.simpleString()) for c in table.columns if c.name not in withheld}
        assert set(DECIDED_COLUMNS[name]) == columns


def test_a_single_alert_has_its_text_and_its_columns():
    message = single("shop", SINGLE, DAY, alert())
    assert message.subject == "shop: c1 is likely to leave"
    assert message.body.splitlines() == [
        "Risk 83 %.",
        "",
        "customer_id: c1",
        "as_of_date: 2026-06-01",
        "audience: others",
        "tier: high",
        "risk: 0.834",
        "value: 120.00",
        "kind: high_risk",
        "risk_rank: 1",
        "threshold: 0.7",
        "observed: 0.834",
        "expected_loss: 100.08",
        "reasons: no call for 30 days; fee rose",
        "model_version: 3",
        f"reference: {message.message_id}",
    ]


def test_a_single_intervention_says_what_to_do():
    message = single("shop", ACTIONS, DAY, intervention())
    assert message.subject == "shop: c1: discount by sms"
    assert message.body.startswith("risk 83%, value 120.00, main reason no call for 30 days\n\ncustomer_id: c1\n")
    assert "action: discount\nchannel: sms" in message.body


def test_the_id_is_of_the_matter_and_not_of_the_text():
    message = single("shop", SINGLE, DAY, alert())
    canonical = json.dumps(["crm", "2026-06-01", "c1", "high_risk"]).encode()
    assert message.message_id == hashlib.sha256(canonical).hexdigest()[:32]
    assert single("other", SINGLE, DAY, alert(title="x", risk=0.1)).message_id == message.message_id
    others = {single("shop", SINGLE, DAY, alert(kind="silent")), digest("shop", DIGEST, DAY, [alert()], 1)}
    assert message.message_id not in {other.message_id for other in others}


def test_a_digest_tells_the_first_and_says_what_it_leaves_out():
    rows = [alert(customer_id=f"c{number}", title=f"c{number} may leave") for number in range(30)]
    message = digest("shop", DIGEST, DAY, rows, 1030)
    assert message.subject == "shop: 1,030 alerts, 2026-06-01"
    assert message.rows == 1030
    assert "1,030 alerts of shop at 2026-06-01." in message.body
    assert "Only the 30 with the highest expected loss are in this message." in message.body
    assert f"{TOP}. c{TOP - 1} may leave\nRisk 83 %." in message.body
    assert f"{TOP + 1}. " not in message.body
    assert "... and 10 more." in message.body
    assert message.attachment.note == "All 30 rows are in the attached file."


def test_a_message_speaks_the_language_of_the_alerts():
    rows = [alert(customer_id=f"c{number}", title=f"客户 c{number}") for number in range(TOP + 2)]
    message = digest("shop", DIGEST, DAY, rows, 1030, "zh")
    assert message.subject == "shop：1,030 条预警，2026-06-01"
    first, cut, *_, more, reference = message.body.split("\n\n")
    assert (first, cut) == ("shop，2026-06-01：1,030 条预警。", f"本消息仅包含预期损失最高的 {TOP + 2} 条。")
    assert (more, reference) == ("……另有 2 条。", f"编号：{message.message_id}")
    assert message.attachment.note == f"全部 {TOP + 2} 行见附件。"
    assert message.message_id == digest("shop", DIGEST, DAY, rows, 1030).message_id
    action = single("shop", ACTIONS, DAY, intervention(), "zh")
    assert action.subject == "shop: 客户 c1：discount（短信）"
    assert action.body.startswith("风险 83%，价值 120.00，主要原因：no call for 30 days\n")


@pytest.mark.parametrize("language", PHRASES)
def test_every_phrase_has_the_values_of_the_english_one(language):
    for field in fields(Phrases):
        ours, english = (values_of(getattr(PHRASES[one], field.name)) for one in (language, "en"))
        assert ours == english, field.name


def values_of(phrase: object) -> object:
    """The names of the values in a format string, in some of them, or in those of each table of rows."""
    if isinstance(phrase, str):
        return sorted(name for _, name, _, _ in Formatter().parse(phrase) if name is not None)
    if isinstance(phrase, dict):
        return {key: values_of(one) for key, one in phrase.items() if key in ("alerts", "interventions")}
    return [values_of(one) for one in phrase]


TEXTS = st.text(
    alphabet=st.one_of(st.sampled_from("=+-@\t\r\n\"',; ＝a客😀\u202e\u200d"), st.characters()), max_size=12
)


@given(st.lists(st.tuples(TEXTS, st.one_of(st.none(), st.floats(allow_nan=False))), max_size=5))
def test_no_cell_of_a_file_is_a_formula_and_every_row_is_there(rows):
    content = csv_file(("name", "number"), [{"name": name, "number": number} for name, number in rows])
    assert content.startswith(b"\xef\xbb\xbfname,number\r\n")
    read = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))[1:]
    assert len(read) == len(rows)
    for (name, number), (text, value) in zip(rows, read, strict=True):
        assert text.lstrip()[:1] not in ("=", "+", "-", "@", "＝", "＋", "－", "＠")
        assert value == ("" if number is None else str(number))
        if all(c.isprintable() for c in name) and name.lstrip()[:1] not in tuple("=+-@＝＋－＠"):
            assert text == name


def test_numbers_stay_numbers():
    assert csv_file(("a",), [{"a": -1.5}]).endswith(b"a\r\n-1.5\r\n")
    assert csv_file(("a",), [{"a": "-1.5"}]).endswith(b"a\r\n'-1.5\r\n")
    assert csv_file(("a",), [{"a": ["=1", "b"]}]).endswith(b"a\r\n'=1; b\r\n")


@given(st.text(max_size=400))
def test_a_subject_is_one_line(text):
    line = in_one_line(text)
    assert line.splitlines() in ([], [line])
    assert len(line) <= SUBJECT_LENGTH
    assert line.isprintable() or "\u200c" in line or "\u200d" in line


def test_what_is_missing_is_left_out():
    bare = dict.fromkeys(ALERT) | {"customer_id": "c", "kind": "k", "title": "t", "text": "x"}
    assert single("shop", SINGLE, DAY, alert(**bare)).body.startswith("x\n\ncustomer_id: c\nkind: k\nreference:")
