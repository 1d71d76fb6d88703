"""Which point of a grid is taken: of those that tie with the best over the folds the simplest.

The rule of one standard error (L. Breiman and others, Classification and Regression Trees, 1984), with the error of the
difference over the same resampled customers: where a point may be ahead by luck alone, the simpler one costs less and
is less likely to have learnt its rows by heart.
"""

from collections.abc import Mapping, Sequence

from churn_spark.models.families.family import Family
from churn_spark.models.measures import Measure, difference


def simplest_tied(family: Family, points: Sequence[Mapping[str, float]], scores: Sequence[Measure]) -> int:
    """The place of the simplest of the points within one standard error of the best; of equally simple ones the best.

    scores: of each point, higher is better, resampled alike. Without replicates no two tie.
    """
    best = max(range(len(points)), key=lambda place: scores[place].value)
    steps = _steps_from_simplest(family, points)

    def ties(place: int) -> bool:
        gap, error = difference(scores[best], scores[place])
        return place == best or gap < error

    return min(filter(ties, range(len(points))), key=lambda place: (steps[place], -scores[place].value))


def _steps_from_simplest(family: Family, points: Sequence[Mapping[str, float]]) -> list[int]:
    """How many steps of the grid each point is away from the simplest, over all parameters that order models."""
    steps = [0] * len(points)
    for parameter in family.parameters:
        if parameter.simplest == "neither":
            continue
        values = sorted({point[parameter.name] for point in points}, reverse=parameter.simplest == "highest")
        steps = [step + values.index(point[parameter.name]) for step, point in zip(steps, points, strict=True)]
    return steps
