"""Made facts of a grocer's project, as the report stage would hand them over."""

import math
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pandas as pd

from churn_spark.definitions.columns import Category, Cleaning, Measure
from churn_spark.definitions.features import Feature, FeatureSet, Snapshots
from churn_spark.definitions.modelling import Candidate, Scoring, Segmentation, Training
from churn_spark.definitions.periods import Periods
from churn_spark.definitions.project import Privacy, Project, Run, Warehouse
from churn_spark.definitions.rules import LabelRule, Population
from churn_spark.definitions.sources import Calendar, Delivered, Source
from churn_spark.report.all_sections import queries
from churn_spark.report.facts import Champion, Done, Facts
from churn_spark.report.query import Available, Query
from churn_spark.report.sections.assumptions import HISTORY
from churn_spark.report.sections.checks import CHECKS
from churn_spark.report.sections.columns import CLEANED, LIMITS, PROFILE
from churn_spark.report.sections.customers import COSTLIEST, RISKIEST
from churn_spark.report.sections.health import SIGNALS
from churn_spark.report.sections.model import CURVES
from churn_spark.report.sections.rates import SNAPSHOTS
from churn_spark.report.sections.reasons import REASONS, SHARED
from churn_spark.report.sections.segments import CENTRES, SEGMENTS
from churn_spark.report.sections.selection import FEATURES as MODEL_FEATURES
from churn_spark.report.sections.survival import SURVIVAL
from churn_spark.report.shared_queries import DELIVERIES, MODEL_METRICS, RISKS

AS_OF = date(2017, 12, 1)
TEST = (date(2017, 8, 4), date(2017, 9, 1), date(2017, 9, 29))
MATURED = tuple(date(2017, 4, 14) + timedelta(days=28 * n) for n in range(7))
FEATURES = (
    "days_since_purchase_over_own_p90", "purchases_ewm_21d", "active_days_84d", "recency_56d", "weekly_slope_84d",
    "amount_sum_28d", "distinct_departments_56d", "tenure", "amount_mean_84d", "interval_median_168d",
)  # fmt: skip
REFUSED = [
    {"reason": "no_customer", "rows": 3900}, {"reason": "duplicate", "rows": 4872},
    {"reason": "no_customer", "rows": 4}, {"reason": "amount_negative", "rows": 116},
]  # fmt: skip


LOSSES = [
    (31, "1204", 0.55, "high", 9000.0, 4950.0), (2, "77", 0.92, "high", 4000.0, 3680.0),
    (400, "15", 0.2, "medium", 9100.0, 1820.0),
]  # fmt: skip


TREE = [
    ("recency_56d", 21.0, 0.13, 1000), ("plan = basic", 0.5, 0.08, 800), (None, math.nan, 0.05, 500),
    (None, math.nan, 0.13, 300), (None, math.nan, 0.33, 200),
]  # fmt: skip


def bare_facts() -> Facts:
    """A project without a single table."""
    there = Available(made_project(), AS_OF, lambda table: ())
    nothing = {query: query.empty() for query in queries()}
    return Facts(there, made_run(), "--conf conf/grocer.yaml", "delta.`/data/risk_scores`", frames=nothing)


def made_facts() -> Facts:
    """Facts with every table filled, the same each time."""
    rng = random.Random(7)
    segments = _segments(rng)
    risks = _risks(rng)
    dates = {"risk_scores": (date(2017, 11, 30), AS_OF), "data_profile": (date(2017, 11, 24),)}
    return Facts(
        available=Available(made_project(), AS_OF, lambda table: dates.get(table, ()), MATURED),
        run=made_run(),
        arguments="--conf conf/grocer.yaml",
        risk_table="delta.`/data/grocer/warehouse/risk_scores`",
        score_run="score-2017-12-01-5d1f0a2b9c3e",
        champion=Champion(
            "grocer_churn", 4, "random_forest", date(2017, 11, 3), "average precision 0.431 against 0.418",
            date(2017, 11, 3), "train-2017-11-03-5d1f0a2b9c3e", MATURED,
        ),
        runs=tuple(_done(job) for job in ("ingest", "build_tiles", "build_features", "build_labels", "train", "score")),
        frames={
            RISKIEST: _riskiest(rng),
            COSTLIEST: frame(COSTLIEST, LOSSES),
            RISKS: risks,
            SURVIVAL: made_survival(),
            REASONS: _reasons(),
            SHARED: frame(SHARED, [("count_28d", 61, 7.2), ("count_84d", 20, 1.1), ("amount_sum_84d", 70, 4.9)]),
            SEGMENTS: segments,
            CENTRES: _centres(),
            SNAPSHOTS: frame(SNAPSHOTS, [_snapshot(n, day) for n, day in enumerate(MATURED)]),
            MODEL_METRICS: made_metrics(),
            CURVES: _curves(),
            CHECKS: made_checks(),
            MODEL_FEATURES: made_features(),
            SIGNALS: made_signals(),
            DELIVERIES: _deliveries(),
            PROFILE: _profile(),
            LIMITS: frame(LIMITS, [("purchases", "amount", 1_469_001, -4.5, 14.9, 3.11, 2.0, None)]),
            CLEANED: frame(
                CLEANED, [("purchases", "amount", 702_118, 1204, 40_811), ("coupons", "discount", 2102, 0, 0)]
            ),
            HISTORY: frame(HISTORY, [("purchases", date(2017, 1, 1)), ("coupons", date(2017, 2, 24))]),
        },
    )  # fmt: skip


