"""Write the reference pages from contracts, settings and vocabularies: `make docs`."""

from collections.abc import Callable
from pathlib import Path

from churn_spark.features import reference as features
from churn_spark.settings import load
from churn_spark.settings import reference as settings
from churn_spark.simulate import reference as simulation
from churn_spark.tables import reference as tables

DOCS = Path(__file__).parent
EXAMPLE = DOCS.parent / "conf" / "complete_journey.yaml"

PAGES: dict[str, Callable[[], str]] = {
    "configuration.md": settings.reference,
    "features.md": features.reference,
    "simulation.md": simulation.reference,
    "tables.md": lambda: tables.reference(load(EXAMPLE)),
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
