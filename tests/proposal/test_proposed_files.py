"""How a proposal reads files: names, texts that are numbers or no values, times, odd cells."""

import gzip
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churn_spark.definitions.errors import ConfigError
from churn_spark.proposal.times import times
from tests.proposal.proposed import proposed, table


def _schema(tmp_path: Path, values: list[str], separator: str = ",") -> tuple[dict, str]:
    """One source of events with a further column `v`; the proposed source, and all that is proposed."""
    cells = [f'"{value}"' if separator in value else value for value in values]
    rows = [separator.join((f"c{n % 7}", f"2025-01-{n % 28 + 1:02} 10:00:00", cell)) for n, cell in enumerate(cells)]
    proposal, text = proposed(tmp_path, {"orders.csv": table(separator.join(("customer_id", "ts", "v")), rows)})
    return proposal["sources"]["orders"], text


@pytest.mark.parametrize(
    ("names", "ending"),
    [
        (("clicks_2025-01-01_00.csv", "clicks_2025-01-01_01.csv", "clicks_2025-01-02_00.csv"), r".*\.csv"),
        (("2025-01-01_shopA.csv", "2025-01-02_shopB.csv"), r".*\.csv"),
        (("exp_2026-03-05_120000.csv", "exp_2026-03-06_130500.csv"), r".*\.csv"),
        (("a_20250101_v1.csv", "a_20250102_v2.csv"), r".*\.csv"),
        (("clicks/date=2025-01-01/part-0.csv", "clicks/date=2025-01-02/part-0.csv"), "$"),
        (("dumps_01.02.2025_final.csv", "dumps_01.03.2025.csv"), r".*\.csv"),
    ],
)
def test_the_pattern_goes_to_the_end_of_every_name(names: tuple[str, ...], ending: str, tmp_path: Path) -> None:
    rows = table("user_id,at", [f"u{n % 5},2025-01-01 10:00:{n:02}" for n in range(20)])
    proposal, _ = proposed(tmp_path, {name if "/" in name else f"in/{name}": rows for name in names})
    (source,) = proposal["sources"].values()
    assert source["delivered"]["pattern"].endswith(ending)


@pytest.mark.parametrize("first", [10**19, 1834567890123456000])
def test_long_ids_stay_text(first: int, tmp_path: Path) -> None:
    rows = [f"{first + n % 5},2025-01-01 10:00:{n % 60:02},{first + n},{first + n % 3}" for n in range(40)]
    proposal, _ = proposed(tmp_path, {"posts.csv": table("user_id,ts,post_id,thread", rows)})
    schema = proposal["sources"]["posts"]["schema"]
    assert {schema[name] for name in ("user_id", "post_id", "thread")} == {"string"}
    assert proposal["sources"]["posts"]["customer_id"] == "user_id"


def test_ids_that_a_program_wrote_with_a_point_are_text_without_it(tmp_path: Path) -> None:
    rows = [f"{n % 5}.0,2025-01-01 10:00:{n % 60:02}" for n in range(40)]
    source = proposed(tmp_path, {"posts.csv": table("user_id,ts", rows)})[0]["sources"]["posts"]
    assert (source["schema"]["user_id"], source["customer_id"]) == ("string", "regexp_replace(user_id, '[.]0*$', '')")


