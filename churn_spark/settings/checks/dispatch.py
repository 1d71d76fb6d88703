"""Dispatch: that what a route sends is decided at all."""

from collections.abc import Iterator

from churn_spark.settings.document import Problem
from churn_spark.settings.partial import as_far_as_valid
from churn_spark.settings.root import Settings


def dispatch(settings: Settings) -> Iterator[Problem]:
    """Problems of the dispatch section."""
    for name in settings.dispatch.routes if settings.dispatch else ():
        yield from as_far_as_valid(_decided(settings, name))
        yield from as_far_as_valid(_brief(settings, name))


def _decided(settings: Settings, name: str) -> Iterator[Problem]:
    """A route for a table that the project does not write."""
    wanted = settings.dispatch.routes[name].for_ if settings.dispatch else "alerts"
    if (settings.alerts if wanted == "alerts" else settings.interventions) is None:
        keys = ("dispatch", "routes", name, "for")
        yield Problem(keys, f"there are no {wanted}: {wanted} is missing; say there how they are decided")


def _brief(settings: Settings, name: str) -> Iterator[Problem]:
    """A brief of something else than alerts, or of some rows only."""
    route = settings.dispatch.routes[name] if settings.dispatch else None
    if route is None or route.as_ != "brief":
        return
    keys = ("dispatch", "routes", name)
    if route.for_ != "alerts":
        yield Problem((*keys, "for"), "the brief belongs to alerts: write for: alerts")
    if route.where is not None:
        yield Problem((*keys, "where"), "the brief is one page for everybody; leave where out, or take as: digest")
