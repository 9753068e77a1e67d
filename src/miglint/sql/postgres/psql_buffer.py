"""The text of a script as psql sends it to the server, statement by statement.

It has the length of the script: what psql keeps for itself, or does not run, are spaces in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.sql.postgres.lexer import skip_space
from miglint.sql.postgres.psql_arguments import REFERENCE, Variables, line_end

_COPY_END = pattern(r"^\\\.[ \t]*\r?$", re.MULTILINE)
_COPY_IN = pattern(r"COPY\b.*\bFROM\s+(?:STDIN\b|'stdin')", re.IGNORECASE | re.DOTALL)
# What may come before `\connect` in a script that is for the database that it connects to.
_PREPARES = pattern(
    r"(?:set|reset|select|begin|commit|(?:create|alter|drop|comment\s+on)\s+(?:database|role|user|tablespace))\b",
    re.IGNORECASE,
)
_MOST_SUBSTITUTED = 1_000_000
_ROWS = pattern(r"(?:insert|update|delete)\b", re.IGNORECASE)


class PsqlNote(NamedTuple):
    """What a command of psql does to the script, at `start` to `end` of its text; `message` goes on with "psql".

    `lost`: what then is run is not known. `rows`: at most rows are changed.
    """

    start: int
    end: int
    message: str
    lost: bool = True
    rows: bool = False


class Substituted(NamedTuple):
    """SQL that psql sends in the place of a part of the script."""

    start: int
    end: int
    sql: str


class _Replacement(NamedTuple):
    """What is sent in the place of a part of the script, with spaces up to its length if that is kept."""

    start: int
    end: int
    text: str
    keeps_length: bool = True


class _ReadVariable(NamedTuple):
    """A variable in a statement, and the value that it has where psql reads it: None if that is not known."""

    found: re.Match[str]
    value: str | None


class ScriptBuffer:
    """Takes a script apart into what psql sends at once: nearly always one statement, with `\\;` several.

    `begun` is where the statement at hand begins, `depth` the brackets that are open in it, `slices` the square ones.
    `sent` says whether there was a statement before it, `changed` whether one before it changes anything. `commands`
    are the places of what only psql understands: its commands, and the data of `COPY ... FROM stdin`. Data follow the
    line whose statement reads them, which may go on: behind `line`, the script goes on at `behind`.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.limit = len(text)
        self.commands: list[tuple[int, int]] = []
        self.notes: list[PsqlNote] = []
        self.substituted: list[Substituted] = []
        self.variables = Variables()
        self.begun = self.depth = self.slices = 0
        self.sent = self.changed = False
        self.line, self.behind = self.limit, 0
        # The first character of the statement at hand, once it is known.
        self._first: int | None = None
        self._substituted_length = 0
        self._has_data = True
        # Of the whole script; those of the statement at hand begin at `_own`.
        self._hidden: list[_Replacement] = []
        self._own = 0
        self._references: list[_ReadVariable] = []
        # Where it has `\;`.
        self._joints: list[int] = []

    def hide(self, start: int, end: int, instead: str = "") -> None:
        """Leave out a part of the text."""
        if start < end:
            self._hidden.append(_Replacement(start, end, instead))

    def sent_text(self) -> str:
        """Return the text without what is left out."""
        return "".join(self._parts(0, self.limit, self._hidden))

    def _parts(self, start: int, end: int, replacements: list[_Replacement]) -> Iterator[str]:
        """Yield a part of the text with replacements, of which one may be in another."""
        done = start
        for each in sorted(replacements):
            if each.end <= done:
                continue
            first = max(each.start, done)
            yield self.text[done:first]
            yield each.text
            if each.keeps_length:
                blank = "\n".join(" " * len(line) for line in self.text[first : each.end].split("\n"))
                yield blank[len(each.text) :]
            done = each.end
        yield self.text[done:end]

    def stripped(self, end: int) -> int:
        """Return an end without the white space before it."""
        while end and self.text[end - 1].isspace():
            end -= 1
        return end

    def note(self, start: int, end: int, message: str, *, lost: bool = True, rows: bool = False) -> None:
        """Add a note."""
        self.notes.append(PsqlNote(start, self.stripped(end), message, lost, rows))

    def start(self, at: int) -> int:
        """Return where the text of the statement at hand begins, `at` if there is none before that."""
        if self._first is None or self._first > at:
            found = skip_space(self.text, self.begun, at)
            self._first = found if found < at else None
            return found
        return self._first

    def is_pending(self, at: int) -> bool:
        """Return whether a statement is begun before a position."""
        return self.start(at) < at

    def begin(self, at: int) -> None:
        """Begin a statement."""
        self.begun, self.depth, self.slices, self._first = at, 0, 0, None
        self._own, self._references, self._joints = len(self._hidden), [], []

    def end(self, at: int) -> int:
        """Read the semicolon that ends a statement; return where to go on."""
        self.send(at, at + 1)
        self.begin(at + 1)
        return at + 1

    def join(self, at: int) -> int:
        """Read `\\;` or `\\:`, whose second character is sent with what follows; return where to go on."""
        self.commands.append((at, at + 2))
        self.hide(at, at + 1)
        if self.text[at + 1] == ";":
            self._joints.append(at)
        return at + 2

    def send(self, end: int, behind: int) -> None:
        """Put what psql sends for the statement that ends here in its place, and leave out the data that it reads.

        `behind` is the end of what sends it.
        """
        start = self.start(end)
        self.sent = start < end
        bounds = [start - 2, *self._joints, end]
        each = [(skip_space(self.text, one + 2, other), other) for one, other in pairwise(bounds)]
        statements = [(first, last) for first, last in each if first < last]
        self.changed = self.changed or any(_PREPARES.match(self.text, *statement) is None for statement in statements)
        for statement in statements:
            if _COPY_IN.match(self.text, *statement) is not None:
                self.read_data(behind)
        if self._references:
            rows = all(_ROWS.match(self.text, *statement) is not None for statement in statements)
            self._substitute(start, end, rows=rows)

    def read_data(self, at: int) -> None:
        """Leave out the data of a COPY, behind the line of a position; psql reads no data where nothing ends them."""
        begin = line_end(self.text, at) if self.line == self.limit else self.behind
        found = _COPY_END.search(self.text, begin) if self._has_data else None
        self._has_data = found is not None
        if found is None:
            return
        if self.line == self.limit:
            self.line = begin
        self.behind = found.end()
        self.commands.append((skip_space(self.text, begin, self.limit), self.behind))
        self.hide(begin, self.behind)

    def _substitute(self, start: int, end: int, *, rows: bool) -> None:
        """Put the values of variables into a statement; `rows` says whether it changes at most rows."""
        replacements = self._hidden[self._own :]
        unknown: str | None = None
        for found, value in self._references:
            unknown = unknown or (found[0] if value is None else None)
            replacements.append(_Replacement(*found.span(), value or "", keeps_length=False))
        parts = list(self._parts(start, end, replacements))
        self.hide(start, end)
        self._substituted_length += sum(map(len, parts))
        if self._substituted_length > _MOST_SUBSTITUTED:
            unknown = unknown or self._references[0].found[0]
        if unknown is None:
            self.substituted.append(Substituted(start, end, "".join(parts)))
            return
        rows = rows and all(item.found["string"] for item in self._references)
        self.note(start, end, f"puts the value of {unknown} into this statement, which is not known", rows=rows)

    def reference(self, at: int) -> int:
        """Read a colon, a variable of psql where its name follows; return where to go on."""
        if self.text.startswith("::", at):
            return at + 2
        found = REFERENCE.match(self.text, at)
        if found is None:
            return at + 1
        name = found["bare"] or found["string"] or found["name"] or found["set"]
        # The bounds of a slice of an array look the same.
        is_bound = name.isdigit() or (self.slices > 0 and not self.variables.may_be_set(name))
        if is_bound and name not in self.variables.values:
            return at + 1
        self._references.append(_ReadVariable(found, self.variables.replaced(found)))
        return found.end()
