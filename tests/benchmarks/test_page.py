"""The page of the benchmark tells what was measured, met or not, and what was not."""

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

from benchmarks import page
from benchmarks.measure import Cost
from benchmarks.results import Results
from benchmarks.runs import ALIKE, BY_ORACLE, CHEAPER, COMPARISONS, DENSITIES, GROWTH, NAMES, RUNS


def test_every_contestant_has_a_name_and_is_compared_with_another_or_measured_alone():
    assert {name for name, _ in RUNS} == NAMES.keys()
    assert {events for _, events in RUNS} == DENSITIES.keys()
    runs = set(RUNS)
    compared = [(other, events) for (_, events), others in ALIKE.items() for other in others]
    assert {*compared, *BY_ORACLE} <= runs
    for comparison in (*COMPARISONS, *CHEAPER):
        assert {comparison.upper, comparison.lower} <= runs


def test_ratios_are_of_medians_and_growth_is_an_exponent(tmp_path):
    results = _measured(tmp_path)
    found = {one.name: page.ratio(one, results) for one in COMPARISONS}
    assert found["exploding by 12 snapshots / ours"] == 7.0
    (growth,) = (value for name, value in found.items() if name.startswith("growth"))
    assert abs(growth - 1) < 1e-9
    assert found["ours from tiles / Polars, one as-of date"] is None


def test_the_page_says_what_is_met_what_is_not_and_what_was_not_measured(tmp_path):
    _measured(tmp_path).save()
    page.write(tmp_path)
    text = (tmp_path / "features.md").read_text()
    assert re.search(r"exploding by 12 snapshots / ours \| ≥ 6 \| 7\.00 \| met", text)
    assert re.search(r"ours with 24 snapshots / with 12 \| ≤ 1\.4 \| 1\.50 \| \*\*not met\*\*", text)
    assert re.search(r"Polars, one as-of date \|  \| not measured", text)
    assert re.search(r"rows that differ, in 1 of \d+ comparisons \| 0 \| 3 \| \*\*not met\*\*", text)
    ElementTree.parse(tmp_path / "features.svg")


def test_the_page_kept_with_the_code_is_of_the_results_kept_with_it(tmp_path):
    kept = Path(page.__file__).parent
    shutil.copytree(kept / "results", tmp_path / "results")
    shutil.copy(kept / "notes.md", tmp_path)
    page.write(tmp_path)
    assert (tmp_path / "features.md").read_text() == (kept / "features.md").read_text()


def test_what_other_code_measured_is_not_mixed_in(tmp_path):
    path = tmp_path / "100.json"
    kept = Results.of(path, "a", {"memory": "1g"})
    kept.add("one_date", "dense", Cost(1, 1, 1, 1))
    assert Results.of(path, "a", {"memory": "1g"}).costs("one_date", "dense") == [Cost(1, 1, 1, 1)]
    assert Results.of(path, "b", {"memory": "1g"}).costs("one_date", "dense") == []
    assert Results.of(path, "a", {"memory": "2g"}).costs("one_date", "dense") == []
    assert Results.of(path, "a", {"memory": "1g"}, fresh=True).costs("one_date", "dense") == []


def _measured(folder):
    results = Results(folder / "results" / "1000.json", "abc")
    results.about = {"events": 1000, "memory": "1g", "machine": "a machine"}
    results.shapes = {
        name: {"events": events, "customers": 10, "tiles": events // 2}
        for name, events in {"dense": 1000, "small": 1000 // GROWTH}.items()
    }
    seconds = {
        ("one_date", "dense"): [5.0],
        ("one_date", "small"): [1.0],
        ("dates_12", "dense"): [1.0, 2.0, 90.0],
        ("dates_24", "dense"): [3.0],
        ("exploded", "dense"): [14.0],
    }
    results.measured = {
        " ".join(run): [vars(Cost(cpu, cpu, 10**6, 10**6)) for cpu in found] for run, found in seconds.items()
    }
    results.different = {"a beside b": 3}
    return results
