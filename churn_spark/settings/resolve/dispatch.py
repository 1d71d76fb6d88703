"""Dispatch resolved: routes in their order, and the limits of a run."""

from churn_spark.definitions.dispatch import Dispatch, Route
from churn_spark.settings.dispatch import DispatchSection


def dispatch(section: DispatchSection) -> Dispatch:
    """The routes and limits of a valid section."""
    routes = tuple(
        Route(name, route.url_env, route.for_, route.as_, route.where) for name, route in section.routes.items()
    )
    return Dispatch(
        routes,
        section.attempts,
        float(section.wait_seconds),
        float(section.answer_seconds),
        section.retry_days,
        section.most_single,
        section.most_rows,
    )
