"""A source line as displayed on a terminal, with a marked range."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from miglint.base.inert import shown

TAB = 4
_ELLIPSIS = "…"
_INVISIBLE = frozenset(("Mn", "Me", "Cf"))


class Excerpt(NamedTuple):
    """The displayed line, and start and width of the mark under it, in columns."""

    text: str
    start: int
    width: int


def columns(char: str) -> int:
    """Return the display width of a character in columns."""
    if char.isascii():
        return 1
    if unicodedata.category(char) in _INVISIBLE:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def excerpt(line: str, start: int, end: int, width: int) -> Excerpt:
    """Return `line` cut to `width` columns around the characters `start` to `end`, with the position of the mark."""
    start = min(start, len(line))
    end = min(max(end, start + 1), max(len(line), start + 1))
    if len(line) <= width and line.isascii() and line.isprintable():
        # Fast path for most lines: one column per character, no truncation.
        return Excerpt(line.rstrip(), start, end - start)
    # A line of a data dump may have megabytes; only the visible part is examined.
    first = max(0, start - width)
    last = min(len(line), start + 2 * width)
    window = line[first:last]
    if window.isascii() and window.isprintable():
        return _cut_plain(window, start - first, end - first, width, before=first > 0, after=last < len(line))
    cells: list[tuple[str, int]] = []
    place = mark = stop = 0
    for index in range(first, last):
        if index == start:
            mark = place
        if index == end:
            stop = place
        char = line[index]
        text, size = (" " * TAB, TAB) if char == "\t" else (shown(char), columns(shown(char)))
        cells.append((text, size))
        place += size
    if start >= last:
        mark = place
    if end >= last:
        stop = max(place, mark + 1)
    return _cut(cells, (mark, max(stop, mark + 1)), width, before=first > 0, after=last < len(line))


def _cut_plain(text: str, mark: int, stop: int, width: int, *, before: bool, after: bool) -> Excerpt:
    """Like `_cut`, for text with one column per character."""
    stop = max(min(stop, len(text)), mark + 1)
    if len(text) <= width and not before and not after:
        return Excerpt(text.rstrip(), mark, stop - mark)
    left = 0 if stop <= width - 1 and not before else max(0, mark - width // 4)
    head = _ELLIPSIS if left > 0 or before else ""
    room = width - len(head) - 1
    tail = _ELLIPSIS if after or len(text) - left > room else ""
    wide = max(1, min(stop - mark, room - (mark - left)))
    return Excerpt(head + text[left : left + room] + tail, len(head) + mark - left, wide)


def _cut(cells: list[tuple[str, int]], span: tuple[int, int], width: int, *, before: bool, after: bool) -> Excerpt:
    mark, stop = span
    total = sum(size for _, size in cells)
    if total <= width and not before and not after:
        return Excerpt("".join(text for text, _ in cells).rstrip(), mark, stop - mark)
    # Start at the marked range, with some context before it.
    left = 0 if stop <= width - 1 and not before else max(0, mark - width // 4)
    head = _ELLIPSIS if left > 0 or before else ""
    room = width - len(head) - 1
    shown_text, begin, complete = _fitting(cells, left, room)
    tail = "" if complete and not after else _ELLIPSIS
    offset = len(head) + mark - begin
    return Excerpt(head + shown_text + tail, offset, max(1, min(stop - mark, room - (mark - begin))))


def _fitting(cells: list[tuple[str, int]], left: int, room: int) -> tuple[str, int, bool]:
    """Return the text from a column on that fits into the room, the column where it starts, and whether all fits."""
    place, begin, taken = 0, None, 0
    texts: list[str] = []
    for text, size in cells:
        if place >= left:
            begin = place if begin is None else begin
            if taken + size > room:
                return "".join(texts), begin, False
            texts.append(text)
            taken += size
        place += size
    return "".join(texts), left if begin is None else begin, True
