"""Maximum likelihood of models whose parameters are positive, over cells of equal customers."""

from collections.abc import Callable, Sequence

import numpy as np

from churn_spark.models.metrics import Array

LEAST = 1e-4
"""Parameters below it are not looked for: there a model is one of its limits, such as nobody ever stopping."""


class UnfitError(Exception):
    """The data do not determine a model; the message says why, as a clause."""


def maximum_likelihood(
    log_likelihood: Callable[[Array], Array],
    customers: Array,
    starts: Sequence[Sequence[float]],
    least: Sequence[float],
    most: Sequence[float],
) -> tuple[float, ...]:
    """The parameters with the highest likelihood, from the best of several starts.

    log_likelihood: of each cell, from the parameters. customers: in each cell. starts: parameters to begin from; least,
    most: the bounds of each. Found over their logarithms by L-BFGS-B. UnfitError where no start converges.
    """
    from scipy.optimize import minimize

    total = customers.sum()

    def loss(logs: Array) -> float:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            mean = float(log_likelihood(np.exp(logs)) @ customers / total)
        return -mean if np.isfinite(mean) else 1e10

    bounds = [(np.log(max(low, LEAST)), np.log(high)) for low, high in zip(least, most, strict=True)]
    options = {"maxiter": 1000, "maxfun": 20_000, "ftol": 1e-13, "gtol": 1e-7}
    found = [minimize(loss, np.log(start), method="L-BFGS-B", bounds=bounds, options=options) for start in starts]
    converged = [result for result in found if result.success and result.fun < 1e10]
    if not converged:
        raise UnfitError(f"its likelihood has no maximum that was found ({found[0].message})")
    best = min(converged, key=lambda result: result.fun)
    return tuple(float(value) for value in np.exp(best.x))