@pytest.mark.parametrize(
    ("values", "separator", "sql", "asked"),
    [
        (["1,234", "12,500", "840"], ",", "CAST(replace(v, ',', '') AS DECIMAL(18,2))", False),
        (["1,234.50", "12.25", "2,000,100.00"], ",", "CAST(replace(v, ',', '') AS DECIMAL(18,2))", False),
        (["1,234", "12,500", "840"], ";", "CAST(replace(v, ',', '') AS DECIMAL(18,2))", True),
        (["1.234", "12.500", "840"], ";", "CAST(replace(replace(v, '.', ''), ',', '.') AS DECIMAL(18,2))", True),
        (["1.234,5", "12,50"], ";", "CAST(replace(replace(v, '.', ''), ',', '.') AS DECIMAL(18,2))", False),
        (["1,234", "0,500"], ";", "CAST(replace(replace(v, '.', ''), ',', '.') AS DECIMAL(18,3))", False),
        (["1.234", "12.501"], ",", "v", True),
        (["0.234", "12.501"], ",", "v", False),
        (["1.5", "2.25"], ";", "v", False),
    ],
)
def test_marks_between_digits(values: list[str], separator: str, sql: str, asked: bool, tmp_path: Path) -> None:
    source, text = _schema(tmp_path, values * 9, separator)
    assert source["measures"]["v"]["expression"] == sql
    assert ("with three decimals?" in text) == asked


def test_a_text_for_nothing_in_each_column(tmp_path: Path) -> None:
    rows = [
        f"c{n},{n if n % 2 else 'NA'},{n if n % 3 else '?'},{('NULL', 'NA', '2020-01-02')[n % 3]}" for n in range(60)
    ]
    proposal, _ = proposed(tmp_path, {"customers.csv": table("customer_id,income,score,joined", rows)}, valid=True)
    source = proposal["sources"]["customers"]
    assert source["options"] == {"nullValue": "NA"}
    assert source["schema"] == {"customer_id": "string", "income": "int", "score": "string", "joined": "string"}
    assert source["attributes"]["score"] == {"expression": "CAST(nullif(score, '?') AS INT)", "type": "int"}
    assert source["attributes"]["joined"] == {"expression": "CAST(nullif(joined, 'NULL') AS DATE)", "type": "date"}


def test_a_date_that_is_written_otherwise_than_another_one(tmp_path: Path) -> None:
    rows = [f"c{n % 9},{n % 9 + 1:02}.01.2025,0{n % 9 + 1}/25/2025" for n in range(60)]
    proposal, _ = proposed(tmp_path, {"orders.csv": table("customer_id,ordered_on,sent", rows)})
    source = proposal["sources"]["orders"]
    assert (source["event_time"], source["options"]) == ("ordered_on", {"dateFormat": "dd.MM.yyyy"})
    assert source["schema"]["sent"] == "string"


def test_two_digits_of_a_year_may_stand_first() -> None:
    read = times(["24-05-04 10:05", "25-11-13 09:00"] * 5, today=date(2026, 1, 1))
    assert read is not None
    assert (read.pattern, read.values[0].year) == ("yy-MM-dd HH:mm", 2024)
    assert "the day first also fits" in read.question
    assert "two digits" in read.question
    days = [date(2004, 5, 24), date(2013, 11, 25)]
    assert times(["24-05-04", "25-11-13"], days, date(2026, 1, 1)).pattern == "dd-MM-yy"
    assert times(["19.08.97"], today=date(2026, 1, 1)).pattern == "dd.MM.yy"


@pytest.mark.parametrize("value", ["1e309", "NaN", "1e300", "-1e302"])
def test_numbers_that_are_none(value: str, tmp_path: Path) -> None:
    source, text = _schema(tmp_path, [value, "1.5", "2.5"] * 5)
    assert "v" in source["schema"]
    assert ("v is omitted: 1e+30" in text) == (value in ("1e300", "-1e302"))


def test_numbers_in_parquet_that_are_none(tmp_path: Path) -> None:
    for name, value in (("nan", float("nan")), ("inf", float("inf"))):
        (tmp_path / "in" / name).mkdir(parents=True)
        rows = {"user_id": ["a", "b"] * 5, "ts": [date(2026, 1, 1)] * 10, "v": [value, 1.0] * 5}
        pq.write_table(pa.table(rows), tmp_path / "in" / name / "a_2026-01-01.parquet")
    sources = proposed(tmp_path, {})[0]["sources"]
    assert [sources[name]["measures"]["v"]["max_abs"] for name in ("nan", "inf")] == [1000, 1000]


