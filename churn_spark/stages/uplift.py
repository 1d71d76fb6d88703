"""Uplift: for whom each action does more, learnt from what chance decided, and evaluated on customers not seen."""

import logging
from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.actions.comparable import PLAN, Side, Sides, comparable, sides
from churn_spark.actions.proportions import Arm, shrunk
from churn_spark.definitions.actions import Action
from churn_spark.definitions.errors import ModelError
from churn_spark.definitions.feedback import TOO_FEW
from churn_spark.definitions.periods import EVER, Days
from churn_spark.definitions.project import Project, Run
from churn_spark.definitions.settled import DIGITS
from churn_spark.lineage.ledger import Ledger
from churn_spark.models.uplift.learning import Learnt, learn, refused
from churn_spark.models.uplift.t_learner import written
from churn_spark.stages.snapshot_inputs import checkpointed
from churn_spark.stages.stage import Stage
from churn_spark.stages.training.snapshots import equal_features
from churn_spark.tables.catalog import Catalog
from churn_spark.tables.contracts.outcomes import OUTCOMES
from churn_spark.tables.contracts.snapshots import KEY, features
from churn_spark.tables.contracts.uplift import UPLIFT

log = logging.getLogger("churn_spark.uplift")

Row = dict[str, object]


def uplift(run: Run, project: Project, catalog: Catalog) -> None:
    """Write what is known of the uplift of each action of the playbook at the run's as-of date."""
    if project.interventions is None or not catalog.ledger.partitions(OUTCOMES.name):
        log.info("there are no outcomes of interventions yet, so there is nothing to learn from")
        return
    days = sorted({run.as_of, *(day for day in catalog.ledger.open(UPLIFT.name) if day and day <= run.as_of)})
    with catalog.transaction(run, {UPLIFT: days}) as tx:
        rows = [row for day in days for row in _rows(project, catalog, day)]
        tx.replace(UPLIFT, catalog.spark.createDataFrame(rows, UPLIFT.schema), days)
    for row in rows:
        log.info("uplift of %s at %s: %s: %s", row["action"], row["as_of_date"], row["verdict"], row["finding"])


def _rows(project: Project, catalog: Catalog, day: date) -> list[Row]:
    """A row for each action of the playbook."""
    assert project.interventions
    first = day - timedelta(days=project.feedback.window_days)
    known = comparable(catalog.read(OUTCOMES, Days(EVER, day)), day).where(F.col("as_of_date") >= F.lit(first))
    compared = checkpointed(known)
    counts = sides(compared)
    rows = []
    for action in project.interventions.actions:
        of, learnt = _learnt(project, catalog, compared, counts.get(action.name, Sides()), action)
        rows.append({"as_of_date": day, "action": action.name, **_counts(of), **_result(learnt)})
    return rows


def _learnt(project: Project, catalog: Catalog, compared: DataFrame, of: Sides, action: Action) -> tuple[Sides, Learnt]:
    """What is learnt of an action, and from how many; only customers whose features are still there teach."""
    least = project.feedback.least_uplift
    if why_not := refused(of, least):
        return of, why_not
    mine = compared.where(F.col(PLAN) == action.name)
    days = sorted(row[0] for row in mine.select("as_of_date").distinct().collect())
    try:
        used, _ = equal_features(project, catalog, days)
    except ModelError as error:
        return of, Learnt(TOO_FEW, str(error))
    snapshots = catalog.read(features(project.features), days).select(*KEY, *used)
    known = checkpointed(mine.join(snapshots, on=list(KEY), how="inner"))
    of = sides(known).get(action.name, Sides())
    if why_not := refused(of, least):
        return of, why_not
    share = shrunk(_arm(of.treated), _arm(of.control), action.effect, project.feedback.prior_customers)
    return of, learn(known, used, of, float(f"{share:.{DIGITS}g}"), project.training)


def _counts(of: Sides) -> Row:
    return {
        "treated": of.treated.customers,
        "control": of.control.customers,
        "treated_left": of.treated.left,
        "control_left": of.control.left,
    }


def _result(learnt: Learnt) -> Row:
    row: Row = dict.fromkeys(UPLIFT.names[UPLIFT.names.index("verdict") :])
    row |= {"verdict": learnt.verdict, "finding": learnt.finding}
    if learnt.evaluated and learnt.model and learnt.counted is not None and learnt.times is not None:
        found, seen = learnt.evaluated, learnt.counted
        row |= {"qini": found.qini.value, "qini_low": found.qini.low, "qini_high": found.qini.high}
        row |= {"gain": found.gain.value, "gain_low": found.gain.low, "gain_high": found.gain.high}
        row |= {"risk_qini": found.risk_qini.value, "slope": found.slope, "model": written(learnt.model)}
        bands = zip(seen.customers, seen.uplift, learnt.times, strict=True)
        row["bands"] = [(band, int(count), float(mean), float(x)) for band, (count, mean, x) in enumerate(bands)]
    return row


def _arm(side: Side) -> Arm:
    """The arm of customers who count by their weights, as in the measured effect."""
    left = side.squares_left
    return Arm(side.customers, side.weights, side.weights_left, nn=side.squares, ny=left, yy=left)


def _reads(project: Project, ledger: Ledger, output: str, day: date) -> dict[str, Days]:
    window = Days(day - timedelta(days=project.feedback.window_days), day)
    return {OUTCOMES.name: Days(EVER, day), features(project.features).name: window}


UPLIFT_STAGE = Stage(
    name="uplift",
    summary="Learn for whom each action does more, from customers whom chance treated or withheld.",
    work=uplift,
    writes=lambda project: (UPLIFT,),
    reads=_reads,
    schedule="0 8 * * 1",
    needed=lambda project: project.interventions is not None,
)
