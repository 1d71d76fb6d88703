"""Made facts of a grocer's project, as the report stage would hand them over."""

import math
import random
from datetime import UTC, date, datetime, timedelta

import pandas as pd

from churn_spark.definitions.features import Feature, FeatureSet, Snapshots
from churn_spark.definitions.modelling import Candidate, Scoring, Segmentation, Training
from churn_spark.definitions.periods import Periods
from churn_spark.definitions.project import Privacy, Project, Run, Warehouse
from churn_spark.definitions.rules import LabelRule, Population
from churn_spark.definitions.sources import Calendar, Category, Cleaning, Delivered, Measure, Source
from churn_spark.report.facts import COLUMNS, Champion, Done, Facts

AS_OF = date(2017, 12, 1)
TEST = (date(2017, 8, 4), date(2017, 9, 1), date(2017, 9, 29))
SNAPSHOTS = tuple(date(2017, 4, 14) + timedelta(days=28 * n) for n in range(7))
FEATURES = (
    "days_since_purchase_over_own_p90", "purchases_ewm_21d", "active_days_84d", "recency_56d", "weekly_slope_84d",
    "amount_sum_28d", "distinct_departments_56d", "tenure", "amount_mean_84d", "interval_median_168d",
)  # fmt: skip
REASONS = [
    ("purchases", "no_customer", 3904), ("purchases", "duplicate", 4872), ("purchases", "amount_negative", 116),
    ("coupons", "unparsable", 3),
]  # fmt: skip


COSTLIEST = [
    (31, "1204", 0.55, "high", 9000.0, 4950.0), (2, "77", 0.92, "high", 4000.0, 3680.0),
    (400, "15", 0.2, "medium", 9100.0, 1820.0),
]  # fmt: skip


def bare_facts() -> Facts:
    """A project without a single table."""
    return Facts(made_project(), made_run(), "--conf conf/grocer.yaml", "delta.`/data/risk_scores`")


def made_facts() -> Facts:
    """Facts with every table filled, the same each time."""
    rng = random.Random(7)
    segments = _segments(rng)
    risks = _risks(rng)
    return Facts(
        project=made_project(),
        run=made_run(),
        arguments="--conf conf/grocer.yaml",
        risk_table="delta.`/data/grocer/warehouse/risk_scores`",
        scored_dates=(date(2017, 11, 30), AS_OF),
        score_run="score-2017-12-01-5d1f0a2b9c3e",
        scored_version=4,
        champion=Champion(
            "grocer_churn", 4, "random_forest", date(2017, 11, 3), "average precision 0.431 against 0.418",
            date(2017, 11, 3), SNAPSHOTS, TEST,
        ),
        profiled_on=date(2017, 11, 24),
        cleaned_days=168,
        runs=tuple(_done(job) for job in ("ingest", "build_tiles", "build_features", "build_labels", "train", "score")),
        riskiest=_riskiest(rng),
        costliest=frame("costliest", COSTLIEST),
        risks=risks,
        segments=segments,
        centres=_centres(),
        snapshots=frame("snapshots", [_snapshot(n, day) for n, day in enumerate(SNAPSHOTS)]),
        metrics=made_metrics(),
        curves=_curves(),
        deliveries=_deliveries(),
        reasons=frame("reasons", REASONS),
        profile=_profile(),
        limits=frame("limits", [("purchases", "amount", 1_469_001, -4.5, 14.9, 3.11, 2.0, None)]),
        cleaned=frame("cleaned", [("purchases", "amount", 702_118, 1204, 40_811), ("coupons", "discount", 2102, 0, 0)]),
        history=frame("history", [("purchases", date(2017, 1, 1)), ("coupons", date(2017, 2, 24))]),
    )  # fmt: skip


