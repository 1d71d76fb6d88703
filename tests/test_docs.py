"""The generated pages are fresh."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"


def _generator():  # type: ignore[no-untyped-def]
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["configuration.md", "features.md", "simulation.md", "tables.md"])
def test_a_page_is_what_its_generator_writes(page):
    assert (DOCS / page).read_text(encoding="utf-8") == _generator().PAGES[page](), "run `make docs`"
