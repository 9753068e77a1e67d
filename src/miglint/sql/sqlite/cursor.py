"""Cursor over the tokens of a statement, with basic operations for readers."""

from __future__ import annotations

from miglint.base.model import Span
from miglint.sql.operations import Expression, Name
from miglint.sql.sqlite.expressions import expression
from miglint.sql.sqlite.tokens import STRING, Tokens
from miglint.sql.sqlite.words import RESERVED, Unreadable

END = ""


class Cursor:
    """Reads tokens from `at` up to `end` (the last by default). `offset` is the position of the text in its file."""

    __slots__ = ("at", "offset", "size", "tokens", "words")

    def __init__(self, tokens: Tokens, offset: int, at: int = 0, end: int | None = None) -> None:
        self.tokens = tokens
        self.words = tokens.words
        self.size = len(tokens.words) if end is None else end
        self.offset = offset
        self.at = at

    @property
    def word(self) -> str:
        """The current word, or `END`."""
        return self.words[self.at] if self.at < self.size else END

    def ahead(self, steps: int = 1) -> str:
        """Return the word at this distance, or `END`."""
        at = self.at + steps
        return self.words[at] if at < self.size else END

    def words_ahead(self, *wanted: str) -> bool:
        """Return whether these words come next."""
        return tuple(self.words[self.at + 1 : self.at + 1 + len(wanted)]) == wanted

    def accept(self, *wanted: str) -> bool:
        """Skip the given words if all of them come next."""
        at = self.at
        if at < self.size and self.words[at] == wanted[0]:
            for step, word in enumerate(wanted[1:], 1):
                if at + step >= self.size or self.words[at + step] != word:
                    return False
            self.at = at + len(wanted)
            return True
        return False

    def expect(self, *wanted: str) -> None:
        """Skip the given words; raise if they do not come next."""
        if not self.accept(*wanted):
            raise self.unreadable()

    def finish(self) -> None:
        """Raise unless all tokens are consumed."""
        if self.at < self.size:
            raise self.unreadable()

    def unreadable(self) -> Unreadable:
        """Return the error for an unsupported token at this position."""
        if self.at < self.size:
            return Unreadable(f"the statement cannot be read at {self.tokens.raw(self.at)[:40]!r}")
        return Unreadable("the statement ends too early to be read")

    def is_name(self) -> bool:
        """Return whether a name comes next; SQLite accepts strings as names."""
        return self.at < self.size and (
            self.words[self.at] == STRING or (self.tokens.is_name(self.at) and self.words[self.at] not in RESERVED)
        )

    def name(self) -> str:
        """Read a name."""
        if not self.is_name():
            raise self.unreadable()
        self.at += 1
        return self.tokens.name(self.at - 1)

    def qualified(self) -> Name:
        """Read an optionally schema-qualified name."""
        first = self.name()
        return Name(first, self.name()) if self.accept(".") else Name(None, first)

    def if_not_exists(self) -> bool:
        """Read optional `IF NOT EXISTS`."""
        return self.accept("IF", "NOT", "EXISTS")

    def parentheses(self) -> tuple[int, int]:
        """Skip a pair of parentheses; return the range between them."""
        if self.word != "(":
            raise self.unreadable()
        first, close = self.at + 1, self.tokens.closing(self.at)
        if close >= self.size:
            raise Unreadable("a parenthesis is not closed")
        self.at = close + 1
        return first, close

    def names(self) -> tuple[str, ...]:
        """Read a list of names in parentheses."""
        self.expect("(")
        found = [self.name()]
        while self.accept(","):
            found.append(self.name())
        self.expect(")")
        return tuple(found)

    def expression_until(self, *stops: str) -> Expression | None:
        """Read an expression that ends before one of the words (outside parentheses), or at the end."""
        first = self.at
        while self.at < self.size and self.words[self.at] not in stops:
            self.at = min(self.tokens.closing(self.at), self.size - 1) + 1 if self.word == "(" else self.at + 1
        return expression(self.tokens, first, self.at) if first < self.at else None

    def span(self, start: int, end: int | None = None) -> Span:
        """Return the span of the tokens from `start` to before `end` (the current position)."""
        last = max(start, (self.at if end is None else end) - 1)
        return Span(self.tokens.starts[start] + self.offset, self.tokens.ends[last] + self.offset)

    def source(self) -> str:
        """Return the text of the statement."""
        return self.tokens.slice(0, len(self.tokens))

    def whole(self) -> Span:
        """Return the span of the statement."""
        return Span(self.tokens.start + self.offset, self.tokens.end + self.offset)