def made_project() -> Project:
    """A grocer with purchases and coupons, loaded in bulk."""
    day = Delivered(history_until=date(2017, 11, 1), expected=Calendar(closed=(date(2017, 12, 25),)))
    purchases = Source(
        "purchases", "events", "csv", "purchases", (("amount", "double"),), "household", day,
        measures=(Measure("amount", "amount", 2, unit="USD", cleaning=Cleaning("median", outliers="clip")),),
        limits=(("no_customer", 0.3),),
    )  # fmt: skip
    coupons = Source(
        "coupons", "events", "csv", "coupons", (("discount", "double"),), "household", Delivered(),
        measures=(Measure("discount", "discount", 2),), categories=(Category("campaign", "campaign"),),
    )  # fmt: skip
    windowed = (
        *(Feature(f"count_{window}d", "purchases", "count", window=window) for window in (28, 84, 168, 364)),
        Feature("amount_sum_84d", "purchases", "sum", "amount", 84),
        Feature("redeemed_84d", "coupons", "count", window=84),
    )
    return Project(
        name="grocer",
        origin="conf/grocer.yaml",
        zone="America/New_York",
        warehouse=Warehouse("/data/grocer/warehouse"),
        privacy=Privacy(mode="none"),
        sources=(purchases, coupons),
        population=Population("active", ("purchases",), 56, 28),
        periods=Periods(7, 28, 2),
        label=LabelRule("inactivity", ("purchases",)),
        features=FeatureSet(windowed),
        snapshots=Snapshots(date(2017, 4, 14)),
        training=Training((Candidate("random_forest"), Candidate("logistic_regression")), exclude=("income",)),
        scoring=Scoring(value="amount_sum_84d * 365 / 84"),
        segmentation=Segmentation("recency_56d", "count_84d", "amount_sum_84d", clusters=3),
    )


def made_run() -> Run:
    return Run(
        "report", AS_OF, (AS_OF,), "report-2017-12-01-0a1b2c3d4e5f", "0.1.0+6fabf84b7a11", "9f8e7d6c5b4a3f2e",
        datetime(2017, 12, 1, 5, 0, tzinfo=UTC),
    )  # fmt: skip


def frame(name: str, rows: list) -> pd.DataFrame:
    """A frame of `Facts` from tuples."""
    return pd.DataFrame(rows, columns=list(COLUMNS[name]))


def made_metrics(baseline_auc: float = 0.745) -> pd.DataFrame:
    """Metrics of two families, two baselines and the naive split; `baseline_auc` is the best baseline's."""
    told = {
        "random_forest": (0.857, 0.431, 3.83, 0.383, 0.0874, 0.0142),
        "logistic_regression": (0.854, 0.428, 3.80, 0.380, 0.0878, 0.0150),
        "recency": (baseline_auc, 0.271, 2.6, 0.26, None, None),
        "ewm_active_days": (min(0.741, baseline_auc), 0.262, 2.5, 0.25, None, None),
    }
    names = (
        "roc_auc", "average_precision", "lift_at_decile", "recall_at_decile", "brier_score",
        "expected_calibration_error",
    )  # fmt: skip
    rows = []
    for model, values in told.items():
        version = 4 if model == "random_forest" else None
        for metric, value in zip(names, values, strict=True):
            if value is not None:
                ends = (None, None) if metric.startswith("expected") else (value * 0.983, value * 1.017)
                rows.append((version, model, "test", "all", metric, value, *ends))
    for metric, value in (("base_rate", 0.128), ("precision_at_decile", 0.49), ("log_loss", 0.2832), ("f1", 0.46)):
        rows.append((4, "random_forest", "test", "all", metric, value, value * 0.95, value * 1.05))
    for number, day in enumerate(TEST):
        for metric, value in (("roc_auc", 0.851 + number / 200), ("average_precision", 0.42), ("base_rate", 0.12)):
            rows.append((4, "random_forest", "test", day.isoformat(), metric, value, value * 0.97, value * 1.03))
    for scope, value in (("train", 0.921), ("fold", 0.861), ("naive", 0.899)):
        rows.append((None, "random_forest", scope, "all", "roc_auc", value, None, None))
        rows.append((None, "random_forest", scope, "all", "average_precision", value / 2, None, None))
    return frame("metrics", rows)


def _centres() -> pd.DataFrame:
    typical = {"recency_56d": (3.1, 8.4, 41.0), "count_84d": (61.0, 30.5, 6.2), "amount_sum_84d": (940.2, 402.0, 61.3)}
    return frame(
        "centres", [(str(n), name, value) for name, values in typical.items() for n, value in enumerate(values)]
    )


def _snapshot(n: int, day: date) -> tuple[date, int, int, int, str]:
    return day, 2200 - 9 * n, 2150 - 9 * n, 250 + 17 * (n % 4), "churned_in_gap 50"