def test_times_in_parquet_that_no_calendar_has(tmp_path: Path) -> None:
    for n, values in enumerate(([2**62, 0], [-(10**17), 0], [1767225600000000, None])):
        (tmp_path / "in" / f"s{n}").mkdir(parents=True)
        rows = {"user_id": ["a", "b"] * 5, "ts": pa.array(values * 5, pa.timestamp("us")), "": [1] * 10}
        pq.write_table(pa.table(rows), tmp_path / "in" / f"s{n}" / "a_2026-01-01.parquet")
    sources = proposed(tmp_path, {})[0]["sources"]
    assert {tuple(source["schema"]) for source in sources.values()} == {("user_id", "ts")}


def test_a_name_that_no_line_can_hold(tmp_path: Path) -> None:
    rows = [f"c{n % 9},2025-01-01 10:00:{n:02},{n % 40 + 0.25}" for n in range(50)]
    proposal, _ = proposed(tmp_path, {"orders.csv": table('customer_id,ts,"a\nb: \x01\x85c\u2028"', rows)})
    assert list(proposal["sources"]["orders"]["measures"]) == ["a_b_c"]


def test_every_value_seen_has_room(tmp_path: Path) -> None:
    source, _ = _schema(tmp_path, ["4999999999", "1000000"] * 5)
    assert source["measures"]["v"]["max_abs"] >= 4999999999


def test_files_as_they_come(tmp_path: Path) -> None:
    rows = [f"C{n % 9},2025-01-0{n % 9 + 1} 10:00:00,{n}" for n in range(40)]
    quoted = [f'C{n % 9},2025-01-0{n % 9 + 1} 10:00:00,"size 5\\" box, {n}"' for n in range(40)]
    doubled = [f'C{n % 9},2025-01-0{n % 9 + 1} 10:00:00,"size 5"" box, {n}"' for n in range(40)]
    header = "customer_id,ts,v"
    proposal, text = proposed(tmp_path, {
        "blank/a.csv": "\n \n\n" + table(header, rows),
        "backslash/a.csv": table(header, quoted),
        "doubled/a.csv": table(header, doubled),
        "packed/ORDERS.CSV.GZ": gzip.compress(table(header, rows).encode()),
        "long/a.csv": table(header, [*rows, f"C1,2025-01-01 10:00:00,{'y' * 200_000}"]),
        "old/a.csv": table(header, rows).replace("\n", "\r"),
        "unnamed/a.csv": table("," + header + ",V," + "z" * 200, [f"{n},{row},1,2" for n, row in enumerate(rows)]),
    })  # fmt: skip
    sources = proposal["sources"]
    assert {name: list(source["schema"]) for name, source in sources.items()} == {
        name: ["customer_id", "ts", "v"] for name in sources
    }
    assert {name: source["options"] for name, source in sources.items() if "options" in source} == {
        "backslash": {"escape": "\\"}
    }
    for said in (
        "column without a name is omitted",
        "V is omitted, since SQL does not distinguish it from v",
        "200 characters is omitted",
        "in lower case",
    ):
        assert said in text


def test_names_that_mean_something_else(tmp_path: Path) -> None:
    rows = [f"m{n % 9},2025-01-01 10:00:{n:02},{n},{n % 3},{n},a" for n in range(40)]
    proposal, _ = proposed(tmp_path, {f"{name}/a.csv": table("member_id,ts,no,on,yes,null", rows) for name in
                                   ("windows", "attributes", "derived", "yes")})  # fmt: skip
    assert sorted(proposal["sources"]) == ["attributes_2", "derived_2", "windows_2", "yes"]
    assert list(proposal["sources"]["yes"]["measures"]) == ["on", "yes"]


def test_files_without_rows_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none of the files in the sample has a row"):
        proposed(tmp_path, {"customers.csv": "id,churn\n"})
