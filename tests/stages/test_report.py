import stat
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from churn_spark.definitions.errors import NotReadyError
from churn_spark.definitions.project import Project, Run, Warehouse
from churn_spark.report import metrics
from churn_spark.report.all_sections import SECTIONS
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Grid, grid
from churn_spark.report.query import Query
from churn_spark.report.section import Section
from churn_spark.report.sections.rates import SNAPSHOTS
from churn_spark.report.shared_queries import DELIVERIES as DELIVERED
from churn_spark.report.shared_queries import MODEL_METRICS as MEASURED
from churn_spark.report.shared_queries import RISKS
from churn_spark.stages.report import gather, page_stands, reads, report
from churn_spark.stages.report_file import write_local
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.intake import DELIVERIES
from churn_spark.tables.contracts.models import CHAMPIONS, MODEL_CURVES, MODEL_METRICS
from churn_spark.tables.contracts.snapshots import LABELS, RISK_SCORES, SEGMENTS
from churn_spark.tables.location import Location
from tests.frames import rows
from tests.report.made_facts import made_project
from tests.report.reading import Page

AS_OF, TRAINED = date(2017, 12, 1), date(2017, 11, 3)
MATURED = (date(2017, 4, 14), date(2017, 5, 12), date(2017, 6, 9), date(2017, 7, 7), date(2017, 8, 4), date(2017, 9, 1))