def _riskiest(rng: random.Random) -> pd.DataFrame:
    rows = []
    for rank in range(1, 21):
        risk, value = 0.94 - rank * 0.011, rng.uniform(80, 4100)
        tier = "high"
        rows.append((rank, f"{rng.randint(1, 2500)}", risk, tier, str(rng.randint(0, 2)), value, risk * value))
    return frame("riskiest", rows)


def _risks(rng: random.Random) -> pd.DataFrame:
    sums: dict[tuple[str, int], list[float]] = {}
    for _ in range(2180):
        risk = min(0.94, rng.betavariate(0.5, 3.2))
        tier = "high" if risk > 0.52 else "medium" if risk > 0.2 else "low"
        value = rng.uniform(80, 4100)
        cell = sums.setdefault((tier, int(risk / 0.02)), [0, 0.0, 0.0, 0.0])
        for place, amount in enumerate((1, risk, value, risk * value)):
            cell[place] += amount
    return frame("risks", [(*key, *values) for key, values in sums.items()])


def _segments(rng: random.Random) -> pd.DataFrame:
    rows = []
    for segment in range(3):
        for recency in range(1, 6):
            for frequency in range(1, 6):
                customers = rng.randint(4, 60)
                risk = 0.5 * math.exp(-0.35 * recency - 0.2 * frequency) + 0.02 * segment
                value = customers * (3 - segment) * 700
                rows.append((str(segment), recency, frequency, customers, 2, risk * customers, value, value * risk))
    return frame("segments", rows)


def _curves() -> pd.DataFrame:
    rows = []
    powers = {"random_forest": 5.6, "logistic_regression": 5.3, "recency": 2.9, "ewm_active_days": 2.8}
    for model, power in powers.items():
        for n in range(101):
            x = n / 100
            y = x ** (1 / power)
            rows.append((model, "roc", n, x, y, 10, None))
            rows.append((model, "gain", n, x, min(1.0, x ** (1 / (power - 1))), 10, None))
            rows.append((model, "precision_recall", n, x, 0.128 + 0.75 * (1 - x) ** (9 / power), 10, None))
    for n in range(10):
        x = 0.005 + 0.06 * n + (0.1 if n == 9 else 0)
        rows.append(("random_forest", "reliability", n, x, x * (1.08 - n / 60), 640, None))
    for n, name in enumerate(FEATURES):
        rows.append(("random_forest", "importance", n, float(n), 0.24 * 0.8**n, None, name))
    return frame("curves", rows)


def _deliveries() -> pd.DataFrame:
    every = [date(2017, 1, 1) + timedelta(days=n) for n in range(334) if n != 200]
    return frame(
        "deliveries",
        [
            ("purchases", 333, 1_469_307, 1_460_415, 4020, 4872, 210_000_000, every[0], every[-1], every, 2, 1,
             "purchases/2017-03-02.csv", 870, 1000, ["note"]),
            ("coupons", 12, 2105, 2102, 3, 0, 90_000, date(2017, 2, 24), date(2017, 11, 30), [], 0, 0,
             "coupons/2017-05.csv", 3, 190, []),
        ],
    )  # fmt: skip


def _profile() -> pd.DataFrame:
    amount = {
        "rows": 1_460_415, "nulls": 1204, "distinct": 5381, "min": 0, "p05": 0.5, "p25": 1.29, "p50": 2, "p75": 3.49,
        "p95": 9.99, "max": 840, "mean": 3.11, "outliers": 84_112,
    }  # fmt: skip
    rows = [("purchases", "amount", statistic, value, None) for statistic, value in amount.items()]
    rows += [("coupons", "*", "rows", 2102, None), ("coupons", "campaign", "nulls", 0, None)]
    rows += [("coupons", "campaign", "distinct", 26, None), ("coupons", "campaign", "mode", None, "18")]
    return frame("profile", rows)


def _done(job: str) -> Done:
    at = datetime(2017, 12, 1, 4, 50, tzinfo=UTC)
    return Done(job, f"{job}-2017-12-01-5d1f0a2b9c3e", AS_OF, at, 12.3, "0.1.0+6fabf84b7a11", "9f8e7d6c5b4a3f2e")
