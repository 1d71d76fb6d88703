"""The model card: what a model is for, what it learnt from, what it is worth and where it ends, for people to read.

After M. Mitchell et al., Model Cards for Model Reporting (2019).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from churn_spark.definitions.periods import Periods, listed
from churn_spark.definitions.project import Project
from churn_spark.definitions.rules import LabelRule, Population
from churn_spark.models.measures import Measure
from churn_spark.models.split import Split
from churn_spark.models.trial import Trial


@dataclass(frozen=True, slots=True)
class Facts:
    """What a card tells beside the project's own words.

    features: used, with definition hash. left_out: with the reason. counts: rows and churners. baselines: their
    measures on the test. naive: the measures a random split would have claimed. drift: of the refitted model's scores,
    on `population`.
    """

    as_of: date
    split: Split
    features: Mapping[str, str]
    left_out: Mapping[str, str]
    counts: Mapping[str, int]
    reason: str
    baselines: Mapping[str, Mapping[str, Measure]]
    naive: Mapping[str, Measure]
    drift: float
    population: date
    code_version: str


def card(project: Project, trial: Trial, facts: Facts) -> str:
    """The card as Markdown."""
    sections = (
        _purpose(project, trial, facts),
        _data(project, facts),
        _metrics(trial, facts),
        _training(project, trial, facts),
        _features(facts),
        _limits(project, trial),
    )
    return "\n\n".join(sections) + "\n"


def _purpose(project: Project, trial: Trial, facts: Facts) -> str:
    return f"""# {project.model_name}: {trial.tuned.family.replace("_", " ")}

Trained at as-of date {facts.as_of} by code {facts.code_version}; chosen for {facts.reason}.

**For**: ranking the customers of {project.name} by their risk of churn, and telling the probability, so that those
worth keeping can be contacted in time. **Not for**: other populations, other definitions of churn, or decisions about
people beyond whom to contact."""


def _data(project: Project, facts: Facts) -> str:
    split = facts.split
    purged = f"\n- Neither (label not yet known at the first test snapshot): {listed(split.purged)}"
    tested = f"{facts.counts['test_rows']:,} rows, {facts.counts['test_churners']:,} churners"
    return f"""## Population, label, data

- Population: {_population(project.population)}
- Churn: {_label(project.label, project.periods)}
- Snapshots that taught the tested model: {listed(split.train)} ({facts.counts["train_rows"]:,} rows,
  {facts.counts["train_churners"]:,} churners)
- Untouched test: {listed(split.test)} ({tested}){purged if split.purged else ""}
- Snapshots that taught the deployed model: {listed(split.refit)}"""


def _metrics(trial: Trial, facts: Facts) -> str:
    columns = [("test", trial.test), *facts.baselines.items(), ("rows split at random (do not trust)", facts.naive)]
    head = "| metric | " + " | ".join(name for name, _ in columns) + " |"
    rule = "|---" * (len(columns) + 1) + "|"
    rows = [
        f"| {name.replace('_', ' ')} | " + " | ".join(_told(measures.get(name)) for _, measures in columns) + " |"
        for name in trial.test
    ]
    days = [name for name in trial.measures if name != "all"]
    shown = ("base_rate", "roc_auc", "average_precision", "lift_at_decile")
    titles = " | ".join(name.replace("_", " ") for name in shown)
    by_day = [f"| snapshot | {titles} |", "|---" * (len(shown) + 1) + "|"]
    by_day += [f"| {day} | " + " | ".join(_told(trial.measures[day][name]) for name in shown) + " |" for day in days]
    return "\n".join(
        [
            "## Metrics on the untouched test\n",
            "With 95 % intervals by bootstrap over customers. They belong to the tested model; the deployed one learnt"
            f" the same way from all matured snapshots, and its scores on the population of {facts.population} differ"
            f" from the tested one's by a population stability index of {facts.drift:.3f}.\n",
            head,
            rule,
            *rows,
            "",
            *by_day,
        ]
    )


def _training(project: Project, trial: Trial, facts: Facts) -> str:
    tuned = trial.tuned
    tried = "\n".join(f"- {point}: {score:.4f}" for point, score in tuned.scores.items())
    losses = ", ".join(f"{method} {loss:.4f}" for method, loss in tuned.calibration_losses.items())
    parameters = ", ".join(f"{name} {value:g}" for name, value in tuned.parameters.items())
    return f"""## Training

Parameters: {parameters}; seed {project.training.seed}. Chosen by {project.training.metric.replace("_", " ")} over
{project.training.folds} folds grouped by customer, dates mixed (not performance figures):

{tried}

Calibration: {tuned.calibrator.method}, by cross-validated log loss ({losses}). Ranks are by the raw score. F1 and
accuracy call churners from a raw score of {tuned.threshold:.4f} on, the best F1 out of fold."""


def _features(facts: Facts) -> str:
    out = "\n".join(f"- left out: {name}: {reason}" for name, reason in sorted(facts.left_out.items()))
    used = ", ".join(f"{name} ({known})" for name, known in facts.features.items())
    return f"## Features\n\n{len(facts.features)} used (definition hash): {used}" + (f"\n\n{out}" if out else "")


def _limits(project: Project, trial: Trial) -> str:
    rate = trial.test["base_rate"].value
    return f"""## Limits

- Figures hold for the test's weeks; seasons, prices and campaigns move base rates (here {rate:.1%} churned).
- {len(project.training.candidates)} candidates were compared on this test: the winner's figure is a little flattered.
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
    return f"an event of {sources}{f' with {rule.filter}' if rule.filter else ''} {when}"


def _told(measure: Measure | None) -> str:
    if measure is None:
        return ""
    interval = "" if measure.low is None else f" ({measure.low:.3f} to {measure.high:.3f})"
    return f"{measure.value:.3f}{interval}"


def candidates_text(trials: Sequence[Trial]) -> str:
    """One line a candidate for the log: family, parameters, test figures."""
    return "; ".join(
        f"{trial.tuned.family} ROC AUC {_told(trial.test['roc_auc'])}, average precision"
        f" {_told(trial.test['average_precision'])}"
        for trial in trials
    )
