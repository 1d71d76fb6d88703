"""Write the generated pages and the picture of the rooms: `make docs`."""

import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from xml.sax.saxutils import escape

import grimp

from churn_spark.features import reference as features
from churn_spark.settings import load
from churn_spark.settings import reference as settings
from churn_spark.simulate import reference as simulation
from churn_spark.stages import all_stages
from churn_spark.tables import reference as tables

DOCS = Path(__file__).parent
EXAMPLE = DOCS.parent / "conf" / "complete_journey.yaml"
ROOMS = re.compile(r"(?<=<!-- rooms -->\n).*(?=<!-- end of rooms -->)", re.DOTALL)
WIDTH, HEIGHT, STEP, TOP, SIDE = 132, 34, 74, 20, 960
"""Pixels of the picture: a room's box, the distance of two layers, the margin above, the width of all."""


def layers() -> list[list[str]]:
    """The rooms by layer, from the top, as the import rules in pyproject.toml say."""
    rules = tomllib.loads((DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = [c for c in rules["tool"]["importlinter"]["contracts"] if c["type"] == "layers"]
    return [layer.split(" | ") for layer in contract["layers"]]


@cache
def imports() -> dict[str, set[str]]:
    """The rooms that each room imports directly, as the code stands."""
    rooms = [room for layer in layers() for room in layer]
    graph = grimp.build_graph("churn_spark", cache_dir=None)
    used: dict[str, set[str]] = {room: set() for room in rooms}
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            one, other = (([*name.split("."), ""])[1] for name in (module, imported))
            if one != other and one in used and other in used:
                used[one].add(other)
    return used


def architecture() -> str:
    """`architecture.md` with the list of rooms as they are now."""
    rows = [
        f"| `{room}` | {_summary(room)} | {', '.join(sorted(used)) or 'none'} |\n" for room, used in imports().items()
    ]
    table = "| room | what it is for | imports |\n| --- | --- | --- |\n" + "".join(rows)
    return ROOMS.sub(lambda _: f"\n{table}\n", (DOCS / "architecture.md").read_text(encoding="utf-8"))


def _summary(room: str) -> str:
    text = import_module(f"churn_spark.{room}").__doc__ or ""
    return " ".join(text.strip().split("\n\n")[0].split())


def picture() -> str:
    """The rooms as SVG: a row for each layer, an arrow for each import that no chain of others stands for.

    The last layer, which all others import, gets none.
    """
    rows, used = layers(), imports()
    place = {
        room: (SIDE * (2 * n + 1) / (2 * len(layer)), TOP + STEP * row)
        for row, layer in enumerate(rows)
        for n, room in enumerate(layer)
    }
    arrows = [_arrow(place[one], place[other]) for one in used for other in sorted(_direct(one, used) - {*rows[-1]})]
    boxes = [_box(room, *at) for room, at in place.items()]
    size = f'width="{SIDE}" height="{TOP + STEP * len(rows)}" viewBox="0 0 {SIDE} {TOP + STEP * len(rows)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="15">\n'
        "<title>The rooms of churn_spark; arrows point to what is imported</title>\n"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#7a8794"/></marker></defs>\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n{"".join(arrows)}{"".join(boxes)}</svg>\n'
    )


def _direct(room: str, used: Mapping[str, set[str]]) -> set[str]:
    """What a room imports but for what it would reach through another of them."""
    return {one for one in used[room] if not any(one in _reached(other, used) for other in used[room] - {one})}


def _reached(room: str, used: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    ahead = set(used[room])
    while ahead:
        reached |= ahead
        ahead = {below for one in ahead for below in used[one]} - reached
    return reached


def _arrow(one: tuple[float, float], other: tuple[float, float]) -> str:
    (x1, y1), (x2, y2) = one, other
    start, end = y1 + HEIGHT, y2 - 1
    bend = (end - start) / 2
    path = f"M{x1:.0f},{start:.0f} C{x1:.0f},{start + bend:.0f} {x2:.0f},{end - bend:.0f} {x2:.0f},{end:.0f}"
    return f'<path d="{path}" fill="none" stroke="#7a8794" stroke-width="1.2" marker-end="url(#tip)"/>\n'


def _box(room: str, x: float, y: float) -> str:
    return (
        f'<rect x="{x - WIDTH / 2:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#eef4f8"'
        f' stroke="#1b5e8a"/><text x="{x:.0f}" y="{y + 22:.0f}" text-anchor="middle">{escape(room)}</text>\n'
    )


def _tables() -> str:
    """The tables of the example, and of stages that it does not need."""
    project = load(EXAMPLE)
    other = (table for stage in all_stages.STAGES if not stage.needed(project) for table in stage.writes(project))
    return tables.reference(project.name, dict.fromkeys((*all_stages.tables(project), *other)))


PAGES: dict[str, Callable[[], str]] = {
    "architecture.md": architecture,
    "configuration.md": settings.reference,
    "features.md": features.reference,
    "rooms.svg": picture,
    "simulation.md": simulation.reference,
    "tables.md": _tables,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or PAGES:
        (DOCS / name).write_text(PAGES[name](), encoding="utf-8")
