"""The model card: what a model is for, what it learnt from, what it is worth and where it ends, for people to read.

After M. Mitchell et al., Model Cards for Model Reporting (2019).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from churn_spark.definitions.periods import Periods, listed
from churn_spark.definitions.project import Project
from churn_spark.definitions.rules import LabelRule, Population
from churn_spark.models.choice import as_text
from churn_spark.models.measures import Measure
from churn_spark.models.split import Split
from churn_spark.models.trial import Trial
from churn_spark.models.tuning import Tuned


@dataclass(frozen=True, slots=True)
class Facts:
    """What a card says beside the project's own configuration.

    features: used, with definition hash. left_out: with the reason. counts: rows and churners. baselines: their
    measures on the test. naive: the measures a random split would have claimed. plain: those on the test with the
    customers who were acted upon, where there are any. moved: how far the refitted model's
    scores lie from the tested one's on `population`. substitutes: a sentence about baselines of other sources than the
    label's, if there are any. weaknesses: why the model is not good enough to be in force, where that was accepted.
    checks: what the gate and the checks of the data found, a line each.
    """

    as_of: date
    split: Split
    features: Mapping[str, str]
    left_out: Mapping[str, str]
    counts: Mapping[str, int]
    reason: str
    baselines: Mapping[str, Mapping[str, Measure]]
    naive: Mapping[str, Measure]
    plain: Mapping[str, Measure]
    moved: str
    population: date
    code_version: str
    substitutes: str = ""
    weaknesses: Sequence[str] = ()
    checks: Sequence[str] = ()


def card(project: Project, trial: Trial, facts: Facts) -> str:
    """The card as Markdown."""
    sections = (
        _purpose(project, trial, facts),
        _data(project, facts),
        _metrics(trial, facts),
        *([_checks(facts)] if facts.checks else []),
        _training(project, trial, facts),
        _features(facts),
        _limits(project, trial),
    )
    return "\n\n".join(sections) + "\n"


def _purpose(project: Project, trial: Trial, facts: Facts) -> str:
    return f"""# {project.model_name}: {trial.tuned.family.replace("_", " ")}

Trained at as-of date {facts.as_of} by code {facts.code_version}; chosen for {facts.reason}.
{_warned(trial, facts)}
**For**: ranking the customers of {project.name} by their risk of churn and estimating its probability, so that
those worth keeping can be contacted in time. **Not for**: other populations, other definitions of churn, or decisions
about people beyond whom to contact."""


def _warned(trial: Trial, facts: Facts) -> str:
    """What must be read before everything else."""
    warnings = [f"it {clause}" for clause in facts.weaknesses]
    if trial.tuned.calibrator.flat:
        warnings.append("its score does not order the folds, so everybody has the same risk: the base rate")
    return f"\n**Do not rely on it**: {'; '.join(warnings)}.\n" if warnings else ""


def _data(project: Project, facts: Facts) -> str:
    split = facts.split
    if not split.temporal:
        return _one_date(project, facts)
    purged = f"\n- Neither (label not yet known at the first test snapshot): {listed(split.purged)}"
    tested = _counted(facts.counts, "test")
    return f"""## Population, label, data

- Population: {_population(project.population)}
- Churn: {_label(project.label, project.periods)}
- Training snapshots of the tested model: {listed(split.train)} ({_counted(facts.counts, "train")})
- Untouched test: {listed(split.test)} ({tested}){purged if split.purged else ""}
- Training snapshots of the deployed model: {listed(split.refit)}"""


def _counted(counts: Mapping[str, int], part: str) -> str:
    rows, churners, customers = (counts[f"{part}_{name}"] for name in ("rows", "churners", "customers_left"))
    return f"{rows:,} rows, {churners:,} of them churners ({customers:,} customers)"


def _one_date(project: Project, facts: Facts) -> str:
    counts, day = facts.counts, facts.split.test[0]
    return f"""## Population, label, data

- **Not temporal**: the data have one date, {day}. The test is customers held out of it, not later dates.
- Population: {_population(project.population)}
- Label: {_label(project.label, project.periods)}
- Training customers of the tested model: {counts["train_rows"]:,}, {counts["train_churners"]:,} of them churners
- Customers held out for the untouched test: {counts["test_rows"]:,}, {counts["test_churners"]:,} of them churners
- The deployed model learnt from both, and scores them too"""


def _metrics(trial: Trial, facts: Facts) -> str:
    temporal = facts.split.temporal
    tested = "test" if temporal else "customers held out (not temporal)"
    learnt = "all matured snapshots" if temporal else "all customers with a label"
    columns = [(tested, trial.test), *facts.baselines.items()]
    if facts.naive:
        columns.append(("rows split at random (do not trust)", facts.naive))
    if facts.plain:
        columns.append(("test with those acted upon", facts.plain))
    head = "| metric | " + " | ".join(name for name, _ in columns) + " |"
    rule = "|---" * (len(columns) + 1) + "|"
    rows = [
        f"| {name.replace('_', ' ')} | " + " | ".join(as_text(measures.get(name)) for _, measures in columns) + " |"
        for name in trial.test
    ]
    days = [name for name in trial.measures if name != "all"]
    shown = ("base_rate", "roc_auc", "average_precision", "lift_at_decile")
    titles = " | ".join(name.replace("_", " ") for name in shown)
    by_day = [f"| snapshot | {titles} |", "|---" * (len(shown) + 1) + "|"]
    by_day += [f"| {day} | " + " | ".join(as_text(trial.measures[day][name]) for name in shown) + " |" for day in days]
    return "\n".join(
        [
            "## Metrics on the untouched test\n",
            "With 95 % intervals by bootstrap over customers. They belong to the tested model; the deployed one learnt"
            f" the same way from {learnt}, and its scores on the population of {facts.population} moved:"
            f" {facts.moved}.\n",
            head,
            rule,
            *rows,
            "",
            *([f"{facts.substitutes}\n"] if facts.substitutes else []),
            *by_day,
        ]
    )


def _checks(facts: Facts) -> str:
    return "## Checks\n\n" + "\n".join(f"- {line}" for line in facts.checks)


def _training(project: Project, trial: Trial, facts: Facts) -> str:
    tuned = trial.tuned
    mixed = ", dates mixed" if facts.split.temporal else ""
    tried = "\n".join(f"- {point}: {score:.4f}" for point, score in tuned.scores.items())
    ties = ", of those within one standard error of the best the simplest" if len(tuned.scores) > 1 else ""
    losses = ", ".join(f"{method} {loss:.4f}" for method, loss in tuned.calibration_losses.items())
    parameters = ", ".join(f"{name} {value:g}" for name, value in tuned.parameters.items())
    return f"""## Training

