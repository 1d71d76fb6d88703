"""Mails as a mail client shows them."""

import csv
import io

from churn_spark.definitions.dispatch import Dispatch
from churn_spark.outbox.message import message_id
from churn_spark.outbox.sending import send
from churn_spark.outbox.texts import brief, digest, single
from tests.outbox.made_messages import DAY, DIGEST, SINGLE, alert
from tests.outbox.servers import mail_server
from tests.report.made_brief import brief as brief_page
from tests.report.made_brief import made_brief
from tests.report.reading import Page

QUICK = Dispatch((), attempts=1, answer_seconds=10.0)


def mailed(message):
    with mail_server() as box:
        (batch,) = send({"team": ([box.address], [message])}, QUICK)
        assert [outcome.error for outcome in batch] == [None]
    (mail,) = box.mails
    assert box.recipients == [["team@example.com"]]
    return mail


def test_a_digest_arrives_with_its_subject_its_text_and_its_file():
    rows = [alert(customer_id="客户", title="客户 may leave 😀", text="Überfällig\n<b>since</b> 30 days & more")]
    mail = mailed(digest("Ségur", DIGEST, DAY, rows, 1))
    assert mail["Subject"] == "Ségur: 1 alert, 2026-06-01"
    assert mail["Idempotency-Key"] == message_id("team", DAY)
    text = mail.get_body(("plain",)).get_content()
    assert "1. 客户 may leave 😀\nÜberfällig\n<b>since</b> 30 days & more" in text.replace("\r\n", "\n")
    assert mail.get_body(("html",)) is None
    (file,) = mail.iter_attachments()
    assert (file.get_filename(), file.get_content_type()) == ("alerts_2026-06-01.csv", "text/csv")
    content = file.get_payload(decode=True)
    assert content.startswith(b"\xef\xbb\xbf")
    (read,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert (read["customer_id"], read["title"], read["risk"]) == ("客户", "客户 may leave 😀", "0.834")


def test_ten_thousand_rows_arrive_whole():
    rows = [alert(customer_id=f"c{number}", text="x" * 200) for number in range(10_000)]
    (file,) = mailed(digest("shop", DIGEST, DAY, rows, 12_000)).iter_attachments()
    read = list(csv.DictReader(io.StringIO(file.get_payload(decode=True).decode("utf-8-sig"))))
    assert [row["customer_id"] for row in read] == [row["customer_id"] for row in rows]


def test_a_title_adds_no_header_and_ends_no_text():
    evil = "Hello\r\nBcc: thief@example.com\r\n\r\nnew text\n.\nQUIT"
    mail = mailed(single("shop", SINGLE, DAY, alert(title=evil, text=f".\n.\r\n{evil}", customer_id=evil)))
    assert mail["Bcc"] is None
    assert mail["Subject"] == "shop: Hello Bcc: thief@example.com new text . QUIT"
    assert "customer_id: Hello Bcc: thief@example.com" in mail.get_body(("plain",)).get_content()


def test_a_channel_that_takes_html_gets_the_text_escaped():
    with mail_server() as box:
        message = single("shop", SINGLE, DAY, alert(text="<script>alert(1)</script> & <b>bold</b>"))
        list(send({"team": ([f"{box.address}&format=html"], [message])}, QUICK))
    (mail,) = box.mails
    html = mail.get_body(("html",)).get_content()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "<b>bold" not in html


def test_the_brief_arrives_as_the_page_that_it_is():
    page = brief_page(made_brief())
    mail = mailed(brief("Ségur", DIGEST, DAY, page))
    assert mail["Subject"] == "Ségur: customers at risk, 2026-06-01"
    shown = Page(mail.get_body(("html",)).get_content())
    assert "Who is at risk, and why" in shown.text
    assert shown.table("Most depends on these")[1][0].startswith("1204")


def test_a_server_that_refuses_is_a_failure():
    with mail_server("554 no") as box:
        (batch,) = send({"team": ([box.address], [single("shop", SINGLE, DAY, alert())])}, QUICK)
    assert [bool(outcome.error) for outcome in batch] == [True]
    assert "example" not in str(batch[0].error)
