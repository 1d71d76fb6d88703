"""What can be done to keep customers, what it costs, and who is withheld."""

from typing import Annotated

from pydantic import Field

from churn_spark.definitions.actions import MOST_ACTIONS, Channel
from churn_spark.settings.economics import Money
from churn_spark.settings.section import Address, Count, Name, PositiveDays, Section, Share, Text


class ContactsSection(Section):
    """How often a customer may be contacted."""

    most: Count = Field(1, description="Most planned actions of one customer in `days` days.")
    days: PositiveDays = Field(28, description="Days up to the as-of date, itself included, in which they count.")


class ActionSection(Section):
    """What can be done for a customer."""

    channel: Channel = Field(description="How it reaches the customer: email, sms, phone, letter or app.")
    cost: Money = Field(description="Cost for one customer, in money.")
    effect: Share = Field(description="Share of those about to leave who stay because of it, 0 to 1.")
    capacity: Count | None = Field(None, description="Most customers on one as-of date; default: no limit.")
    where: Text | None = Field(
        None,
        description="Whom it suits: SQL over the features, `audience` and columns of `risk_scores`; default: all.",
    )


class InterventionsSection(Section):
    """The playbook: for customers with an alert the actions are planned that bring the highest profit.

    The profit of an action is value x risk x effect - cost. The plan is made for everybody; then a control group is
    withheld from it, so that the effect of actions can be measured ([interventions](interventions.md)).
    """

    budget: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Money that may be planned on one as-of date; default: no limit."
    )
    contacts: ContactsSection = Field(
        default_factory=ContactsSection, description="How often a customer may be contacted."
    )
    control: Share = Field(0.1, description="Share of customers who are never acted upon: the control group.")
    explore: Share = Field(
        0.05,
        description="Share of the others who get an action at random, of those whose `where` holds; fewer where random"
        " actions do not fit into budget and capacities.",
    )
    salt: Text | None = Field(
        None,
        description="Key of the draws; another one draws other customers. Default: the project's name.",
    )
    actions: dict[Name, ActionSection] = Field(
        min_length=1, max_length=MOST_ACTIONS, description=f"Actions by name, at most {MOST_ACTIONS}."
    )
    export: Address | None = Field(
        None,
        description="Folder that gets a CSV file of the actions of each as-of date, for the CRM, which `dispatch`"
        " writes once; default: none.",
    )
