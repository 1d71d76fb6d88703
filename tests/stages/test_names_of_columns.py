"""Columns whose names SQL takes apart, in every format."""

import json
from dataclasses import replace
from datetime import date

import pandas as pd

from churn_spark.definitions.columns import Measure
from churn_spark.definitions.project import Privacy
from churn_spark.definitions.sources import RowCheck
from churn_spark.stages.ingest import ingest
from churn_spark.tables.contracts.intake import QUARANTINE, events
from tests.stages.made_warehouse import catalog_of, do, project_at
from tests.stages.shop import shop_source

NAMES = ("user.id", "o`id", "at time", "paid.sum")
TYPES = ("string", "string", "timestamp_ntz", "string")
ROWS = [("ann", "1", "2024-03-08 12:00:00", "1.5"), ("bob", "2", "2024-03-08 12:00:00", "-1")]


def test_names_with_dots_blanks_and_backticks_are_columns_as_any_other(spark, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_KEY", "0123456789abcdef")
    sources = []
    for kind in ("csv", "json", "parquet"):
        (tmp_path / kind).mkdir()
        source = shop_source(
            tmp_path / kind,
            name=kind,
            format=kind,
            schema=tuple(zip(NAMES, TYPES, strict=True)),
            customer_id="`user.id`",
            event_id=("`o``id`",),
            event_time="`at time`",
            measures=(Measure("amount", "try_cast(`paid.sum` AS double)", scale=2),),
            checks=(RowCheck("paid", "try_cast(`paid.sum` AS double) > 0"),),
        )
        sources.append(source if kind == "json" else replace(source, event_id=()))
    frame = pd.DataFrame(ROWS, columns=NAMES)
    frame.to_csv(tmp_path / "csv" / "2024-03-08.csv", index=False)
    frame.to_json(tmp_path / "json" / "2024-03-08.json", orient="records", lines=True)
    frame["at time"] = pd.to_datetime(frame["at time"])
    frame.to_parquet(tmp_path / "parquet" / "2024-03-08.parquet", index=False)
    project = project_at(tmp_path, sources=tuple(sources), privacy=Privacy(key_env="SHOP_KEY"))
    catalog = catalog_of(spark, project)
    do(ingest, project, catalog, date(2024, 3, 9))
    kept = {
        (source.name, row["amount"], row["customer_id"][:2])
        for source in sources
        for row in catalog.read(events(source)).collect()
    }
    assert kept == {(source.name, 1.5, "1.") for source in sources}
    refused = [(row["source"], row["reasons"], json.loads(row["row"])) for row in catalog.read(QUARANTINE).collect()]
    assert sorted((source, reasons) for source, reasons, _ in refused) == [(s.name, ["paid"]) for s in sources]
    for _, _, row in refused:
        assert row["user.id"].startswith("1.")
        assert (row["o`id"], row["at time"], row["paid.sum"]) == ("2", "2024-03-08 12:00:00", "-1")
