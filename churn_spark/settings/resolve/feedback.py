"""Feedback, resolved."""

from churn_spark.definitions.feedback import MEANINGS, Answers, Feedback
from churn_spark.settings.feedback import AnswersSection, FeedbackSection


def feedback(section: FeedbackSection) -> Feedback:
    """How outcomes and effects are computed, from a valid section."""
    return Feedback(
        answers=_answers(section.answers) if section.answers else None,
        carry_over_days=section.carry_over_days,
        least=section.least,
        window_days=section.window_days,
        prior_customers=section.prior_customers,
        learn=section.learn is not False,
        individual=section.learn == "individual",
        least_uplift=section.least_uplift,
    )


def _answers(section: AnswersSection) -> Answers:
    named = {value: meaning for meaning in MEANINGS for value in getattr(section.meaning, meaning) or ()}
    meaning = {**{name: name for name in MEANINGS}, **named}
    return Answers(section.source, section.answer, section.action, tuple(meaning.items()))
