from dataclasses import replace

from churn_spark.definitions.columns import Category
from churn_spark.events.raw import DELIVERY_COLUMNS, typed
from tests.stages.shop import shop_source

ROWS = [
    ("c1", "plain", "plain"),
    ("c\x002\x7f", "a\x01b\x02\x1f", None),
    ("c3", "tab\tand\nline", "nobody reads \x00 this"),
]
SOURCE = shop_source(
    "sales",  # type: ignore[arg-type]
    schema=(("customer", "string"), ("song", "string"), ("note", "string")),
    event_id=("customer",),
    event_time="DATE'2026-03-01'",
    measures=(),
    categories=(Category("song", "upper(song)"),),
    checks=(),
)


def read(spark, source):
    ours = dict.fromkeys(DELIVERY_COLUMNS, "string")
    frame = spark.createDataFrame(
        [(*row, *("d" for _ in ours)) for row in ROWS],
        ", ".join(f"{name} string" for name in ("customer", "song", "note", *ours)),
    )
    return typed(frame, source).select("customer", "song", "_raw.song", "note", "_removed", "_bad").collect()


def test_control_characters_are_taken_out_of_texts_that_are_used_or_refused(spark):
    (one, two, three) = map(tuple, read(spark, SOURCE))
    assert one == ("c1", "plain", "plain", "plain", 0, [])
    assert two == ("c2", "ab", "a\x01b\x02\x1f", None, 5, [])
    assert three == ("c3", "tab\tand\nline", "tab\tand\nline", "nobody reads \x00 this", 0, [])
    refused = read(spark, replace(SOURCE, control_characters="refuse"))
    assert [row["_bad"] for row in refused] == [[], ["control_character"], []]
    assert refused[1]["customer"] == "c\x002\x7f"
    used = replace(SOURCE, event_id=(), control_characters="refuse")  # the whole row is the id
    assert [row["_bad"] for row in read(spark, used)] == [[], ["control_character"], ["control_character"]]
