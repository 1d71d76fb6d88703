"""What came of actions: answers, and how effects are measured."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from churn_spark.settings.section import Count, Name, PositiveDays, Section, Several, Text, refuse


def _known(value: Any) -> Any:
    if not isinstance(value, bool) and value != "individual":
        raise refuse(f"{value!r} is not one of true, false, individual")
    return value


Learn = Annotated[bool | Literal["individual"], BeforeValidator(_known)]


class MeaningSection(Section):
    """What the values of the answer mean; a value that is named under none of the keys means its own name, if that is
    one of them, else it counts as `other`.
    """

    accepted: Several[Text] | None = Field(None, description="The customer took the offer.")
    declined: Several[Text] | None = Field(None, description="The customer did not want it.")
    no_answer: Several[Text] | None = Field(None, description="The customer could not be reached, or said nothing.")
    wrong_reason: Several[Text] | None = Field(None, description="Whoever acted says that the reason given is wrong.")
    not_at_risk: Several[Text] | None = Field(None, description="Whoever acted says that nobody wanted to leave.")
    unsubscribed: Several[Text] | None = Field(None, description="The customer wants no more such messages.")


class AnswersSection(Section):
    """Answers to actions, as the CRM delivers them: an ordinary source of events."""

    source: Name = Field(description="The source of events with the answers.")
    answer: Name = Field(description="Its category with the answer.")
    action: Name | None = Field(
        None,
        description="Its category with the action of the playbook that is answered; default: the customer's last.",
    )
    meaning: MeaningSection = Field(
        default_factory=MeaningSection, description="The values of `answer` by what they mean."
    )


class FeedbackSection(Section):
    """What came of interventions: outcomes, and the measured effect of each action."""

    answers: AnswersSection | None = Field(None, description="Answers to actions; default: there are none.")
    carry_over_days: PositiveDays = Field(
        28,
        description="Days from its as-of date on in which an action is taken to work: in them it can be answered, and"
        " later snapshots of the customer are taken for influenced by it.",
    )
    least: Count = Field(50, description="Customers that each arm needs; with fewer an effect is `too few to say`.")
    window_days: PositiveDays = Field(364, description="Days in which a customer's first plan counts for an effect.")
    prior_customers: Count = Field(
        200,
        description="How much the playbook's `effect` counts beside the measured one: as much as a trial with so many"
        " customers in each arm.",
    )
    learn: Learn = Field(
        False,
        description="Whether `intervene` plans with the measured effects. `individual`: also with the uplift of each"
        " customer, for actions whose uplift is better than chance.",
    )
    least_uplift: Count = Field(
        100,
        description="Customers who left, and customers who stayed, that each side (acted upon, withheld) needs; with"
        " fewer the uplift of an action is `too few to say`.",
    )