Parameters: {parameters}; seed {project.training.seed}. Chosen by {project.training.metric.replace("_", " ")} over
{project.training.folds} folds grouped by customer{mixed}{ties} (not performance figures):

{tried}

{_backtest(trial)}Calibration: {tuned.calibrator.method}, by cross-validated log loss ({losses}). Ranks are by the
raw score.

{_threshold(project, tuned)}"""


def _backtest(trial: Trial) -> str:
    """How the snapshots of the walk-forward backtest were ranked; empty without one."""
    lines = [
        f"- {day}: ROC AUC {as_text(measures['roc_auc'])}, average precision {as_text(measures['average_precision'])}"
        for day, measures in trial.backtest.items()
        if day != "all"
    ]
    if not lines:
        return ""
    return "\n".join(["Walk-forward backtest, each learnt from what had matured by then:\n", *lines]) + "\n\n"


def _threshold(project: Project, tuned: Tuned) -> str:
    """From where on a customer is called a churner, and why from there."""
    economics = project.training.economics
    name, score = next(iter(tuned.thresholds.items()))
    risk = as_text(tuned.thresholds["threshold_risk"])
    if economics is None or name == "threshold_by_f1":
        return (
            f"Threshold of precision, recall, F1 and accuracy: a raw score of {tuned.threshold:.4f}, a risk of {risk},"
            " the best F1 out of fold. Economics are not configured, so it knows nothing of money."
        )
    known = f" (standard deviation {economics.deviation:g})" if economics.deviation else ""
    assumed = (
        f"Assumed: a leaver who stays is worth {economics.value}; a contact costs {economics.contact_cost:g}, an"
        f" incentive taken {economics.incentive_cost:g}; {economics.acceptance:g}{known} of the leavers contacted take"
        " it and stay; all stayers take it. None of it was measured. Profit is per customer of the population."
    )
    if math.isnan(score.value):
        return f"Threshold: none, as no contact pays out of fold. {assumed}"
    return (
        f"Threshold: a raw score of {score.value:.4f}, a risk of {risk}, which brings the highest profit out of fold."
        f" {assumed}"
    )


def _features(facts: Facts) -> str:
    out = "\n".join(f"- left out: {name}: {reason}" for name, reason in sorted(facts.left_out.items()))
    used = ", ".join(f"{name} ({known})" for name, known in facts.features.items())
    return f"## Features\n\n{len(facts.features)} used (definition hash): {used}" + (f"\n\n{out}" if out else "")


def _limits(project: Project, trial: Trial) -> str:
    rate = trial.test["base_rate"].value
    walked = " and in the backtest" if trial.backtest else ""
    valid_for = "the test's weeks" if project.temporal else "the one date there is"
    return f"""## Limits

- The figures are valid for {valid_for}; seasons, prices and campaigns move base rates (here {rate:.1%} churned).
- The winner was chosen over the folds{walked}: the test chose nothing. It only measures, and keeps out a model
  that is no better than chance or than a score without fitting.
- Customers who were contacted because of earlier scores are in the data; what contacting did is not modelled here.
- The calibration was learnt on the tested model's out-of-fold scores and is used unchanged for the deployed one."""


def _population(population: Population) -> str:
    if population.by == "contract":
        return f"customers for whom {population.expression}"
    tenure = f", first seen at least {population.tenure_days} days ago" if population.tenure_days else ""
    return f"customers with an event in {', '.join(population.sources)} within the last {population.days} days{tenure}"


def _label(rule: LabelRule, periods: Periods) -> str:
    when = f"in the {periods.performance} days from {periods.gap} days after the as-of date"
    sources = ", ".join(rule.sources)
    if rule.rule == "inactivity":
        return f"no event in {sources} {when}"
    if rule.rule == "decline":
        base = f"{rule.ratio:g} times that of the {rule.base_days} days before"
        return f"{rule.measure} of {sources} a day below {base}, {when}"
    if rule.rule == "column":
        return f"{rule.attribute} of {sources} says so, as known on the as-of date"
    if rule.rule == "attribute":
        return f"the date in {rule.attribute} of {sources} lies {when}"
    return f"an event of {sources}{f' with {rule.filter}' if rule.filter else ''} {when}"
