"""How much may be explored: everything that is done fits, and nothing is lowered without need."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from churn_spark.actions.exploring import STEPS, Drawn, explored_steps
from churn_spark.actions.terms import room
from churn_spark.definitions.actions import Interventions
from tests.actions.plans import playbooks, refuse_excess


@st.composite
def drawings(draw: st.DrawFn) -> tuple[Interventions, list[tuple[int, int, int]]]:
    """A playbook, and of customers outside the control group (step, planned, random), whose plan fits."""
    playbook = draw(playbooks())
    action = st.integers(-1, len(playbook.actions) - 1)
    customers, served = [], Counter()
    for step, wanted, random in draw(st.lists(st.tuples(st.integers(0, STEPS), action, action), max_size=25)):
        more = served + Counter([wanted] if wanted >= 0 else [])
        fits = within(more, playbook)
        served = more if fits else served
        customers.append((step, wanted if fits else -1, random))
    return playbook, customers


def within(counts: Counter, playbook: Interventions) -> bool:
    try:
        refuse_excess(counts, playbook)
    except AssertionError:
        return False
    return True


def done(customers: list[tuple[int, int, int]], steps: list[int]) -> Counter:
    given_ = (random if random >= 0 and step < steps[random] else planned for step, planned, random in customers)
    return Counter(action for action in given_ if action >= 0)


@given(drawings())
def test_what_is_done_fits(drawing):
    playbook, customers = drawing
    columns = np.array(customers or np.zeros((0, 3)), dtype=np.int64).T
    steps = explored_steps(Drawn(*columns, np.ones(len(customers), dtype=np.int64)), room(playbook)).tolist()
    everybody = [STEPS] * len(steps)
    assert within(done(customers, steps), playbook)
    assert (steps == everybody) == within(done(customers, everybody), playbook)
