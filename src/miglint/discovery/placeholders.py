"""`${name}` in scripts, replaced without changing the offsets of the following text.

Findings refer to positions in the original file, so the replacement must have the same length. A shorter value is
padded with spaces where these are insignificant; all others become an identifier of the same length, which is the same
for the same name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from miglint.base.lazy_regex import pattern

_PLACEHOLDER = pattern(r"(?P<open>[\"'])?\$\{(?P<name>[^\s${}'\"]{1,200})\}(?P<close>[\"'])?")
_WORD = pattern(r"\w")
_NOT_WORD = pattern(r"\W", re.ASCII)


def substitute(text: str, values: Mapping[str, str]) -> str | None:
    """Return a text of the same length without placeholders, or None if it has none."""
    if "${" not in text:
        return None

    def replacement(match: re.Match[str]) -> str:
        name = match["name"]
        opening, closing = match["open"] or "", match["close"] or ""
        value = values.get(name)
        room = len(name) + 3
        if value is None or len(value) > room or "\n" in value:
            return f"{opening}{_NOT_WORD.sub('_', match[0][len(opening) : len(match[0]) - len(closing)])}{closing}"
        padding = " " * (room - len(value))
        if opening and opening == closing:
            return f"{opening}{value}{closing}{padding}"
        before = opening or text[max(0, match.start() - 1) : match.start()]
        after = closing or text[match.end() : match.end() + 1]
        if not _touches(after):
            return f"{opening}{value}{padding}{closing}"
        if not _touches(before):
            return f"{opening}{padding}{value}{closing}"
        return f"{opening}{_NOT_WORD.sub('_', match[0][len(opening) : len(match[0]) - len(closing)])}{closing}"

    result = _PLACEHOLDER.sub(replacement, text)
    return result if result != text else None


def _touches(character: str) -> bool:
    """Return whether a space next to this character would split a word or change a quoted one."""
    return bool(character) and (character in "\"'$" or _WORD.match(character) is not None)
