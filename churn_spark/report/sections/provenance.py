"""Where the figures come from, so that anyone can make them again or ask the tables themselves."""

from dataclasses import dataclass

from churn_spark.definitions.periods import listed
from churn_spark.report import metrics
from churn_spark.report.facts import Facts
from churn_spark.report.grid import Absent, Grid, grid
from churn_spark.report.risk_sums import scored_version
from churn_spark.report.section import Section
from churn_spark.report.shared_queries import MODEL_METRICS, RISKS
from churn_spark.report.words import day, decimal


@dataclass(frozen=True, slots=True)
class Provenance:
    """Facts by name, the last run of each job, and SQL to go on with."""

    facts: tuple[tuple[str, str], ...]
    runs: Grid | Absent
    sql: str
    shell: str


def provenance(facts: Facts) -> Provenance:
    """Run ids, versions, training window and a line of SQL."""
    run = facts.run
    named = [
        ("Project", f"{facts.project.name}, settings from {facts.project.origin}"),
        ("Settings hash", run.settings_hash),
        ("Code version", run.code_version),
        ("This report", run.run_id),
    ]
    if facts.score_run:
        named.append(("Scores", facts.score_run))
    shell = f'churn-spark sql {facts.arguments} "{_sql(facts, short=True)}"'
    return Provenance((*named, *_model(facts)), _runs(facts), _sql(facts), shell)


def _model(facts: Facts) -> list[tuple[str, str]]:
    champion = facts.champion
    if champion is None:
        return [("Model", "none in force")]
    named = [
        ("Model", f"{champion.name}, version {champion.version} ({champion.family.replace('_', ' ')})"),
        ("In force from", f"{day(champion.effective_from)}: {champion.reason}"),
    ]
    version = scored_version(facts)
    if version not in (None, champion.version):
        named.append(("Scored by", f"version {version}, another than the model in force"))
    if len(facts[MODEL_METRICS]):
        named.append(("Trained as of", day(champion.trained_on)))
    if snapshots := metrics.learnt_from(facts):
        first, last = snapshots[0], snapshots[-1]
        window = f"{first} to {last}, {len(snapshots)} snapshots" if first < last else f"one snapshot, {day(last)}"
        named.append(("Training window", window))
    if tested_on := metrics.tested_on(facts):
        named.append(("Untouched test", f"{listed(tested_on)}; measured before the refit that includes them"))
    return named


def _runs(facts: Facts) -> Grid | Absent:
    if not facts.runs:
        return Absent("The ledger holds no run that wrote something.")
    rows = (
        (run.job, day(run.as_of), f"{run.at:%Y-%m-%d %H:%M} UTC", decimal(run.seconds, 1), run.run_id,
         run.code_version, run.settings_hash, ", ".join(run.options))
        for run in facts.runs
    )  # fmt: skip
    headings = ("Job", "As of", "Ended", "Seconds", "Run", "Code", "Settings", "Options")
    return grid("The last run of each job that wrote something", headings, rows, words=(0, 1, 2, 4, 5, 6, 7))


def _sql(facts: Facts, short: bool = False) -> str:
    """The high tier of this date; short: in one line over the table's plain name, for the command line."""
    parts = (
        f"SELECT {'customer_id, risk' if short else 'risk_rank, customer_id, risk, value, expected_loss'}",
        f"FROM {'risk_scores' if short else facts.risk_table}",
        f"WHERE as_of_date = DATE'{facts.as_of.isoformat()}' AND tier = 'high'",
        "ORDER BY risk_rank",
    )
    return (" " if short else "\n").join(parts)


PROVENANCE = Section(
    "provenance",
    "Provenance",
    provenance,
    """
<dl class="statements">
{% for name, fact in content.facts %}
  <div><dt>{{ name }}</dt><dd><code>{{ fact }}</code></dd></div>
{% endfor %}
</dl>
<p>The high tier of this date, in Spark SQL:</p>
<pre><code>{{ content.sql }}</code></pre>
<p>Or on the command line:</p>
<pre><code>{{ content.shell }}</code></pre>
<details>
  <summary>Runs</summary>
  {{ table(content.runs) }}
</details>
""",
    (RISKS, MODEL_METRICS),
)
