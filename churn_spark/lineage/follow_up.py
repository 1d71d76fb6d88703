"""How long after a snapshot it is known who stayed: for durations, which look beyond the performance window."""

from collections.abc import Iterator
from datetime import date, timedelta

from churn_spark.definitions.project import Project
from churn_spark.definitions.sources import Source
from churn_spark.lineage.acceptance import accepted_dates
from churn_spark.lineage.ledger import Ledger
from churn_spark.lineage.maturity import completed, label_sources, last_labelled


def followed_until(project: Project, ledger: Ledger, day: date, as_of: date) -> date:
    """The first day from a snapshot on of which a decision at an as-of date does not know everything.

    The rules are those of the maturity of labels: a day is known `lateness` days after the morning that follows it, and
    not before its deliveries are; a day that is missing or incomplete ends what can be followed, and so does the end of
    the data.
    """
    ends = [completed(ledger, as_of) - timedelta(days=project.periods.lateness)]
    if (last := last_labelled(project, ledger)) < date.max:
        ends.append(last + timedelta(days=project.periods.gap + project.periods.performance))
    for source in label_sources(project):
        ends += (unknown for unknown in _unknown(ledger, source, as_of) if unknown >= day)
    return min(ends)


def _unknown(ledger: Ledger, source: Source, as_of: date) -> Iterator[date]:
    """The nominal dates of a source that were accepted as missing or incomplete, or became known after a date."""
    delivered, expected = ledger.nominal_dates(source.name), source.delivered.expected
    for gone in accepted_dates(ledger, source) - delivered.keys():
        if expected is None or expected.expects(gone):
            yield gone
    for nominal, noted in delivered.items():
        if noted.incomplete or (noted.known is not None and noted.known > as_of):
            yield nominal
