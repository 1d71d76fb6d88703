"""`make bench-quality`: every model family with its defaults, and other libraries, on the same matrices and split.

It reads what `make demo` leaves below demo/, and public data sets whose files are given by path. What was measured by
the same parameters is kept, so a run that was interrupted goes on where it stopped.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import ablation
from benchmarks.libraries import LIBRARIES, Library, Matrices, matrices, naively, tested
from benchmarks.quality_page import plot, written
from benchmarks.single_tables import CREDIT_CARD, TELCO, prepared
from churn_spark.api.project import open_project
from churn_spark.cli.demo import AS_OF
from churn_spark.definitions.modelling import Candidate, Training
from churn_spark.definitions.project import Project
from churn_spark.lineage.maturity import matured_on
from churn_spark.models.experiment import TrainingData, training_data
from churn_spark.models.families import FAMILIES, named
from churn_spark.models.measures import Measure
from churn_spark.models.split import split
from churn_spark.models.trial import naive_measures, run_trial
from churn_spark.runtime.session import session
from churn_spark.settings import load
from churn_spark.stages.training import snapshots
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.location import Location

HERE = Path(__file__).parent
CONF = HERE.parent / "conf" / "complete_journey.yaml"
KEPT = HERE / "quality.json"
FOLDS = 2
"""For the calibration; nothing is tuned."""
SHOWN = ("roc_auc", "average_precision", "lift_at_decile", "brier_score")
JOURNEY, RETAIL = "complete_journey", "online_retail"
RETAIL_CONF, RETAIL_AS_OF = HERE.parent / "conf" / "online_retail.yaml", date(2011, 12, 10)
TITLES = {
    JOURNEY: "The demo's project (`conf/complete_journey.yaml`): households of a grocer, no purchase in 28 days.",
    RETAIL: "`conf/online_retail.yaml`: customers of a British mail-order dealer (UCI Machine Learning Repository, no."
    " 352), no purchase in 90 days.",
    "credit_card": f"{CREDIT_CARD.source}. One row per customer; 30 % of the customers are the test.",
    "telco": f"{TELCO.source}. One row per customer; 30 % of the customers are the test.",
}
OURS = tuple(family.name for family in FAMILIES)
OTHERS = {library.name: library for library in LIBRARIES}

Kept = dict[str, dict[str, Any]]
"""What was measured, by data set and model."""


def main() -> int:
    """Measure what the options name and write the page; 1 where the demo has not been run."""
    chosen = _options()
    if chosen.ablation:
        return _ablation(Path(chosen.conf), chosen.as_of)
    kept: Kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    if not chosen.page:
        project = load(CONF)
        if not _built(project):
            return 1
        settings = replace(project.training, folds=FOLDS, selection=None, backtest_snapshots=0, economics=None)
        data_sets: dict[str, Callable[[], TrainingData]] = {JOURNEY: partial(_data, project, CONF, AS_OF)}
        if chosen.online_retail:
            data_sets[RETAIL] = partial(_online_retail, chosen.online_retail)
        for name, table in {"credit_card": CREDIT_CARD, "telco": TELCO}.items():
            if path := getattr(chosen, name):
                data_sets[name] = partial(prepared, session("bench-quality"), table, path, settings)
        for name, make in data_sets.items():
            _measure(name, make, settings, kept, chosen)
    (HERE / "quality.md").write_text(written(kept, TITLES))
    plot(kept, HERE / "quality.svg")
    print(f"written: {HERE / 'quality.md'}")
    return 0


def _built(project: Project) -> bool:
    there = Path(str(project.warehouse.path), "features").exists()
    if not there:
        print(f"{project.warehouse.path} has no features: run make demo first, or backfill", file=sys.stderr)
    return there


def _measure(
    data_set: str, make: Callable[[], TrainingData], settings: Training, kept: Kept, chosen: argparse.Namespace
) -> None:
    """Measure the models of a data set that are due, and keep each at once."""
    known = kept.setdefault(data_set, {})
    wanted = [name for name in chosen.only or (*OURS, *OTHERS) if chosen.fresh or _due(known, name)]
    for missing in [name for name in wanted if name in OTHERS and not OTHERS[name].installed]:
        print(f"{missing} is not installed: left out", file=sys.stderr)
        wanted.remove(missing)
    if not wanted:
        return
    data = make()
    held = matrices(data, settings) if OTHERS.keys() & set(wanted) else None
    for name in wanted:
        known[name] = (
            _library(OTHERS[name], held, data.split.temporal, settings)
            if name in OTHERS and held
            else _family(name, data, settings)
        )
        KEPT.write_text(json.dumps(kept, indent=1) + "\n")
        print(data_set, name, known[name]["test"], flush=True)
    data.rows.unpersist()


def _due(known: dict[str, Any], name: str) -> bool:
    """Whether a model was not measured yet, or otherwise than it would be now."""
    if name not in known or "naive" not in known[name]:
        return True
    return name in OURS and known[name]["parameters"] != named(name).defaults


def _ablation(conf: Path, as_of: date) -> int:
    """Measure sets of features of a project whose snapshots are built, and write the page; 1 where they are not."""
    project = load(conf)
    if not _built(project):
        return 1
    data = _data(project, conf, as_of)
    groups = ablation.groups_of(project.features, tuple(data.features))
    rows = ablation.ablation(data, groups, project.training)
    print(f"written: {ablation.write(HERE, project.name, data, rows)}")
    return 0


def _data(project: Project, conf: Path, as_of: date) -> TrainingData:
    """The labelled snapshots of a project, with every feature, prepared and split as its training does."""
    catalog = Catalog(session("bench-quality"), Location(project.warehouse.path), f"--conf {conf}")
    ready = snapshots.ready(project, catalog, snapshots.for_training(project, catalog, as_of))
    matured: dict[date, date] = {day: matured_on(project, catalog.ledger, day) for day in ready}
    parts = split(matured, project.periods, as_of, project.training.test_snapshots, project.snapshots)
    used, left_out = snapshots.equal_features(project, catalog, parts.refit)
    labelled = snapshots.labelled(project, catalog, parts.refit, used)
    return training_data(labelled, parts, used, left_out, replace(project.training, folds=FOLDS, selection=None))


def _online_retail(files: Path) -> TrainingData:
    """Its project, built from the files where it is not yet."""
    os.environ["ONLINE_RETAIL"] = str(files.resolve())
    project = load(RETAIL_CONF)
    if not Path(str(project.warehouse.path), "features").exists():
        shop = open_project(RETAIL_CONF, spark=session("bench-quality"))
        for job in ("ingest", "backfill"):
            shop.run(job, RETAIL_AS_OF)
    return _data(project, RETAIL_CONF, RETAIL_AS_OF)


def _family(name: str, data: TrainingData, settings: Training) -> dict[str, Any]:
    """A family with its defaults; seconds are of one model, fitted and measured."""
    started = time.monotonic()
    trial = run_trial(data.rows, Candidate(name), data.split, settings)
    seconds = (time.monotonic() - started) / (FOLDS + 1)
    folds = round(trial.tuned.ranking["average_precision"].value, 4)
    naive = naive_measures(data.rows, trial, settings) if data.split.temporal else {}
    return {
        "parameters": named(name).defaults,
        **_figures(trial.test, naive, seconds),
        "calibration": trial.tuned.calibrator.method,
        "folds": folds,
    }


def _library(library: Library, held: Matrices, temporal: bool, settings: Training) -> dict[str, Any]:
    measures, seconds = tested(library, held, settings)
    naive = naively(library, held, settings) if temporal else {}
    return {**_figures(measures, naive, seconds), "calibration": "–", "folds": None}


def _figures(measures: Mapping[str, Measure], naive: Mapping[str, Measure], seconds: float) -> dict[str, Any]:
    """naive: what a random split would have claimed; empty where there is one date only."""
    return {
        "seconds": round(seconds, 1),
        "naive": {metric: _rounded(naive[metric].value) for metric in SHOWN if metric in naive},
        "replicates": " ".join(f"{value:.5f}" for value in measures["average_precision"].replicates),
        "test": {
            metric: [_rounded(m.value), _rounded(m.low), _rounded(m.high)]
            for metric, m in measures.items()
            if metric in SHOWN
        },
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[*OURS, *OTHERS], help="families and libraries; all")
    parser.add_argument("--online-retail", type=Path, help="folder with its files by day, YYYY-MM-DD.csv")
    parser.add_argument("--credit-card", type=Path, help=f"CSV file: {CREDIT_CARD.source}")
    parser.add_argument("--telco", type=Path, help=f"CSV file: {TELCO.source}")
    parser.add_argument("--fresh", action="store_true", help="measure again what is kept")
    parser.add_argument(
        "--ablation", action="store_true", help="what groups of features are worth, by logistic regression"
    )
    parser.add_argument("--conf", default=str(CONF), help="with --ablation: another project; that of the demo")
    parser.add_argument("--as-of", type=date.fromisoformat, default=AS_OF, help="with --ablation: its as-of date")
    parser.add_argument("--page", action="store_true", help="only write the page of what is kept")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