def made_survival() -> pd.DataFrame:
    """Mean survival by tier at two horizons."""
    means = {"high": (0.52, 0.31, 27.5), "medium": (0.8, 0.66, 41.2), "low": (0.97, 0.94, 54.6)}
    counts = {"high": 109, "medium": 436, "low": 1635}
    return frame(
        SURVIVAL,
        [
            (tier, days, counts[tier], at, mean[2])
            for tier, mean in means.items()
            for days, at in zip((28, 56), mean[:2], strict=True)
        ],
    )


def made_checks() -> pd.DataFrame:
    """What the training of the model in force was checked for, and a newer one that was refused."""
    trained = date(2017, 11, 3)
    mine = (trained, "train-2017-11-03-5d1f0a2b9c3e", 4)
    newer = (date(2017, 11, 24), "train-2017-11-24-1", 5)
    worse = "average precision 0.401 against 0.431 of version 4 in force"
    return frame(
        CHECKS,
        [
            (*mine, "floor", "roc_auc", "passed", "roc auc 0.857 on the test is at least 0.65, its floor"),
            (*newer, "champion", "version 4", "refused", worse),
        ],
    )


def made_signals() -> pd.DataFrame:
    """What monitoring saw on the date: a feature that drifted, a source that is late, a segment of too few."""
    on = date(2017, 12, 1)
    well = [(on, "psi", name, "ok", 0.01 + n / 100, f"{name} is as before", None) for n, name in enumerate(FEATURES)]
    return frame(
        SIGNALS,
        [
            *well,
            (on, "psi", "visits_28d", "act", 0.61, "visits_28d is distributed otherwise", "train a new model"),
            (on, "freshness", "coupons", "warn", 9.0, "the newest delivery is 8 days behind", "ask who delivers it"),
            (on, "roc_auc", "segment 3", "unknown", None, "too few to say", None),
            (on, "overall", "all", "act", None, "1 figures are at act: psi of visits_28d", "look at the data first"),
        ],
    )


def made_features() -> pd.DataFrame:
    """Features that the model in force reads, and some that a selection or the configuration ruled out."""
    twin = "correlates with amount_sum_28d (0.981, at most 0.95), which is more associated with the label"
    return frame(
        MODEL_FEATURES,
        [
            *((name, True, None, None, 0.3 - n / 50, 1.0) for n, name in enumerate(FEATURES)),
            ("amount_sum_56d", False, "correlation", twin, 0.21, 0.333),
            ("income", False, "unusable", "excluded by the configuration", None, None),
        ],
    )


def changed(facts: Facts, frames: Mapping[Query, pd.DataFrame]) -> Facts:
    """The same facts with other frames of some queries."""
    return replace(facts, frames={**facts.frames, **frames})


def in_project(facts: Facts, project: Project) -> Facts:
    """The same facts of another project."""
    return replace(facts, available=replace(facts.available, project=project))


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


def frame(query: Query, rows: list) -> pd.DataFrame:
    """A frame of a query from tuples."""
    return pd.DataFrame(rows, columns=list(query.columns))


