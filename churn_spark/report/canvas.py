"""Pictures as inline SVG whose colours follow the page: light, dark and print.

Matplotlib draws with placeholder colours; the drawing is then given the page's CSS variables instead, loses what an
inline SVG does not need (document type, namespaces, metadata), and gets a title for readers who do not see it. Nothing
else imports matplotlib, and only where something is drawn: it takes a second to load.
"""

import html
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

INK, MUTED, RULE, PAPER = "#010203", "#010204", "#010205", "#010206"
ACCENT, SECOND, THIRD = "#010207", "#010208", "#010209"
HIGH, MEDIUM, LOW = "#01020a", "#01020b", "#01020c"

VARIABLES = {
    INK: "ink", MUTED: "muted", RULE: "rule", PAPER: "paper", ACCENT: "accent", SECOND: "second", THIRD: "third",
    HIGH: "high", MEDIUM: "medium", LOW: "low",
}  # fmt: skip
TIERS = {"high": HIGH, "medium": MEDIUM, "low": LOW}

WIDTH, HEIGHT = 5.2, 3.4
"""Inches of 72 points: half a wide page, and a phone's width with text still readable."""

_STYLE = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": RULE,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "figure.facecolor": "none",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
}


@contextmanager
def drawing(height: float = HEIGHT) -> Iterator[tuple["Figure", "Axes"]]:
    """An empty figure of the report with one pair of axes, to draw on and hand to `svg` before it closes."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        yield figure, figure.add_subplot()


@contextmanager
def drawings(count: int, height: float) -> Iterator[tuple["Figure", list["Axes"]]]:
    """The same with several pairs of axes, two side by side; height: of a row of them, in inches."""
    import matplotlib
    from matplotlib.figure import Figure

    rows = (count + 1) // 2
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH, height * rows), layout="constrained")
        yield figure, [figure.add_subplot(rows, 2, place + 1) for place in range(count)]


def format_ticks(axis: "Axis", text: Callable[[float], str], most: int | None = None, integer: bool = False) -> None:
    """Write the ticks of an axis as `text` says. most: of intervals between ticks; integer: only whole numbers."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_formatter(FuncFormatter(lambda value, _: text(value)))
    if most is not None:
        axis.set_major_locator(MaxNLocator(most, integer=integer))


def date_ticks(axis: "Axis") -> None:
    """Three to seven dates on an axis, what they have in common written once."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=7)
    axis.set_major_locator(locator)
    axis.set_major_formatter(ConciseDateFormatter(locator))
    axis.get_offset_text().set_color(INK)


def svg(figure: "Figure", name: str, title: str) -> Markup:
    """The figure as inline SVG.

    name: unique in the page, salts its ids. title: what is read to somebody who does not see it.
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    with matplotlib.rc_context({"svg.hashsalt": name}):
        written = io.StringIO()
        FigureCanvasSVG(figure).print_svg(
            written, metadata={"Date": None, "Creator": None, "Type": None, "Format": None}
        )
    return Markup(_inline(written.getvalue(), title))


def _inline(drawn: str, title: str) -> str:
    body = drawn[drawn.index("<svg") :]
    for unwanted in (r"<metadata>.*?</metadata>", r"<style.*?</style>", r"<!--.*?-->"):
        body = re.sub(unwanted, "", body, flags=re.DOTALL)
    # Ids of groups repeat from picture to picture; those of clips and markers hold the salt and do not.
    body = re.sub(r'<g id="[^"]*"', "<g", body).replace("xlink:href", "href")
    body = re.sub(r"\b(fill|stroke): (#0102\w\w)\b", _variable, body)
    box = re.search(r'viewBox="([^"]+)"', body)
    escaped = html.escape(title)
    opening = f'<svg viewBox="{box[1] if box else ""}" role="img" aria-label="{escaped}"><title>{escaped}</title>'
    return opening + body[body.index(">") + 1 :]


def _variable(match: re.Match[str]) -> str:
    return f"{match[1]}: var(--{VARIABLES[match[2]]})"
