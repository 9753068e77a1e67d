"""Terminal text: colors and display width."""

from __future__ import annotations

from miglint.report.excerpt import columns
from miglint.report.view import DisplayOptions

_RESET = "\x1b[0m"
_STYLES = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "info": "\x1b[1;36m",
    "bold": "\x1b[1m",
    "dim": "\x1b[2m",
    "gutter": "\x1b[34m",
    "good": "\x1b[32m",
    "bad": "\x1b[31m",
}


# All escape sequences that colored text may contain.
SEQUENCES = (_RESET, *_STYLES.values())


def paint(style: str, text: str, view: DisplayOptions) -> str:
    """Return a text in a style, if color is enabled."""
    return f"{_STYLES[style]}{text}{_RESET}" if view.color and text else text


def wide(text: str) -> int:
    """Return the display width of a text in columns."""
    return len(text) if text.isascii() else sum(map(columns, text))


def fit(text: str, room: int) -> str:
    """Truncate or pad a text to a number of columns."""
    size = wide(text)
    if size <= room:
        return text + " " * (room - size)
    while size > room - 1:
        size -= columns(text[-1])
        text = text[:-1]
    return text + "…" + " " * (room - 1 - size)
