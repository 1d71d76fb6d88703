"""The file for the CRM: what spreadsheets and CSV readers get, on local disks and on other file systems.

The other file system is Hadoop's own viewfs, mounted on a local folder.
"""

import csv
import io
import stat
import uuid
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_spark.actions.crm_rows import COLUMNS, crm_rows
from churn_spark.definitions.errors import ConfigError
from churn_spark.stages.crm_export import export
from tests.frames import rows

DAY = date(2026, 3, 1)
ROW = {
    "customer_id": "a",
    "as_of_date": "2026-03-01",
    "action": "call",
    "channel": "phone",
    "main_reason": "fewer calls",
    "risk": 0.25,
    "value": 100.0,
    "tier": "high",
    "audience": "others",
}
HEADER = ",".join(COLUMNS)
LINE = "a,2026-03-01,call,phone,fewer calls,0.250000,100.00,high,others"
NAME = "interventions_2026-03-01.csv"


def lines_of(folder) -> list[str]:
    return (folder / NAME).read_text(encoding="utf-8").splitlines()


def test_rows_without_an_action_are_left_out_and_customers_are_in_order(spark, tmp_path):
    made = rows(spark, ROW, {"customer_id": "b"}, {}, {"customer_id": "c", "action": None}).repartition(3)
    shown = export(made, str(tmp_path / "crm"), DAY, "conf/made.yaml")
    assert shown == str(tmp_path / "crm" / NAME)
    assert lines_of(tmp_path / "crm") == [HEADER, LINE, LINE.replace("a,", "b,", 1)]


def test_another_file_system_is_written_likewise_and_nothing_is_left_beside_it(spark, tmp_path):
    name, folder = uuid.uuid4().hex, tmp_path / "store"
    folder.mkdir()
    spark._jsc.hadoopConfiguration().set(f"fs.viewfs.mounttable.{name}.link./mounted", folder.as_uri())
    (folder / "crm").mkdir()
    (folder / "crm" / f".{NAME}").mkdir()  # what a run that was killed has left
    for customer in ("old", "a"):
        made = rows(spark, ROW, {"customer_id": customer})
        shown = export(made, f"viewfs://{name}/mounted/crm/", DAY, "conf/made.yaml")
        assert shown == f"viewfs://{name}/mounted/crm/{NAME}"
    assert lines_of(folder / "crm") == [HEADER, LINE]
    assert stat.S_IMODE((folder / "crm" / NAME).stat().st_mode) == 0o600
    assert [path.name for path in (folder / "crm").iterdir() if not path.name.endswith(".crc")] == [NAME]


@pytest.mark.parametrize("folder", ["/proc/none", "nowhere://host/crm", "s3a://bucket/crm"])
def test_a_folder_that_cannot_be_written_to_is_named(spark, folder):
    with pytest.raises(
        ConfigError, match=rf"conf/made.yaml: interventions\.export: {folder} cannot be written to: .+; name"
    ):
        export(rows(spark, ROW), folder, DAY, "conf/made.yaml")


@settings(max_examples=5)
@given(st.lists(st.text("=+-@ab,\";'\t\r\n\\é＝ ", max_size=6), min_size=1, max_size=30))
def test_any_text_comes_back_on_one_line_and_none_begins_a_formula(spark, tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("crm")
    made = [{"customer_id": f"{n:03d}", "main_reason": text} for n, text in enumerate(texts)]
    export(rows(spark, ROW, *made), str(folder), DAY, "conf/made.yaml")
    read = list(csv.DictReader(io.StringIO((folder / NAME).read_text(encoding="utf-8"), newline="")))
    assert [row["main_reason"] for row in read] == list(map(harmless, texts))


def harmless(text: str) -> str:
    line = ""
    for sign in text:  # line breaks in a row become one space
        line += sign if sign not in "\r\n" else "" if line.endswith("\n") else "\n"
    line = line.replace("\n", " ")
    return f"'{line}" if line.lstrip(" ")[:1] in tuple("=+-@\t＝") and line.strip(" ") else line


def test_numbers_have_no_exponent_and_unknown_texts_are_empty(spark):
    made = crm_rows(rows(spark, ROW, {"risk": 0.0000012, "value": 12345678.9, "main_reason": None})).collect()
    assert [(row.risk, row.value, row.main_reason) for row in made] == [("0.000001", "12345678.90", None)]
