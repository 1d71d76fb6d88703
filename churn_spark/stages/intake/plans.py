"""The plan of a run for one source: selected deliveries, and what is known of earlier ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from churn_spark.definitions.sources import Source
from churn_spark.events.deliveries import SelectedDelivery, TakenDelivery
from churn_spark.lineage.acceptance import Accepted
from churn_spark.lineage.arrivals import Arrival
from churn_spark.stages.intake.files import Files


@dataclass(frozen=True, slots=True)
class Plan:
    """The deliveries that a run selects of one source.

    mapping: hash of the current definition of rows. taken: deliveries in the tables; arrivals: in the ledger. accepted:
    what may be missing or incomplete. incomplete: incomplete deliveries that are accepted. keeps_all: unchanged
    versions of customers are kept too. newest: the last version of a Delta table that the run has seen.
    """

    source: Source
    files: Files
    mapping: str
    selected: tuple[SelectedDelivery, ...]
    taken: Mapping[str, TakenDelivery]
    arrivals: Mapping[str, Arrival]
    accepted: Accepted
    incomplete: frozenset[str] = frozenset()
    keeps_all: bool = False
    newest: str | None = None

    @property
    def nominal_dates(self) -> set[date]:
        """The nominal dates of selected deliveries, where they are known before rows are read."""
        return {chosen.delivery.nominal for chosen in self.selected if chosen.delivery.nominal}

    @property
    def newest_is_unrecorded(self) -> bool:
        """Whether `newest` is neither in the ledger nor selected."""
        return self.newest not in self.arrivals and all(chosen.name != self.newest for chosen in self.selected)
