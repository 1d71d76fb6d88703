"""The addresses of routes, from the environment: what is missing or not understood, without showing any."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec

from churn_spark.definitions.dispatch import Dispatch, Route

EXTRA = "pip install 'churn-spark[dispatch]'"


def addresses(route: Route, environment: Mapping[str, str]) -> list[str]:
    """The addresses of a route, which blanks or line breaks separate; none where the variable is not set."""
    return environment.get(route.url_env, "").split()


def address_problems(dispatch: Dispatch, environment: Mapping[str, str]) -> list[str]:
    """A sentence for each route that has no addresses, or one that no channel understands."""
    if find_spec("apprise") is None:
        return [f"dispatch: the package apprise is missing where this runs; {EXTRA}"]
    return [problem for route in dispatch.routes for problem in _problems(route, environment)]


def _problems(route: Route, environment: Mapping[str, str]) -> Iterator[str]:
    from churn_spark.outbox.channels import understood

    place, variable = f"dispatch.routes.{route.name}.url_env", f"the environment variable {route.url_env}"
    found = addresses(route, environment)
    if not found:
        state = "is empty" if route.url_env in environment else "is not set"
        yield f"{place}: {variable} {state}; set it to one or several addresses such as mailtos://... or jsons://..."
    for position, address in enumerate(found, start=1):
        if not understood(address):
            yield (
                f"{place}: address {position} of {len(found)} in {variable} is not one that Apprise understands; it"
                " begins with the name of a channel and ://, and blanks separate addresses (in one, write %20)"
            )
