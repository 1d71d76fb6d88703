"""The truth behind a simulation, in tables that the jobs do not read: properties, states, effects, partners."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from churn_spark.simulate.causes import ACTIONS, CHANNELS, UPLIFT_TYPES
from churn_spark.simulate.deliveries import write_part
from churn_spark.simulate.feeds import words
from churn_spark.simulate.life import LEFT, Life, Today
from churn_spark.simulate.people import COMMUNITY, DISTRICT

EVERY = 7
"""Days between two hidden states that are written; levels hardly change in between."""


def write_state(folder: Path, batch: int, today: Today) -> None:
    """Write the hidden state at the end of every EVERYth day, one row per customer of that day.

    customer, hazard (probability of leaving that day), the level of each cause, care, engagement.
    """
    here = today.here
    columns = {"hazard": today.hazard, **today.levels, "care": today.care, "engagement": today.engagement}
    state = {name: values[here].astype(np.float32) for name, values in columns.items()}
    part = folder / "states" / today.day.isoformat() / f"part-{batch:05d}.parquet"
    if today.t % EVERY == 0 and not part.exists():
        write_part(part, pa.table({"customer": today.people.number[here], **state}))


def write_lives(folder: Path, batch: int, life: Life) -> None:
    """Write the customers' properties and when they left, the effect of every action on each, and the partners."""
    people = life.people
    start = np.datetime64(life.first, "D")
    gone = life.gone_on >= 0
    customers = {
        "customer": people.number,
        "uplift_type": words(people.kind, tuple(kind.name for kind in UPLIFT_TYPES)),
        "joined_on": pa.array(start + people.joined),
        "left_on": pa.array(start + life.gone_on, mask=~gone),
        "left": words(np.where(gone, np.where(life.gone == LEFT, 1, 2), 0), ("stays", "voluntary", "non_payment")),
        "base_log_hazard": people.base,
        "uses_a_day": people.rate,
        "price_sensitivity": people.sensitivity,
        "community": (people.number - 1) // COMMUNITY,
        "district": (people.number - 1) // DISTRICT,
    }
    name = f"part-{batch:05d}.parquet"
    write_part(folder / "customers" / name, pa.table(customers))
    write_part(folder / "effects" / name, _effects(life))
    who, slot = np.nonzero(people.partners >= 0)
    edges = np.unique(np.stack([people.number[who], people.number[people.partners[who, slot]]], axis=1), axis=0)
    write_part(folder / "partners" / name, pa.table({"customer": edges[:, 0], "partner": edges[:, 1]}))


def _effects(life: Life) -> pa.Table:
    """customer, action, channel, log_hazard: an action's first effect on the log-hazard of an untroubled customer."""
    people = life.people
    effects = people.effects[:, :, None] * people.channels[:, None, :]
    who, action, channel = (axis.ravel() for axis in np.indices(effects.shape))
    return pa.table(
        {
            "customer": people.number[who],
            "action": words(action, ACTIONS),
            "channel": words(channel, CHANNELS),
            "log_hazard": effects.ravel(),
        }
    )
