"""Which snapshots there are to train on."""

from datetime import UTC, date, datetime, timedelta

from churn_spark.definitions.project import Retention
from churn_spark.lineage.ledger import NOTHING, Entry, Ledger
from churn_spark.stages.training.snapshots import on_grid
from tests.stages.made_warehouse import FIRST, project_at


def test_snapshots_are_those_of_the_grid_that_have_matured_and_are_still_kept(tmp_path):
    project = project_at(tmp_path, retention=Retention(features_days=84))
    known = Ledger([Entry("a", "end", 1, "ingest", _day(400), datetime(2027, 1, 1, tzinfo=UTC), NOTHING)])
    # Every 28 days from the first; a label matures 28 days after its snapshot.
    assert on_grid(project, known, _day(84)) == (_day(0), _day(28), _day(56))
    assert on_grid(project, known, _day(85)) == (_day(28), _day(56))


def _day(number: int) -> date:
    return FIRST + timedelta(days=number)
