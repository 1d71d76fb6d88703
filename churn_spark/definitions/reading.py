"""Reading options of text files: defaults, encodings, and their canonical form."""

import codecs
import re
from collections.abc import Mapping

CHARSETS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16LE",
    "utf-16-be": "UTF-16BE",
    "utf-32": "UTF-32",
    "utf-32-le": "UTF-32LE",
    "utf-32-be": "UTF-32BE",
    "ascii": "US-ASCII",
    **{f"iso8859-{part}": f"ISO-8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 15)},
    **{f"cp{page}": f"windows-{page}" for page in range(1250, 1259)},
    **{f"cp{page}": f"IBM{page}" for page in (437, 850, 852, 866)},
    **{f"koi8-{letter}": f"KOI8-{letter.upper()}" for letter in "ru"},
    "shift_jis": "Shift_JIS",
    "cp932": "windows-31j",
    "euc_jp": "EUC-JP",
    "euc_kr": "EUC-KR",
    "gb2312": "GB2312",
    "gbk": "GBK",
    "gb18030": "GB18030",
    "big5": "Big5",
}
"""Java's names of the supported encodings, by Python's canonical names."""
PLAIN = ("UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "US-ASCII", "ISO-8859-1")
"""The encodings that Spark reads in every session; others need `ANY_CHARSET`."""
ANY_CHARSET = "spark.sql.legacy.javaCharsets"
WIDE = ("UTF-16", "UTF-32")
"""Prefixes of the encodings in which a line break is more than one byte: Spark splits lines at single bytes."""

DEFAULTS = {
    "sep": ",",
    "quote": '"',
    "encoding": "UTF-8",
    **dict.fromkeys(("comment", "nullValue", "emptyValue"), ""),
    **dict.fromkeys(("multiLine", "ignoreLeadingWhiteSpace", "ignoreTrailingWhiteSpace"), "false"),
    "allowSingleQuotes": "true",
}
"""The values of options that are left out; the default of `escape` is the value of `quote`."""

ESCAPES = {"t": "\t", "b": "\b", "f": "\f", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
"""Characters behind a backslash in `sep`."""


def charset(name: str) -> str | None:
    """Java's name of an encoding in any spelling (utf8, cp1252, Windows-1252); None: not supported."""
    try:
        return CHARSETS.get(codecs.lookup(name.strip()).name)
    except (LookupError, ValueError):
        return None


def with_quotes_doubled(options: Mapping[str, str]) -> dict[str, str]:
    """The options of a CSV source, in which a quote within a value is written twice (RFC 4180) unless they differ."""
    return dict(options) if "escape" in options else {**options, "escape": options.get("quote", '"')}


def csv_options(options: Mapping[str, str]) -> dict[str, str]:
    """The options of a CSV source for Spark, with `encoding` and `multiLine` always set."""
    resolved = with_quotes_doubled(options)
    resolved["encoding"] = charset(options.get("encoding", "UTF-8")) or options["encoding"]
    several = resolved["encoding"].startswith(WIDE) or options.get("multiLine", "").lower() == "true"
    return resolved | {"multiLine": str(several).lower()}


def canonical_options(file_format: str, options: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The options for hashes: those that may change rows, in one spelling, without defaults."""
    meant = {name: value.lower() if value.lower() in ("true", "false") else value for name, value in options}
    defaults = {**DEFAULTS, "escape": meant.get("quote", DEFAULTS["quote"])}
    if file_format == "csv":
        meant = csv_options(meant)
        meant["sep"] = separator(meant.get("sep", ",")) or ","
    return tuple(sorted((name, value) for name, value in meant.items() if value != defaults.get(name)))


def separator(given: str) -> str | None:
    """The separator of columns, with the escapes that Spark knows resolved; None: an unknown escape."""
    if not re.fullmatch(rf"(?:[^\\]|\\[{re.escape(''.join(ESCAPES))}])+", given, re.DOTALL):
        return None
    return re.sub(r"\\(.)", lambda match: ESCAPES[match[1]], given)
