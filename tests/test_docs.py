"""The documents: generated pages are fresh, links and paths lead somewhere, commands exist, the site is built."""

import importlib.util
import re
import subprocess
import sys
from functools import cache

import pytest

from tests.docs.pages import GENERATED, PAGES, ROOT, WRITTEN

DOCS = ROOT / "docs"
PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]*)`")
"""A path in a page, as `churn_spark/stages/score.py` or `definitions/errors.py`; capitals are to be filled in."""
MADE = (
    "build/",
    "demo/",
    "landing/",
    "churn/",
    "benchmarks/ablation.md",
    "conf/landing.yaml",
    "conf/mine.yaml",
    "conf/shop.yaml",
)
"""What commands make."""


@cache
def _generator():  # type: ignore[no-untyped-def]
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_generated_page_is_known_as_one():
    assert {*GENERATED, "architecture.md", "rooms.svg"} == set(_generator().PAGES)


@pytest.mark.parametrize("page", [*GENERATED, "architecture.md", "rooms.svg"])
def test_a_page_is_what_its_generator_writes(page):
    assert (DOCS / page).read_text(encoding="utf-8") == _generator().PAGES[page](), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for address in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text(encoding="utf-8")):
        path, _, heading = address.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), address
        if heading:
            titles = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
            assert heading in anchors, address


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_paths_of_the_repository_are_there(page):
    for path in PATH.findall(page.read_text(encoding="utf-8")):
        if path.isupper() or re.search(r"[A-Z]{2}", path) or path.startswith(MADE):
            continue
        assert any((folder / path).exists() for folder in (ROOT, ROOT / "churn_spark", DOCS)), path


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_commands_and_their_options_exist(page):
    from typer.main import get_command

    from churn_spark.cli.main import app

    verbs = get_command(app).commands
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for verb, rest in re.findall(r"churn-spark ([a-z][\w-]*)([^\n`|;]*)", text):
        assert verb in verbs, verb
        known = {name for parameter in verbs[verb].params for name in parameter.opts} | {"--help"}
        assert set(re.findall(r"(?<= )--[a-z-]+", rest)) - known == set(), f"{verb}{rest}"


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in WRITTEN:
        named = set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert named - targets == set(), page.name


def test_the_site_is_built_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path):
    options = ("--quiet", "--fail-on-warning", "--keep-going", "--nitpicky", "-d", str(tmp_path / "doctrees"))
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, "-c", "docs", ".", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    for path in (tmp_path / "site").rglob("*"):
        if path.suffix in (".html", ".css"):
            text = path.read_text(encoding="utf-8")
            loaded = re.findall(r"""<(?:script|img)[^>]*src="(https?:[^"]*)|<link[^>]*href="(https?:[^"]*)""", text)
            assert loaded == [], path.name
            assert re.findall(r"url\(['\"]?https?:", text) == [], path.name
    missing = {page.stem for page in PAGES} - {path.stem for path in (tmp_path / "site").rglob("*.html")}
    assert missing == set()