def run_of(job: str, as_of: date = AS_OF) -> Run:
    return Run(job, as_of, (as_of,), f"{job}-{as_of}-1", "0.1.0", "abc", datetime(2017, 12, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("report")
    return replace(
        made_project(), warehouse=Warehouse(str(root / "warehouse")), report_path=str(root / "out" / "report.html")
    )


@pytest.fixture(scope="module")
def catalog(spark: SparkSession, project: Project) -> Catalog:
    """A warehouse with scores, labels, deliveries and a champion, each written by the run of a job."""
    catalog = Catalog(spark, Location(project.warehouse.path))
    score = {"risk": 0.5, "raw_score": 0.5, "decile": 1, "tier": "high", "value": 100.0, "expected_loss": 50.0}
    score |= {"model_name": project.model_name, "model_version": 2, "replayed": False, "as_of_date": AS_OF.isoformat()}
    scores = rows(
        spark,
        RISK_SCORES.schema,
        score | {"customer_id": "<b>7</b>", "risk_rank": 1, "segment": "0", "risk": 0.75},
        score | {"customer_id": "8", "risk_rank": 2, "segment": "1", "tier": "low", "risk": 0.25},
    )
    segment = {"as_of_date": AS_OF.isoformat(), "recency_quintile": 1, "frequency_quintile": 5, "monetary_quintile": 5}
    segments = rows(
        spark,
        SEGMENTS.schema,
        segment | {"customer_id": "<b>7</b>", "rfm": "155", "segment": 0},
        segment | {"customer_id": "8", "rfm": "155", "segment": 1},
    )
    labels = rows(
        spark,
        LABELS.schema,
        *(
            {"customer_id": str(n), "as_of_date": day.isoformat(), "label": int(n < 3),
             "matured_on": project.periods.matured_on(day).isoformat()}
            for day in MATURED for n in range(10)
        ),
    )  # fmt: skip
    delivery = {"source": "purchases", "fingerprint": "f", "taken_on": AS_OF.isoformat(), "read": 10, "kept": 8}
    delivery |= {"quarantined": 2, "duplicate": 0, "reasons": [("no_customer", 2)], "accepted_incomplete": False}
    delivery |= {"nominal_date": "2017-11-29", "ignored_columns": [], "history": False}
    _written(catalog, "score", {RISK_SCORES: scores})
    _written(catalog, "build_features", {SEGMENTS: segments})
    _written(catalog, "build_labels", {LABELS: labels}, MATURED)
    _train(spark, project, catalog)
    _written(catalog, "ingest", {DELIVERIES: rows(spark, DELIVERIES.schema, delivery | {"delivery": "1.csv"})})
    return catalog


def _train(spark: SparkSession, project: Project, catalog: Catalog) -> None:
    decided = run_of("train", TRAINED)
    metric = {
        "as_of_date": TRAINED.isoformat(),
        "run_id": decided.run_id,
        "stage": "train",
        "scope": "test",
        "segment": "all",
        "metric": "roc_auc",
    }
    metrics = rows(
        spark,
        MODEL_METRICS.schema,
        metric | {"model_version": 2, "model": "random_forest", "value": 0.8, "low": 0.7, "high": 0.9},
        *(metric | {"model": "random_forest", "segment": day.isoformat(), "value": 0.8} for day in MATURED[-3:]),
        metric | {"model": "recency alone", "value": 0.75, "low": 0.6, "high": 0.8},
    )
    curve = {"as_of_date": TRAINED.isoformat(), "run_id": decided.run_id, "model": "random_forest", "curve": "roc"}
    curves = rows(
        spark, MODEL_CURVES.schema, *(curve | {"position": n, "x": n / 2, "y": (n / 2) ** 0.5} for n in range(3))
    )
    champion = {"model_name": project.model_name, "family": "random_forest", "reason": "the best", "manifest": "m"}
    decisions = rows(
        spark,
        CHAMPIONS.schema,
        champion | {"event_id": "1", "model_version": 1, "effective_from": "2017-10-01"},
        champion
        | {"event_id": "2", "model_version": 2, "effective_from": TRAINED.isoformat()}
        | {"as_of_date": TRAINED.isoformat(), "run_id": decided.run_id},
        champion | {"event_id": "3", "model_version": 3, "effective_from": "2018-01-01"},
        champion | {"event_id": "4", "model_version": 9, "effective_from": TRAINED.isoformat(), "model_name": "x"},
    )
    with catalog.transaction(decided, {MODEL_METRICS: [TRAINED], MODEL_CURVES: [TRAINED]}) as tx:
        tx.replace(MODEL_METRICS, metrics, [TRAINED])
        tx.replace(MODEL_CURVES, curves, [TRAINED])
        tx.append(CHAMPIONS, decisions)
    catalog.end(decided)


def _written(catalog: Catalog, job: str, tables: dict, dates: list[date] | tuple[date, ...] = (AS_OF,)) -> None:
    run = run_of(job, max(dates))
    with catalog.transaction(run, dict.fromkeys(tables, dates)) as tx:
        for table, frame in tables.items():
            tx.replace(table, frame, dates)
    catalog.end(run)


def test_the_report_shows_what_is_in_the_tables(project: Project, catalog: Catalog) -> None:
    run = run_of("report")
    catalog.enter(run)
    report(run, project, catalog)
    read = Page(Path(project.report_path).read_text())
    assert read.table("The 2 riskiest")[1:] == [
        ["1", "<b>7</b>", "75.0 %", "high", "0", "50 | of 100"],
        ["2", "8", "25.0 %", "low", "1", "50 | of 100"],
    ]
    assert [row[0] for row in read.table("The 2 largest expected losses")] == ["Customer", "<b>7</b>", "8"]
    assert read.table("Tiers")[-1] == ["all", "2 | 100.0 %", "50.0 %", "1", "100 | of 200"]
    assert read.table("Snapshots with labels")[1][:5] == ["2017-09-01 | test", "10", "10", "3", "30.0 %"]
    assert read.table("Reconciliation")[1] == ["purchases", "1", "10", "8", "2", "0", "0", "0", "80.0 %"]
    assert "By ROC AUC, the model is not better than a score without fitting within its interval: 0.800" in read.text
    assert f"FROM delta.`{project.warehouse.path}/risk_scores`" in read.text
    assert stat.S_IMODE(Path(project.report_path).stat().st_mode) == 0o600
    assert [path.name for path in Path(project.report_path).parent.iterdir()] == ["report.html"]
    assert catalog.end(run).status == "ok", "what it is there for was written"


def test_the_champion_is_the_one_in_force_with_its_training_and_test(project: Project, catalog: Catalog) -> None:
    run = run_of("report")
    catalog.enter(run)
    facts = gather(run, project, catalog)
    champion = facts.champion
    assert champion is not None
    assert (champion.version, champion.trained_on) == (2, TRAINED)
    # Performance 28 days after a gap of 7, 2 days of lateness: 2017-09-29 had not matured on 2017-11-03.
    assert champion.snapshots == MATURED
    assert metrics.tested_on(facts) == MATURED[-3:]
    assert facts.score_run == f"score-{AS_OF}-1"
    assert [done.job for done in facts.runs] == ["score", "build_features", "build_labels", "train", "ingest"]


def test_the_past_does_not_see_what_came_later(project: Project, catalog: Catalog) -> None:
    run = run_of("report", date(2017, 10, 5))
    catalog.enter(run)
    facts = gather(run, project, catalog)
    assert facts.champion is not None
    assert (facts.champion.version, metrics.learnt_from(facts)) == (1, ())
    assert max(facts[SNAPSHOTS]["as_of_date"]) == MATURED[-2]
    assert [query.name for query in (DELIVERED, MEASURED, RISKS) if len(facts[query])] == []


def test_half_written_scores_are_not_reported(spark: SparkSession, project: Project, catalog: Catalog) -> None:
    day = date(2017, 12, 2)
    with catalog.transaction(run_of("score", day), {RISK_SCORES: [day]}):
        pass  # and it never ends
    run = run_of("report", day)
    catalog.enter(run)
    with pytest.raises(NotReadyError, match="risk_scores: 2017-12-02 was left half-written"):
        gather(run, project, catalog)


def test_a_warehouse_without_tables_has_a_report(spark: SparkSession, project: Project, tmp_path: Path) -> None:
    catalog = Catalog(spark, Location(str(tmp_path / "warehouse")), "--conf conf/grocer.yaml")
    run = run_of("report")
    catalog.enter(run)
    report(run, replace(project, report_path=str(tmp_path / "report.html")), catalog)
    read = Page((tmp_path / "report.html").read_text())
    assert "churn-spark score --conf conf/grocer.yaml --as-of 2017-12-01" in read.text


def test_a_failed_write_leaves_the_old_report(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_local(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_local(path, "\udc80")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_section_of_ones_own_is_in_the_page_and_among_the_reads(project: Project, catalog: Catalog) -> None:
    by_label = Query(
        "by_label",
        ("label", "customers"),
        lambda available: {"labels": available.matured},
        lambda facts, tables: tables["labels"].groupBy("label").agg(F.count("*").alias("customers")),
    )

    def content(facts: Facts) -> Grid:
        return grid("Labels", ("Label", "Customers"), facts[by_label].sort_values("label").astype(str).to_numpy())

    made_up = Section(
        "made_up", "A section of one's own", content, "{{ table(content) }}", (by_label,), lambda facts: ["Look here."]
    )
    sections = (*SECTIONS, made_up)
    run = run_of("report")
    catalog.enter(run)
    report(run, project, catalog, sections)
    catalog.end(run)
    read = Page(Path(project.report_path).read_text())
    assert read.table("Labels")[1:] == [["0", str(7 * len(MATURED))], ["1", str(3 * len(MATURED))]]
    assert "#made_up" in read.all("href")
    assert "Look here." in read.text[: read.text.index("The riskiest customers Ranked")]
    assert ("labels", MATURED) in reads(project, catalog.ledger, AS_OF, [made_up])
    assert page_stands(run, project, catalog, sections, project.report_path)
