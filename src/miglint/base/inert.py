"""Escaping of untrusted text for terminals and build services, and in the comments of scripts.

GitHub takes a line that begins with `::`, behind white space, for a command, and `##[` anywhere in one; Azure Pipelines
and TeamCity have commands of the second kind. Terminals obey C0 and C1 controls, and bidirectional controls make a line
read as something else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from miglint.base.lazy_regex import many, pattern

REPLACEMENT = "\ufffd"
_UNPRINTABLE = frozenset(("Cc", "Cs", "Co", "Cn", "Zl", "Zp", "Cf"))
# Control characters except line ends and tabs, lone surrogates, Unicode line ends, and invisible characters.
_STEERING = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
)
_CONTROL = pattern(f"[{_STEERING}]")
_MARK = pattern(r"##(?=\[|vso\[|teamcity\[)", re.IGNORECASE)
# At the start of a line, apart from white space and colors.
_COLONS = pattern("^(" + many(r"[^\S\n]|\x1b\[[0-9;]*+m") + ")::", re.MULTILINE)


def printable(text: str) -> str:
    """Replace terminal control characters; line ends are kept."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char == "\n" or shown(char) == char else shown(char) for char in text)


def shown(char: str) -> str:
    """Return the displayed form of a character; bidirectional controls are replaced."""
    if char.isprintable() and char != "\ufeff":
        return char
    category = unicodedata.category(char)
    if category in _UNPRINTABLE:
        return REPLACEMENT
    return " " if category == "Zs" else char


def one_line(text: str) -> str:
    """Return a text as `printable` does, on one line."""
    return printable(text).replace("\n", REPLACEMENT)


def sql_comment(text: str) -> str:
    """Return a text as a line of SQL that is a comment to its end: names of objects and files may have line ends."""
    return f"-- {' '.join(text.splitlines())}".rstrip()


def unmarked(text: str) -> str:
    """Break up command prefixes that are valid anywhere in a line."""
    return _MARK.sub("# #", text) if "##" in text else text


def inert(text: str, styles: Sequence[str] = (), colons: str = ": :") -> str:
    """Return a whole output, which contains untrusted text, with terminal and build service commands disabled.

    `styles` are the color sequences that are kept. `colons` replaces two colons at the start of a line.
    """
    if styles and _CONTROL.search(text):
        either = pattern(f"({'|'.join(map(re.escape, styles))})|[{_STEERING}]")
        text = either.sub(lambda found: found[1] or REPLACEMENT, text)
    else:
        text = _CONTROL.sub(REPLACEMENT, text)
    text = unmarked(text)
    if "::" not in text:
        return text
    # A color in front of two colons is no protection where a log is stored without colors.
    start = pattern(rf"^((?:[^\S\n]|{'|'.join(map(re.escape, styles))})*)::", re.MULTILINE) if styles else _COLONS
    return start.sub(lambda found: found[1] + colons, text)


def inert_json(text: str) -> str:
    """Return equivalent JSON, with active characters escaped."""
    return _MARK.sub(r"\\u0023#", _CONTROL.sub(_json_escape, text))


def inert_xml(text: str) -> str:
    """Return XML text, whose markup is already escaped, with references in place of active characters."""
    text = _CONTROL.sub(lambda found: f"&#{ord(found[0])};", text)
    return _MARK.sub("&#35;#", text).replace("::", "&#58;:")


def _json_escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
