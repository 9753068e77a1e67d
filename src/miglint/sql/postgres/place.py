"""Positions of statements: from the parser's byte offsets to characters of the file."""

from __future__ import annotations

from miglint.base.model import Span
from miglint.sql.postgres.lexer import clause_end, trimmed_end
from miglint.sql.postgres.names import Node

_BLOCK = 4096
_CONTINUATION = bytes(range(0x80, 0xC0))


class ByteMap:
    """Converts ascending byte offsets of a UTF-8 text to character offsets in linear time."""

    __slots__ = ("_counts", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._counts = [0]
        for at in range(0, len(data), _BLOCK):
            block = data[at : at + _BLOCK]
            self._counts.append(self._counts[-1] + len(block.translate(None, _CONTINUATION)))

    def char(self, byte: int) -> int:
        """Return the number of characters before `byte`."""
        block = min(byte // _BLOCK, len(self._counts) - 1)
        return self._counts[block] + len(self._data[block * _BLOCK : byte].translate(None, _CONTINUATION))


class Place:
    """One statement in its text: `start` and `end` are characters of `text`, which starts at `offset` in its file.

    `bytes` is None if bytes and characters are equal. `fixed` is the span of everything in a text that is not contained
    in the file (SQL built from strings).
    """

    __slots__ = ("_whole", "base", "bytes", "end", "fixed", "offset", "start", "text")

    def __init__(
        self,
        text: str,
        offset: int,
        start: int,
        end: int,
        bytes_: ByteMap | None = None,
        *,
        fixed: Span | None = None,
        base: int = 0,
    ) -> None:
        self.text = text
        self.offset = offset
        self.start = start
        self.end = end
        self.bytes = bytes_
        self.fixed = fixed
        self.base = base
        self._whole = fixed or Span(offset + start, offset + end)

    def char(self, byte: int) -> int:
        """Return the character of `text` at a byte offset of the parser."""
        return self.base + (byte if self.bytes is None else self.bytes.char(byte))

    def span(self, start: int, end: int) -> Span:
        """Return characters `start` to `end` of `text` as a span of the file."""
        return self.fixed or Span(self.offset + start, self.offset + end)

    def whole(self) -> Span:
        """Return the span of the statement."""
        return self._whole

    def source(self) -> str:
        """Return the text of the statement."""
        return self.text[self.start : self.end]

    def clause(self, byte: int) -> tuple[int, int]:
        """Return the characters of the clause that starts at `byte`."""
        start = self.char(byte)
        return start, clause_end(self.text, start, self.end)


def place_of(
    text: str,
    offset: int,
    base: int,
    limit: int,
    bytes_: ByteMap | None,
    node: Node,
    *,
    fixed: Span | None = None,
) -> Place:
    """Return the position of a raw statement that was parsed from `text[base:limit]`."""
    first = node.get("stmt_location", 0)
    length = node.get("stmt_len", 0)
    if bytes_ is None:
        start = base + first
        end = start + length if length else limit
    else:
        start = base + bytes_.char(first)
        end = base + bytes_.char(first + length) if length else limit
    last = text[end - 1] if end > start else ""
    if not length or last.isspace() or last == "/":
        end = trimmed_end(text, start, end)
    return Place(text, offset, start, end, bytes_, fixed=fixed, base=base)
