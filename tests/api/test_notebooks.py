"""The notebooks run from top to bottom: their code cells, in the tests' session, on a corner shop and some receipts."""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def code(name):
    notebook = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


@pytest.fixture
def run():
    """Run a notebook without a window: other values for what its first cell sets, then all other cells.

    Returns the names it leaves, and how many pictures it drew.
    """
    plt.switch_backend("agg")

    def run(name, **changes):
        first, *rest = ("".join(cell["source"]) for cell in code(name))
        known = {}
        exec(first, known)
        assert changes.keys() <= known.keys()
        known |= changes
        for source in rest:
            exec(compile(source, f"{name}.ipynb", "exec"), known)
        return known, len(plt.get_fignums())

    yield run
    plt.close("all")


def test_first_look(spark, scored, run):
    known, pictures = run("first_look", conf=scored)
    assert len(known["risks"]) == known["status"].tables.set_index("table").rows["risk_scores"]
    assert 0 < known["bars"].left.mean() < 1
    assert pictures == 3


def test_own_features(spark, run):
    known, pictures = run("own_features", share_of_households=0.01)
    assert known["november"].sales_value.sum() == pytest.approx(known["computed"].sales_value_sum_28d.sum())
    assert pictures == 1


def test_own_model(spark, scored, run):
    known, pictures = run("own_model", conf=scored)
    assert set(known["snapshots"].part) == {"train", "purged", "test"}
    assert known["others"].value.between(0, 1).all()
    assert pictures == 1


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_are_kept_without_outputs(path):
    assert not [cell for cell in code(path.stem) if cell["outputs"] or cell["execution_count"]]
