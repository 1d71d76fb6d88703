"""Reading options: that they have an effect on the source, and that their values are valid."""

from collections.abc import Callable, Iterator, Mapping

from churn_spark.definitions.expressions import literal
from churn_spark.definitions.nearest import listed
from churn_spark.definitions.reading import CHARSETS, charset, separator
from churn_spark.settings.document import Keys, Problem
from churn_spark.settings.lookups import LookupSection
from churn_spark.settings.options import BY_FORMAT
from churn_spark.settings.partial import as_far_as_valid
from churn_spark.settings.root import Settings
from churn_spark.settings.sources import SourceSection

FLAGS = ("multiLine", "ignoreLeadingWhiteSpace", "ignoreTrailingWhiteSpace", "allowSingleQuotes")
CHARACTERS = ("quote", "escape", "comment")
BREAKS = ("\n", "\r")
ENCODINGS = ("UTF-8", "windows-1252", "ISO-8859-1", "UTF-16", *sorted(set(CHARSETS.values())))
PATTERNS = {"dateFormat": "date", "timestampFormat": "timestamp", "timestampNTZFormat": "timestamp_ntz"}
"""Options with the format of columns of a type."""
EXAMPLE = "a date pattern of Java's DateTimeFormatter, such as dd.MM.yyyy HH:mm:ss or yyyy-MM-dd'T'HH:mm:ssXXX"


def reading(settings: Settings) -> Iterator[Problem]:
    """Problems of the reading options of sources and lookups."""
    for keys, section in _with_options(settings):
        yield from as_far_as_valid(_options(section, (*keys, "options")))


def _with_options(settings: Settings) -> Iterator[tuple[Keys, SourceSection | LookupSection]]:
    """Sources and lookups, with their keys in the file."""
    for name, source in settings.sources.items():
        yield ("sources", name), source
        yield from as_far_as_valid(_lookups(name, source))


def _lookups(name: str, source: SourceSection) -> Iterator[tuple[Keys, LookupSection]]:
    for lookup, section in source.lookups.items():
        yield ("sources", name, "lookups", lookup), section


def _options(section: SourceSection | LookupSection, keys: Keys) -> Iterator[Problem]:
    for option, value in section.options.items():
        if text := _wrong(option, value):
            yield Problem((*keys, option), text)
        yield from as_far_as_valid(_without_effect(option, section, keys))
    yield from _contradictions(section.options, keys)


def _without_effect(option: str, section: SourceSection | LookupSection, keys: Keys) -> Iterator[Problem]:
    if option not in BY_FORMAT[section.format]:
        yield Problem((*keys, option), _no_effect(section.format))
    elif option in PATTERNS:
        yield from _without_column(option, section, keys)


def patterns(settings: Settings, computed: Callable[[str], str]) -> Iterator[Problem]:
    """Date patterns that Spark does not accept. computed: gives the type of a constant, or raises ValueError."""
    for keys, section in _with_options(settings):
        yield from as_far_as_valid(_patterns(section, (*keys, "options"), computed))


def _patterns(section: SourceSection | LookupSection, keys: Keys, computed: Callable[[str], str]) -> Iterator[Problem]:
    for option in section.options.keys() & PATTERNS.keys():
        pattern = section.options[option]
        try:
            computed(f"try_to_timestamp('-', {literal(pattern)})")
        except ValueError:
            yield Problem((*keys, option), f"{pattern!r} is not {EXAMPLE}")


def _no_effect(file_format: str) -> str:
    allowed = BY_FORMAT[file_format]
    if not allowed:
        return f"has no effect with format: {file_format}, whose files describe themselves; remove it"
    more = " JSON is read as UTF-8, one object per line." if file_format == "json" else ""
    return f"has no effect with format: {file_format}; remove it.{more} Known there: {', '.join(allowed)}"


def _wrong(option: str, value: str) -> str | None:
    """What is wrong with a value by itself; None where nothing is."""
    size = len(value.encode("utf-16-le", "surrogatepass")) // 2  # characters as Java counts them
    between = separator(value) or "\n"
    rules = (
        (FLAGS, value.lower() not in ("true", "false"), "true or false"),
        (CHARACTERS, size > 1 or value in BREAKS, "a single character other than a line break ('' for none)"),
        (("sep",), any(c in between for c in BREAKS), "a separator of columns, such as ; or \\t"),
        (
            ("lineSep",),
            not 1 <= size <= 2 or "\\" in value,
            'one or two characters; write a line break as "\\n" in double quotes',
        ),
        (("encoding",), charset(value) is None, f"a supported encoding. Known: {listed(ENCODINGS)}"),
        (tuple(PATTERNS), not value.strip(), EXAMPLE),
    )
    return next((f"{value!r} is not {what}" for options, wrong, what in rules if option in options and wrong), None)


def _without_column(option: str, source: SourceSection | LookupSection, keys: Keys) -> Iterator[Problem]:
    kind = PATTERNS[option]
    if kind in source.schema_.values():
        return
    others = [f"{other} for {type_}" for other, type_ in PATTERNS.items() if type_ in source.schema_.values()]
    remedy = f"use {', '.join(others)}" if others else "remove it"
    yield Problem((*keys, option), f"has no effect: no column in schema has type {kind}; {remedy}")


def _contradictions(options: Mapping[str, str], keys: Keys) -> Iterator[Problem]:
    """A character with two roles at once."""
    between = separator(options.get("sep", ",")) or ","
    quote, comment = options.get("quote", '"'), options.get("comment", "")
    for option in CHARACTERS:
        if options.get(option) and options[option] in between:
            yield Problem((*keys, option), f"{options[option]!r} is also in the separator (sep); use another character")
    if quote in between and "quote" not in options and quote:
        yield Problem(
            (*keys, "sep"), f"{quote!r} is also the quote character; use another separator, or quote: '' for none"
        )
    if comment and comment == quote:
        yield Problem((*keys, "comment"), f"{comment!r} is also the quote character; use another character")
