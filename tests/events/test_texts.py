"""Texts as dates, times and numbers: whole and exactly, or not at all."""

from datetime import UTC, date, datetime
from decimal import Decimal

from pyspark.sql import functions as F

from churn_spark.events.texts import as_type
from churn_spark.events.zones import reading_times_in

NO = None
TIMES = {  # text: the clock in Berlin, the instant (UTC), the day in Berlin
    "2026-03-02 09:00:00": ("2026-03-02 09:00", "2026-03-02 08:00", "2026-03-02"),
    " 2026-3-2T9:05 ": ("2026-03-02 09:05", "2026-03-02 08:05", "2026-03-02"),
    "2026-03-02": ("2026-03-02 00:00", "2026-03-01 23:00", "2026-03-02"),
    "2026-03-01T23:30:00Z": ("2026-03-02 00:30", "2026-03-01 23:30", "2026-03-02"),
    "2026-03-01T20:30:00-05:00": ("2026-03-02 02:30", "2026-03-02 01:30", "2026-03-02"),
    "2026-03-01 20:30:00-0500": ("2026-03-02 02:30", "2026-03-02 01:30", "2026-03-02"),
    "2026-03-01 23:30:00 America/New_York": ("2026-03-02 05:30", "2026-03-02 04:30", "2026-03-02"),
    "2026-03-01 23:30:00 UTC": ("2026-03-02 00:30", "2026-03-01 23:30", "2026-03-02"),
    # Clocks go forward at 2, and back at 3: of an hour that comes twice a time without offset is the first.
    "2026-03-29 02:30:00": ("2026-03-29 02:30", "2026-03-29 01:30", "2026-03-29"),
    "2026-10-25 02:30:00": ("2026-10-25 02:30", "2026-10-25 00:30", "2026-10-25"),
    "2026-10-25T00:30:00Z": ("2026-10-25 02:30", "2026-10-25 00:30", "2026-10-25"),
    "2026-10-25T01:30:00Z": (NO, "2026-10-25 01:30", "2026-10-25"),  # the clock cannot tell the second
    **dict.fromkeys(
        (
            *("2026-03-02 25:00:00", "2026-03-02 24:00:00", "2026-06-30 23:59:60", "2026-03-02 rubbish", "2026-03-02T"),
            *("2026", "2026-03", "12:30", "46083", "1772442000", "1772442000000", "2026-02-30", "0000-00-00", ""),
            *("2026-03-02 09:00 PM", "2026-03-02 09:00:00 BST", "2026-03-02 09:00:00 CST", "02.03.2026"),
            *("2026-03-01 23:30:00 Mars/Olympus", "2026-03-01 23:30:00 +25:00"),
        ),
        (NO, NO, NO),
    ),
}
NUMBERS = {  # text: decimal(12,2), decimal(38,2) and (36,2), double
    "12.345": (NO, NO, 12.345),
    "12.340": ("12.34", "12.34", 12.34),
    "0.004": (NO, NO, 0.004),
    "1e3": ("1000", "1000", 1000.0),
    "1.5E-3": (NO, NO, 0.0015),
    "12.3456e2": ("1234.56", "1234.56", 1234.56),
    "-0.00": ("0", "0", 0.0),
    "1.00004": (NO, NO, 1.00004),
    "1.00004e0": (NO, NO, 1.00004),
    "1000E-2": ("10", "10", 10.0),
    "1e-40": (NO, NO, 1e-40),
    "0e-40": ("0", "0", 0.0),
    "1e99999999999": (NO, NO, float("inf")),
    "1,234.56": (NO, NO, NO),
    "1 234": (NO, NO, NO),
    "12d": (NO, NO, NO),
    "123456789012": (NO, "123456789012", 123456789012.0),
}


def test_texts_are_read_whole_and_exactly_or_not_at_all(spark):
    frame = spark.createDataFrame([(text,) for text in (*TIMES, *NUMBERS)], "text string").coalesce(1)
    kinds = ("timestamp_ntz", "timestamp", "date", "decimal(12,2)", "decimal(38,2)", "decimal(36,2)", "double")
    with reading_times_in(spark, "Europe/Berlin"):
        read = frame.select("text", *(as_type(F.col("text"), kind).alias(kind) for kind in kinds))
        read = read.withColumn("timestamp", F.unix_micros("timestamp"))
    values_by_text = {text: values for text, *values in read.collect()}
    for text, (clock, instant, day) in TIMES.items():
        micros = int(datetime.fromisoformat(instant).replace(tzinfo=UTC).timestamp() * 1e6) if instant else None
        expected = [clock and datetime.fromisoformat(clock), micros, day and date.fromisoformat(day)]
        assert (text, values_by_text[text][:3]) == (text, expected)
    for text, (money, large, number) in NUMBERS.items():
        expected = [money and Decimal(money), *[large and Decimal(large)] * 2, number]
        assert (text, values_by_text[text][3:]) == (text, expected)
