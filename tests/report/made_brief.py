"""A made brief: the grocer's facts with alerts, interventions, effects and monitoring of the date."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pandas as pd

from churn_spark.definitions.actions import Action, Interventions
from churn_spark.report.brief.all_sections import SECTIONS
from churn_spark.report.brief.effect import MEASURED, UPLIFT
from churn_spark.report.brief.queries import ALERTED, AT_RISK, BEFORE, MOVERS, PLANNED
from churn_spark.report.facts import Facts
from churn_spark.report.page import BRIEF, page
from churn_spark.report.query import Query
from churn_spark.report.sections.health import SIGNALS
from churn_spark.report.shared_queries import RISKS
from tests.report.made_facts import AS_OF, frame, in_project, made_facts

LAST = date(2017, 11, 30)
REASONS = [
    "days since the last purchase: 34 against 6 typical",
    "amount of purchases in 28 days: 0 USD against 55 typical",
]


def brief(facts: Facts) -> str:
    return page(facts, SECTIONS, BRIEF)


def made_brief() -> Facts:
    """The grocer's facts with alerts and interventions of the date."""
    report = made_facts()
    known = report.available.dates
    there = {"alerts": (AS_OF,), "interventions": (AS_OF,)}
    playbook = Interventions((Action("coupon", "email", 5, 0.1), Action("call", "phone", 12, 0.2)))
    project = replace(report.project, interventions=playbook)
    facts = in_project(
        replace(report, available=replace(report.available, dates=lambda t: there.get(t) or known(t))), project
    )
    return replace(facts, frames={RISKS: report[RISKS], **_frames()})


def _frames() -> Mapping[Query, pd.DataFrame]:
    return {
        BEFORE: frame(BEFORE, [(LAST, "high", 101, 61.2, 40_100.0), (LAST, "low", 1900, 150.0, 160_000.0)]),
        ALERTED: frame(
            ALERTED,
            [
                ("high_risk", "others", None, 17, 17, 9000.0), ("high_risk", "premium", None, 8, 8, 7000.0),
                ("risk_jump", "others", None, 3, 3, 800.0), ("high_risk", "others", "cooldown", 71, 71, 30_000.0),
                ("high_risk", "others", "control", 2, 2, 500.0),
            ],
        ),
        AT_RISK: frame(
            AT_RISK,
            [
                ("1204", ["high_risk"], "high", 0.55, 31, 9000.0, 4950.0, REASONS),
                ("77", ["high_risk", "risk_jump"], "high", 0.92, 2, 4000.0, 3680.0, REASONS[:1]),
                ("15", ["risk_jump"], "medium", 0.2, 400, 9100.0, 1820.0, None),
            ],
        ),
        MOVERS: frame(MOVERS, [("77", 0.31, 0.92, "high", REASONS), ("15", 0.05, 0.2, "medium", None)]),
        PLANNED: frame(
            PLANNED,
            [
                ("coupon", "treated", 15, 75.0, 410.0, "email"), ("call", "treated", 5, 60.0, 380.0, "phone"),
                ("coupon", "control", 2, 0.0, 50.0, None), ("call", "explore", 1, 12.0, None, "phone"),
                (None, "none", 3, 0.0, None, None),
            ],
        ),
        UPLIFT: frame(UPLIFT, [("coupon", "better than chance")]),
        MEASURED: frame(
            MEASURED,
            [
                ("coupon", 1202, 131, 0.1, 0.031, 0.004, 0.062, 4100.0, "works"),
                ("call", 40, 6, None, None, None, None, None, "too few to say"),
            ],
        ),
        SIGNALS: frame(
            SIGNALS,
            [
                (AS_OF, "overall", "all", "warn", None, "1 signal warns", None),
                (AS_OF, "volume", "coupons", "warn", 0.4, "coupons: 40 % of the usual rows", "look at its deliveries"),
                (AS_OF, "psi", "recency_56d", "ok", 0.01, "stable", None),
            ],
        ),
    }  # fmt: skip
