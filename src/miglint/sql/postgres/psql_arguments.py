"""The arguments of psql's commands, and its variables, as psql reads them.

An argument ends at white space, all arguments at the end of the line or at a backslash outside quotes.
"""

from __future__ import annotations

import re

from miglint.base.lazy_regex import many, pattern
from miglint.base.structs import Struct

REFERENCE = pattern(r":(?:(?P<bare>[\w\x80-\U0010ffff]+)|'(?P<string>\w+)'|\"(?P<name>\w+)\"|\{\?(?P<set>\w+)\})")
_QUOTED = pattern("'" + many(r"[^'\\\n]|\\[^\n]|''") + "'")
_ESCAPE = pattern(r"''|\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)")
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b", "r": "\r", "f": "\f"}
# Programs that only write something, without what a shell makes of other signs.
_ONLY_WRITES = pattern(
    r"\s*(?:basename|cat|date|dirname|echo|hostname|id|printf|pwd|uname|whoami)\b"
    + many(r"[^|;&<>()`\\$\n]|\$\{?\w+\}?")
)
# What psql itself sets.
_OWN = pattern(
    r"AUTOCOMMIT|COMP_KEYWORD_CASE|DBNAME|ECHO\w*|ENCODING|ERROR|FETCH_COUNT|HIDE_\w+|HIST\w+|HOST|IGNOREEOF|LASTOID"
    r"|LAST_ERROR_\w+|ON_ERROR_\w+|PORT|PROMPT[123]|QUIET|ROW_COUNT|SERVER_VERSION_\w+|SHELL_\w+|SHOW_\w+|SINGLE\w+"
    r"|SQLSTATE|USER|VERBOSITY|VERSION\w*"
)
_LONGEST_VALUE = 4096
_MOST_PREFIXES = 20
_TRUE = ("true", "yes", "on", "1")


class Variables:
    """The variables of psql: what a script sets. A value of None is not known."""

    __slots__ = ("_prefixes", "values")

    def __init__(self) -> None:
        self.values: dict[str, str | None] = {}
        self._prefixes: set[str] = set()

    def assign(self, name: str, value: str | None) -> None:
        """Set a variable; one that grows without end is not followed."""
        self.values[name] = None if value is not None and len(value) > _LONGEST_VALUE else value

    def set_by_query(self, prefix: str | None) -> None:
        """Record that `\\gset` sets variables whose names begin with a prefix."""
        first = prefix or ""
        if any(map(first.startswith, self._prefixes)):
            return
        if len(self._prefixes) >= _MOST_PREFIXES:
            first = ""
            self._prefixes.clear()
        self._prefixes.add(first)
        for name in self.values:
            if name.startswith(first):
                self.values[name] = None

    def is_set(self, name: str) -> bool | None:
        """Return whether a variable is set; None where something outside of the script may set it."""
        return True if name in self.values else None

    def value(self, name: str) -> str | None:
        """Return the value of a variable; None if it is not known or not set."""
        return self.values.get(name)

    def may_be_set(self, name: str) -> bool:
        """Return whether the script or psql sets a variable of that name."""
        return name in self.values or any(map(name.startswith, self._prefixes)) or _OWN.fullmatch(name) is not None

    def replaced(self, found: re.Match[str]) -> str | None:
        """Return what psql puts in the place of a reference; None where that is not known."""
        if (asked := found["set"]) is not None:
            return "TRUE" if self.is_set(asked) else None
        value = self.value(found["bare"] or found["string"] or found["name"])
        if value is None or found["bare"] is not None:
            return value
        if found["string"] is not None:
            quoted = "'" + value.replace("'", "''").replace("\\", "\\\\") + "'"
            return f" E{quoted}" if "\\" in value else quoted
        return '"' + value.replace('"', '""') + '"'


class Arguments(Struct, frozen=True):
    """The arguments of a command and where they end. A value of None is not known.

    `program` is a program that psql runs for them and that may do anything.
    """

    values: tuple[str | None, ...]
    end: int
    program: str | None = None

    def joined(self, separator: str) -> str | None:
        """Return all arguments as one text; None if it is not known."""
        known = [value for value in self.values if value is not None]
        return separator.join(known) if len(known) == len(self.values) else None


def read_arguments(text: str, at: int, end: int, variables: Variables) -> Arguments:
    """Read the arguments of a command from `at`, in the line that ends at `end`."""
    values: list[str | None] = []
    program: str | None = None
    while True:
        while at < end and text[at].isspace():
            at += 1
        if at >= end or text[at] == "\\":
            return Arguments(tuple(values), at, program)
        parts: list[str | None] = []
        while at < end and not text[at].isspace() and text[at] != "\\":
            part, stop = _part(text, at, end, variables)
            if text[at] == "`" and _ONLY_WRITES.fullmatch(text[at + 1 : stop - 1]) is None:
                program = text[at:stop]
            at = stop
            parts.append(part)
        known = [part for part in parts if part is not None]
        values.append("".join(known) if len(known) == len(parts) else None)


def _part(text: str, at: int, end: int, variables: Variables) -> tuple[str | None, int]:
    """Return a part of an argument and where it ends: what is in quotes, a variable, or one character."""
    char = text[at]
    if char == "'":
        found = _QUOTED.match(text, at, end)
        return (None, end) if found is None else (_ESCAPE.sub(_unescaped, found[0][1:-1]), found.end())
    if char in '"`':
        closing = text.find(char, at + 1, end)
        if closing < 0:
            return None, end
        return (text[at : closing + 1] if char == '"' else None), closing + 1
    if char == ":" and (reference := REFERENCE.match(text, at, end)) is not None:
        return variables.replaced(reference), reference.end()
    return char, at + 1


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    if code is None:
        return "'"
    if code[0] == "x" and len(code) > 1:
        return chr(int(code[1:], 16))
    if code[0] in "01234567":
        return chr(int(code, 8) & 0xFF)
    return _ESCAPES.get(code, code)


def line_end(text: str, at: int) -> int:
    """Return the position of the next line break."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def is_true(value: str | None) -> bool | None:
    """Return what psql takes a text for, as the condition of `\\if`; what it cannot read counts as false."""
    if value is None:
        return None
    folded = value.lower()
    # `o` may begin either word.
    return bool(folded) and folded != "o" and any(word.startswith(folded) for word in _TRUE)
