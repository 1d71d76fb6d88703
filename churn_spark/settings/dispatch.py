"""Dispatch: who gets alerts and interventions, and over which channel."""

from typing import Annotated, Literal

from pydantic import Field

from churn_spark.settings.section import Days, EnvironmentName, Name, Section, Text

Attempts = Annotated[int, Field(ge=1, le=10)]
Wait = Annotated[float, Field(ge=0, le=60)]
Answer = Annotated[float, Field(ge=1, le=600)]
MostRows = Annotated[int, Field(ge=1, le=100_000)]
MostSingle = Annotated[int, Field(ge=1, le=100_000)]


class RouteSection(Section):
    """One way out. Rows of customers who are withheld (`control`) and rows without an action never go over it."""

    url_env: EnvironmentName = Field(
        description="Environment variable with one or several addresses, as Apprise writes them"
        " (`mailtos://...`, `jsons://...`, `slack://...`), separated by spaces."
    )
    for_: Literal["alerts", "interventions"] = Field(alias="for", description="The table whose rows go out.")
    as_: Literal["digest", "single", "brief"] = Field(
        alias="as",
        description="digest: one message for an as-of date, with all rows attached as CSV; single: a message for each"
        " row; brief: the brief of the date, with `for: alerts`.",
    )
    where: Text | None = Field(None, description="SQL over the rows of the table: which of them; default: all.")


class DispatchSection(Section):
    """What becomes of decisions: each goes to every route whose `for` and `where` hold.

    Needs the packages of the extra `dispatch`. How often a message can arrive is said in
    [operations](operations.md#dispatch).
    """

    routes: dict[Name, RouteSection] = Field(min_length=1, description="Routes by name, in the order they are sent.")
    attempts: Attempts = Field(3, description="Tries of a message within a run, the first one included.")
    wait_seconds: Wait = Field(1.0, description="Seconds before the second try; doubled before each further one.")
    answer_seconds: Answer = Field(30.0, description="Seconds that an answer is waited for.")
    retry_days: Days = Field(3, description="Days after the as-of date on which runs still try what could not be sent.")
    most_single: MostSingle = Field(
        1000,
        description="Most single messages of a route on one as-of date; more are a mistake, and none of them is sent.",
    )
    most_rows: MostRows = Field(
        10_000,
        description="Most rows of a digest, those with the highest expected loss; it says how many it leaves out.",
    )
