"""The parameters of a simulation, and their copy beside the data, so that a folder never mixes two simulations."""

import json
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame

from churn_spark.definitions.errors import ConfigError
from churn_spark.simulate.causes import REGIME_DAYS
from churn_spark.simulate.domains import DOMAINS
from churn_spark.simulate.interventions import fingerprint
from churn_spark.simulate.people import DISTRICT

VERSION = 1
"""Rises when the same seed gives other data."""
DISTRICTS_A_BATCH = 32
NOTE = "simulation.json"


@dataclass(frozen=True, slots=True)
class Simulation:
    """A company by name, the number of customers, the days first to last, and the change of regime."""

    domain: str
    customers: int
    first: date
    last: date
    seed: int
    regime_change: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def ends(self) -> list[int]:
        """The number of the last customer of each batch; at least two batches where there are two districts."""
        districts = -(-self.customers // DISTRICT)
        batches = min(districts, max(2, -(-districts // DISTRICTS_A_BATCH)))
        return [min(self.customers, DISTRICT * (districts * (n + 1) // batches)) for n in range(batches)]


def simulation(
    domain: str, customers: int, first: date, last: date, seed: int, regime_change: date | None = None
) -> Simulation:
    """A simulation with valid values; ConfigError names an invalid one."""
    if domain not in DOMAINS:
        raise ConfigError(f"{domain!r} cannot be simulated; there are {', '.join(DOMAINS)}")
    if customers < 1:
        raise ConfigError(f"--customers {customers}: at least 1")
    if last < first:
        raise ConfigError(f"--to {last} lies before --from {first}")
    return Simulation(domain, customers, first, last, seed, regime_change or first + timedelta(days=REGIME_DAYS))


def note(wanted: Simulation, folder: Path, interventions: DataFrame | None) -> None:
    """Write the parameters to the folder before anything is simulated; a longer run may follow a shorter one.

    ConfigError: the folder has another simulation, or the same one with other interventions up to its last day.
    """
    place = folder / NOTE
    description: dict[str, Any] = {
        "simulated": True,
        "version": VERSION,
        **{name: str(value) for name, value in asdict(wanted).items()},
    }
    last, noted = description.pop("last"), json.loads(place.read_text()) if place.exists() else None
    if noted is not None:
        reached, acted = noted.pop("last"), noted.pop("interventions")
        other = [
            f"{name} {noted.get(name)}, not {value}" for name, value in description.items() if noted.get(name) != value
        ]
        if other:
            raise ConfigError(f"{folder} has another simulation ({', '.join(other)}); give --out another folder")
        last = max(reached, last)
        if acted != _acted(interventions, date.fromisoformat(reached)):
            raise ConfigError(
                f"{folder} was simulated up to {reached} with other interventions up to that day than those given; add"
                " interventions only after that day, or give --out another folder"
            )
    folder.mkdir(parents=True, exist_ok=True)
    description |= {"last": last, "interventions": _acted(interventions, date.fromisoformat(last))}
    place.write_text(json.dumps(description, indent=2) + "\n")


def _acted(interventions: DataFrame | None, until: date) -> str:
    return "" if interventions is None else fingerprint(interventions, until)
