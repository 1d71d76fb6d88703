"""The playbook, resolved."""

from churn_spark.definitions.actions import Action, Holdout, Interventions
from churn_spark.settings.interventions import ActionSection, InterventionsSection


def interventions(section: InterventionsSection, project_name: str) -> Interventions:
    """The playbook of a project; its draws are keyed by the project's name unless it says otherwise."""
    return Interventions(
        actions=tuple(_action(name, action) for name, action in section.actions.items()),
        budget=None if section.budget is None else float(section.budget),
        most_contacts=section.contacts.most,
        contact_days=section.contacts.days,
        holdout=Holdout(float(section.control), float(section.explore), section.salt or project_name),
        export=section.export,
    )


def _action(name: str, section: ActionSection) -> Action:
    cost, effect = float(section.cost), float(section.effect)
    return Action(name, section.channel, cost, effect, section.capacity, section.where)
