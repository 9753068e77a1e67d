"""The list of a `SELECT`: which of its columns are plain ones, and which are computed."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.lazy_regex import pattern

# Strings, quoted names, comments, words, and any other character. What is not closed goes to the end.
_TOKEN = pattern(
    r"""(?s)'[^']*(?:'|\Z)|"[^"]*(?:"|\Z)|`[^`]*(?:`|\Z)|\[[^\]]*(?:\]|\Z)|--[^\n]*|/\*.*?(?:\*/|\Z)|\w+|\s+|."""
)
_HEAD = pattern(r"(?is)\A\s*(?:\(\s*)?select\b")
_NAME = r"""(?:\w+|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\])"""
_PLAIN = pattern(rf"(?is)(?:{_NAME}\s*\.\s*)*(?:\*|{_NAME})(?:\s+(?:as\s+)?{_NAME})?\Z")
_CONSTANT = pattern(r"(?i)(?:null|true|false|\d)")


def plain_outputs(text: str) -> tuple[bool, ...] | None:
    """Return for each result column of a query whether it is a column as it is; None where that is not known."""
    head = _HEAD.match(text)
    if head is None:
        return None
    items = list(_items(text[head.end() :]))
    return tuple(_PLAIN.match(item) is not None and _CONSTANT.match(item) is None for item in items) or None


def _items(text: str) -> Iterator[str]:
    """Yield what is between the commas of a list, up to `FROM`."""
    depth, item = 0, ""
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token.startswith(("--", "/*")):
            continue
        if depth == 0 and (token == "," or token.lower() == "from"):
            yield item.strip()
            item = ""
            if token != ",":
                return
            continue
        depth += {"(": 1, ")": -1}.get(token, 0)
        item += token
    yield item.strip()