def made_metrics(baseline_auc: float = 0.745) -> pd.DataFrame:
    """Metrics of two families, two baselines and the naive split; `baseline_auc` is the best baseline's."""
    measured = {
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
    roles = {"random_forest": "champion", "logistic_regression": "candidate"}
    for model, values in measured.items():
        version, role = (4 if model == "random_forest" else None), roles.get(model, "baseline")
        for metric, value in zip(names, values, strict=True):
            if value is not None:
                ends = (None, None) if metric.startswith("expected") else (value * 0.983, value * 1.017)
                rows.append((version, model, role, "test", "all", metric, value, *ends))
    for metric, value in (("base_rate", 0.128), ("precision_at_decile", 0.49), ("log_loss", 0.2832), ("f1", 0.46)):
        rows.append((4, "random_forest", "champion", "test", "all", metric, value, value * 0.95, value * 1.05))
    for number, day in enumerate(TEST):
        for metric, value in (("roc_auc", 0.851 + number / 200), ("average_precision", 0.42), ("base_rate", 0.12)):
            rows.append(
                (4, "random_forest", "champion", "test", day.isoformat(), metric, value, value * 0.97, value * 1.03)
            )
    for scope, value in (("train", 0.921), ("fold", 0.861), ("naive", 0.899)):
        rows.append((4, "random_forest", "champion", scope, "all", "roc_auc", value, None, None))
        rows.append((4, "random_forest", "champion", scope, "all", "average_precision", value / 2, None, None))
    for number, value in ((0, 0.83), (2, 0.79), (10, 0.71)):
        rows.append(
            (4, "random_forest", "champion", "test", f"segment {number}", "roc_auc", value, value - 0.1, value + 0.1)
        )
    for family, role, precision in (("random_forest", "champion", 0.425), ("logistic_regression", "candidate", 0.421)):
        version = 4 if role == "champion" else None
        for segment, moved in (("all", 0.0), ("2017-06-09", -0.01), ("2017-07-07", 0.01)):
            value = precision + moved
            rows.append(
                (version, family, role, "backtest", segment, "average_precision", value, value - 0.05, value + 0.05)
            )
    for features, value in ((20, 0.433), (12, 0.432), (10, 0.431), (5, 0.4)):
        measured = ("average_precision", value, value - 0.02, value + 0.02)
        rows.append((None, "logistic_regression", "candidate", "selection", str(features), *measured))
    rows.append((None, "logistic_regression", "candidate", "selection", "chosen", "features", 10.0, None, None))
    return frame(MODEL_METRICS, rows)


def _centres() -> pd.DataFrame:
    typical = {"recency_56d": (3.1, 8.4, 41.0), "count_84d": (61.0, 30.5, 6.2), "amount_sum_84d": (940.2, 402.0, 61.3)}
    return frame(CENTRES, [(str(n), name, value) for name, values in typical.items() for n, value in enumerate(values)])


def _snapshot(n: int, day: date) -> tuple[date, int, int, int, str]:
    return day, 2200 - 9 * n, 2150 - 9 * n, 250 + 17 * (n % 4), "churned_in_gap 50"


def _riskiest(rng: random.Random) -> pd.DataFrame:
    rows = []
    for rank in range(1, 21):
        risk, value = 0.94 - rank * 0.011, rng.uniform(80, 4100)
        tier = "high"
        rows.append((rank, f"{rng.randint(1, 2500)}", risk, tier, str(rng.randint(0, 2)), value, risk * value))
    return frame(RISKIEST, rows)


def _reasons() -> pd.DataFrame:
    said = [
        ("count_28d", 0.21, "purchases in 28 days: 0 against 8 typical"),
        ("amount_sum_84d", 0.08, "amount of purchases in 84 days: 41 USD against 402 typical"),
        ("redeemed_84d", -0.02, "coupons in 84 days: 3 against 0 typical"),
        ("other", 0.01, "everything else together"),
    ]
    ranks = ((rank, f"{1000 + rank}", 0.9 - rank / 100, "probability", True) for rank in range(1, 11))
    return frame(REASONS, [(*who, place, *why) for who in ranks for place, why in enumerate(said)])


def _risks(rng: random.Random) -> pd.DataFrame:
    sums: dict[tuple[str, int], list[float]] = {}
    for _ in range(2180):
        risk = min(0.94, rng.betavariate(0.5, 3.2))
        tier = "high" if risk > 0.52 else "medium" if risk > 0.2 else "low"
        value = rng.uniform(80, 4100)
        cell = sums.setdefault((tier, int(risk / 0.02)), [0, 0.0, 0.0, 0.0])
        for place, amount in enumerate((1, risk, value, risk * value)):
            cell[place] += amount
    return frame(RISKS, [(*key, *values, 4, False) for key, values in sums.items()])


def _segments(rng: random.Random) -> pd.DataFrame:
    rows = []
    for segment in range(3):
        for recency in range(1, 6):
            for frequency in range(1, 6):
                customers = rng.randint(4, 60)
                risk = 0.5 * math.exp(-0.35 * recency - 0.2 * frequency) + 0.02 * segment
                value = customers * (3 - segment) * 700
                rows.append((str(segment), recency, frequency, customers, 2, risk * customers, value, value * risk))
    return frame(SEGMENTS, rows)


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
    for n, name in enumerate(FEATURES[:5]):
        for tenth in range(10):
            added = 0.02 * (5 - n) * (tenth / 9 - 0.4)
            rows.append(("random_forest", "dependence_in_probability", 10 * n + tenth, 3.0 * tenth, added, 500, name))
    for n, (name, threshold, share, customers) in enumerate(TREE):
        rows.append(("decision_tree", "tree", n, threshold, share, customers, name))
    return frame(CURVES, rows)


def _deliveries() -> pd.DataFrame:
    every = [date(2017, 1, 1) + timedelta(days=n) for n in range(334) if n != 200]
    return frame(
        DELIVERIES,
        [
            ("purchases", 333, 1_469_307, 1_460_415, 4020, 4872, 0, 0, 210_000_000, every[0], every[-1], every, 2, 1,
             "purchases/2017-03-02.csv", 870, 1000, REFUSED, ["note"]),
            ("coupons", 12, 2110, 2102, 3, 0, 1, 4, 90_000, date(2017, 2, 24), date(2017, 11, 30), [], 0, 0,
             "coupons/2017-05.csv", 3, 190, [{"reason": "unparsable", "rows": 3}], []),
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
    return frame(PROFILE, rows)


def _done(job: str) -> Done:
    at = datetime(2017, 12, 1, 4, 50, tzinfo=UTC)
    return Done(job, f"{job}-2017-12-01-5d1f0a2b9c3e", AS_OF, at, 12.3, "0.1.0+6fabf84b7a11", "9f8e7d6c5b4a3f2e")
