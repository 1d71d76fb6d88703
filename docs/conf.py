"""The site of the documents, for Sphinx: `make docs` builds it from the Markdown files, strictly and without a network.

The source folder is the top of the repository, so that links between pages are the same in the repository and on the
site. Pages use only Markdown that reads well without the site; the navigation stands here.
"""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent

NAVIGATION = {
    "Begin": ("docs/tutorial", "docs/first-load", "docs/python", "docs/reading-scores"),
    "Understand": (
        "docs/time",
        "docs/architecture",
        "docs/lineage",
        "docs/interventions",
        "docs/families",
        "docs/effects",
        "docs/glossary",
    ),
    "Look up": ("docs/configuration", "docs/features", "docs/tables", "docs/simulation"),
    "Measure": (
        "benchmarks/features",
        "benchmarks/notes",
        "benchmarks/quality",
        "benchmarks/ablation",
        "benchmarks/loop",
    ),
    "Carry on": ("CONTRIBUTING",),
    "Run": ("docs/operations", "docs/support", "SECURITY", "CHANGELOG"),
}

project = "churn_spark"
author = "The churn_spark authors"
extensions = ["myst_parser"]
root_doc = "README"
include_patterns = ["*.md", "docs/*.md", "benchmarks/*.md"]
exclude_patterns = [".*", "build", "demo", "simulated", "node_modules"]
myst_heading_anchors = 4
nitpicky = True

html_theme = "furo"
html_title = "churn_spark"
html_show_sphinx = False
html_copy_source = False
html_additional_pages = {"index": "index.html"}
templates_path = ["site"]


def with_navigation(app, docname, source):  # type: ignore[no-untyped-def]
    """Append the navigation to the first page, and show links to folders, which have no page, as text."""
    source[0] = re.sub(r"\[([^\]]+)\]\((?!\w+:|#)([^)#]+)\)", lambda link: _linked(docname, link), source[0])
    if docname == root_doc:
        for caption, pages in _navigation().items():
            listed = "\n".join(f"/{page}" for page in pages)
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{listed}\n```\n"


def _navigation() -> dict[str, tuple[str, ...]]:
    """NAVIGATION, and pages of docs/ that it does not name at its end."""
    named = {page for pages in NAVIGATION.values() for page in pages}
    more = sorted({f"docs/{path.stem}" for path in (ROOT / "docs").glob("*.md")} - named)
    return {**NAVIGATION, **({"More": tuple(more)} if more else {})}


def _linked(docname: str, link: re.Match[str]) -> str:
    return link[1] if (ROOT / docname).parent.joinpath(link[2]).is_dir() else link[0]


def setup(app):  # type: ignore[no-untyped-def]
    """Called by Sphinx."""
    app.connect("source-read", with_navigation)
