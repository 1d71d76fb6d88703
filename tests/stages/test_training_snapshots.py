"""Which snapshots there are to train on."""

from datetime import date, timedelta

from churn_spark.definitions.project import Retention
from churn_spark.stages.training_snapshots import on_grid
from tests.stages.made_warehouse import FIRST, project_at


def test_snapshots_are_those_of_the_grid_that_have_matured_and_are_still_kept(tmp_path):
    project = project_at(tmp_path, retention=Retention(features_days=84))
    # Every 28 days from the first; a label matures 28 days after its snapshot.
    assert on_grid(project, _day(84)) == (_day(0), _day(28), _day(56))
    assert on_grid(project, _day(85)) == (_day(28), _day(56))


def _day(number: int) -> date:
    return FIRST + timedelta(days=number)
