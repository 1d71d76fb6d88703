import numpy as np

from churn_spark.definitions.selection import Selection
from churn_spark.models.measures import Measure
from churn_spark.models.selection.elimination import Size, sizes, smallest
from churn_spark.models.selection.inputs import inputs_of
from churn_spark.models.selection.screening import Statistics, screen, twins
from churn_spark.models.slots import Slot

STRONG, MIDDLE, NONE = [[[900, 100], [600, 400]]], [[[850, 150], [650, 350]]], [[[751, 249], [749, 251]]]
TWO_FOLDS = 2


def made(correlation: float = 0.0, rare: float = 1.0, **changed):
    counts = {"strong": STRONG, "middle": MIDDLE, "noise": NONE, "rare": STRONG} | changed
    folds = {name: np.array(table * TWO_FOLDS if len(table) == 1 else table) for name, table in counts.items()}
    correlations = np.array([[1, correlation, np.nan], [correlation, 1, 0], [np.nan, 0, 1.0]])
    variances = {"strong": 1.0, "middle": 1.0, "noise": 1.0, "rare": rare}
    return Statistics(variances, folds, ("strong", "middle", "noise"), correlations)


def reasons(screened):
    return {name: why.step for name, why in screened.dropped.items()}


def test_each_step_drops_what_it_is_for_and_the_strongest_come_first():
    screened = screen(made(correlation=-0.97, rare=0.0001), Selection())
    assert reasons(screened) == {"rare": "variance", "noise": "association", "middle": "correlation"}
    assert screened.kept == ("strong",)
    assert screened.dropped["middle"].text == (
        "correlates with strong (0.970, at most 0.95), which is more associated with the label (Cramér's V 0.346"
        " against 0.230)"
    )
    assert screen(made(correlation=0.9), Selection()).kept == ("strong", "rare", "middle")


def test_limits_of_no_effect_keep_everything():
    limits = Selection(min_variance=0, false_discovery=1, max_correlation=1)
    assert set(screen(made(correlation=1.0), limits).kept) == {"strong", "middle", "noise", "rare"}


def test_a_fold_is_screened_by_the_rows_of_the_others():
    found = made(noise=[NONE[0], STRONG[0]])
    assert "noise" in screen(found, Selection(), without=0).kept
    assert reasons(screen(found, Selection(), without=1))["noise"] == "association"


def test_twins_are_the_numbers_that_correlate_beyond_the_limit_either_way():
    found = made(correlation=-0.97)
    assert twins("strong", found, Selection()) == twins("middle", found, Selection()) == {"strong", "middle"}
    assert twins("noise", found, Selection()) == {"noise"}
    assert twins("rare", found, Selection()) == {"rare"}
    assert twins("strong", found, Selection(max_correlation=0.98)) == {"strong"}


def test_where_nothing_is_associated_the_strongest_stays():
    assert (
        len(screen(Statistics({}, {"a": np.array(NONE), "b": np.array(NONE)}, (), np.empty((0, 0))), Selection()).kept)
        == 1
    )


def test_sizes_halve_from_those_left_and_begin_with_all():
    assert sizes(40, 23, 5) == (40, 23, 12, 6, 5)
    assert sizes(23, 23, 6) == (23, 12, 6)
    assert sizes(9, 3, 5) == (9, 3)
    assert sizes(1, 1, 1) == (1,)


def test_the_smallest_set_within_one_standard_error_of_the_best_is_chosen():
    noise = np.random.default_rng(1).normal(0, 0.01, 200)
    other = np.random.default_rng(2).normal(0, 0.01, 200)

    def size(features, quality, replicates):
        return Size(features, Measure(quality, None, None, replicates), ())

    best, close, far = size(40, 0.43, 0.43 + noise), size(20, 0.42, 0.42 + other), size(10, 0.39, 0.39 + other)
    assert smallest([best, close, far], 0) == 1
    # Over the same customers both err alike: then the same gap is no tie.
    assert smallest([best, size(20, 0.42, 0.42 + noise), far], 0) == 0
    assert smallest([best, size(20, 0.42, 0.42 + noise), far], 0.03) == 1
    assert smallest([far, size(5, 0.42, 0.42 + other)], 0) == 1
    assert smallest([size(n, 0.4, np.empty(0)) for n in (3, 2, 1)], 0) == 2


def test_a_shared_mark_of_nulls_comes_with_each_feature_and_weighs_for_all_of_them():
    texts = (Slot("t", "category", value) for value in "xy")
    slots = [Slot("a"), Slot("b"), Slot("c"), Slot("a", "missing"), *texts]
    inputs = inputs_of(slots, {"a": "a", "c": "a"})
    assert inputs.members == {"a": (0, 3), "b": (1,), "c": (2, 3), "t": (4, 5)}
    assert inputs.places(["t", "c"]) == [2, 3, 4, 5]
    assert inputs.weights(["c", "t"], np.array([1.0, -0.5, 0.25, 2.0])) == {"c": 1.5, "t": 2.25}
    assert inputs.weights(["a", "c"], np.array([1.0, 2.0, 0.5])) == {"a": 1.25, "c": 2.25}
