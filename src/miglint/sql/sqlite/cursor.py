"""A place in the tokens of a statement, and the small steps that every reader is made of."""

from __future__ import annotations

from miglint.base.model import Span
from miglint.sql.operations import Expression, Name
from miglint.sql.sqlite.expressions import expression
from miglint.sql.sqlite.tokens import STRING, Tokens
from miglint.sql.sqlite.words import RESERVED, Unreadable

END = ""


class Cursor:
    """Reads tokens from `at` up to `end` (the last by default). `offset` is where the text starts in its file."""

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
        """Return the word that many steps on, or `END`."""
        at = self.at + steps
        return self.words[at] if at < self.size else END

    def words_ahead(self, *wanted: str) -> bool:
        """Tell whether these words follow the current one."""
        return tuple(self.words[self.at + 1 : self.at + 1 + len(wanted)]) == wanted

    def accept(self, *wanted: str) -> bool:
        """Step over the given words if they all come next."""
        at = self.at
        if at < self.size and self.words[at] == wanted[0]:
            for step, word in enumerate(wanted[1:], 1):
                if at + step >= self.size or self.words[at + step] != word:
                    return False
            self.at = at + len(wanted)
            return True
        return False

    def expect(self, *wanted: str) -> None:
        """Step over the given words, which must come next."""
        if not self.accept(*wanted):
            raise self.unreadable()

    def finish(self) -> None:
        """Make sure that nothing is left."""
        if self.at < self.size:
            raise self.unreadable()

    def unreadable(self) -> Unreadable:
        """Return the error that this place is not understood."""
        if self.at < self.size:
            return Unreadable(f"the statement cannot be read at {self.tokens.raw(self.at)[:40]!r}")
        return Unreadable("the statement ends too early to be read")

    def is_name(self) -> bool:
        """Tell whether a name comes next; SQLite takes strings for names as well."""
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
        """Read a name that may have a schema in front."""
        first = self.name()
        return Name(first, self.name()) if self.accept(".") else Name(None, first)

    def if_not_exists(self) -> bool:
        """Read `IF NOT EXISTS` if it is there."""
        return self.accept("IF", "NOT", "EXISTS")

    def parentheses(self) -> tuple[int, int]:
        """Step over a pair of parentheses; return the place between them."""
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
        """Return the characters from token `start` up to token `end` (the current place)."""
        last = max(start, (self.at if end is None else end) - 1)
        return Span(self.tokens.starts[start] + self.offset, self.tokens.ends[last] + self.offset)

    def whole(self) -> Span:
        """Return the characters of the statement."""
        return Span(self.tokens.start + self.offset, self.tokens.end + self.offset)
