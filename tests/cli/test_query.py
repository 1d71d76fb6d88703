"""What `churn-spark sql` says of a query that cannot be answered."""

from pathlib import Path

import pytest
import typer

from churn_spark.cli import main
from churn_spark.definitions.errors import ContractError
from tests.stages.shop import shop

WRONG = {
    "select customer from events_sales": "`customer` cannot be resolved",
    "selct 1": "Syntax error at or near 'selct'",
    "select * from sails": "`sails` cannot be found",
}


def test_a_wrong_query_and_a_lost_file_are_told_in_one_line(spark, tmp_path, capsys):
    place = shop(spark, tmp_path)
    place.deliver("2024-03-08.csv", ["c1,1,2024-03-08 12:00:00,1.50"])
    place.ingest("2024-03-09")
    main.views(place.project, place.catalog)
    for query, said in WRONG.items():
        with pytest.raises(typer.BadParameter) as refused:
            main.show(query, place.project, place.catalog, 10)
        assert said in str(refused.value)
        assert "\n" not in str(refused.value)

    query = "select customer_id from events_sales"
    main.show(query, place.project, place.catalog, 10)
    assert "c1|" in capsys.readouterr().out
    (lost,) = spark.table("events_sales").inputFiles()
    Path("/" + lost.removeprefix("file:").lstrip("/")).rename(tmp_path / "elsewhere.parquet")
    with pytest.raises(ContractError, match=r"events_sales: the file .* is lost or cannot be read"):
        main.show(query, place.project, place.catalog, 10)
