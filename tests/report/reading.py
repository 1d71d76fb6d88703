"""Reads a page back the way a browser does: elements, ids, links and tables as texts."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "input", "link", "path", "use", "rect"}


@dataclass
class Page(HTMLParser):
    """Elements with their attributes, tables by caption, and the text of a page; unbalanced tags are an error."""

    html: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self._table: list[list[str]] | None = None
        self.feed(self.html)
        self.close()
        assert self._open == [], self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.elements.append((tag, named))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "table" and named.get("role") != "presentation":
            self._table = self.tables.setdefault(str(named["aria-label"]), [])
        elif tag == "tr" and self._table is not None:
            self._table.append([])
        elif tag in ("td", "th") and self._table is not None:
            self._table[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self._open.pop() == tag, f"</{tag}> closes another element"
        if tag == "table":
            self._table = None

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "style":
            return
        text = data.replace("\u00a0", " ")
        self.words.append(text)
        if self._table and {"td", "th"} & set(self._open):
            # A cell's second, smaller line is kept apart from its first.
            self._table[-1][-1] += f" | {text}" if self._open[-1] == "small" else text

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, attribute: str) -> list[str]:
        return [str(named[attribute]) for _, named in self.elements if attribute in named]

    def table(self, caption: str) -> list[list[str]]:
        """The rows of the table whose caption begins so, headings first."""
        return next(rows for title, rows in self.tables.items() if title.startswith(caption))
