"""The text of a script as psql sends it to the server, statement by statement.

It has the length of the script: what psql keeps for itself, or does not run, are spaces in it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.sql.postgres.lexer import skip_space
from miglint.sql.postgres.psql_arguments import REFERENCE, Variables

COPY_END = pattern(r"^\\\.[ \t]*\r?$", re.MULTILINE)
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


class ScriptBuffer:
    """Takes a script apart into statements, as psql sends them.

    `begun` is where the statement at hand begins, `depth` the brackets that are open in it, `slices` the square ones.
    `sent` is the statement before it, `changed` whether one before it changes anything. `commands` are the places of
    what only psql understands: its commands, and the data of `COPY ... FROM stdin`.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.limit = len(text)
        self.commands: list[tuple[int, int]] = []
        self.notes: list[PsqlNote] = []
        self.substituted: list[Substituted] = []
        self.variables = Variables()
        self.begun = self.depth = self.slices = 0
        self.sent = ""
        self.changed = False
        # The first character of the statement at hand, once it is known.
        self._first: int | None = None
        self._substituted_length = 0
        self._has_data = True
        self._hidden: list[tuple[int, int, str]] = []
        self._references: list[re.Match[str]] = []

    def hide(self, start: int, end: int, instead: str = "") -> None:
        """Leave out a part of the text."""
        if start < end:
            self._hidden.append((start, end, instead))

    def sent_text(self) -> str:
        """Return the text without what is left out."""
        parts: list[str] = []
        done = 0
        for start, end, instead in sorted(self._hidden):
            if end <= done:
                continue
            first = max(start, done)
            blank = "\n".join(" " * len(line) for line in self.text[first:end].split("\n"))
            parts += self.text[done:first], instead + blank[len(instead) :]
            done = end
        parts.append(self.text[done:])
        return "".join(parts)

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
        self.begun, self.depth, self.slices, self._first, self._references = at, 0, 0, None, []

    def end(self, at: int) -> int:
        """Read the semicolon that ends a statement, and the data that follows a COPY; return where to go on."""
        start = self.start(at)
        is_copy = self.text[start : start + 1] in ("c", "C") and _COPY_IN.match(self.text, start, at) is not None
        self.send(at)
        at += 1
        found = self.data_end(at) if is_copy else None
        if found is not None:
            self.commands.append((skip_space(self.text, at, self.limit), found))
            self.hide(at, found)
            at = found
        self.begin(at)
        return at

    def data_end(self, at: int) -> int | None:
        """Return the end of the data of a COPY, None where nothing ends it."""
        found = COPY_END.search(self.text, at) if self._has_data else None
        self._has_data = found is not None
        return None if found is None else found.end()

    def send(self, end: int) -> None:
        """Put what psql sends for the statement that ends here in its place."""
        start = self.start(end)
        self.sent = self.text[start:end]
        self.changed = self.changed or (start < end and _PREPARES.match(self.text, start, end) is None)
        references, self._references = self._references, []
        if not references:
            return
        parts: list[str] = []
        at = start
        # A command may stand in the statement.
        is_cut = bool(self._hidden) and self._hidden[-1][0] >= start
        unknown = references[0][0] if is_cut else None
        for reference in references:
            value = self.variables.replaced(reference)
            unknown = unknown or (reference[0] if value is None else None)
            parts += self.text[at : reference.start()], value or ""
            at = reference.end()
        self.hide(start, end)
        self._substituted_length += sum(map(len, parts)) + end - at
        if self._substituted_length > _MOST_SUBSTITUTED:
            unknown = unknown or references[0][0]
        if unknown is None:
            sql = "".join([*parts, self.text[at:end]])
            self.substituted.append(Substituted(start, end, sql))
            return
        rows = _ROWS.match(self.text, start, end) is not None and all(item["string"] for item in references)
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
        self._references.append(found)
        return found.end()
