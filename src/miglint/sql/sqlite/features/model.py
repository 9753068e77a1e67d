"""Columns of the table of features."""

from __future__ import annotations

import re
from functools import cached_property

from miglint.base.structs import Struct

Version = tuple[int, int]

# Effect of the construct if SQLite does not support it.
SYNTAX = "syntax"
REFUSED = "refused"
ROWS = "rows"
MISSING = "missing"
SILENT = "silent"

# From this version on, `ALTER TABLE ... ADD COLUMN` fails only if there are rows; before, it also failed on empty
# tables.
ROWS_SEEN_SINCE: Version = (3, 32)

# Prerequisites of most examples.
TABLE = ("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c CHECK (c > 0), CONSTRAINT k CHECK (a > 0))",)


class Feature(Struct, frozen=True, dict=True):
    """One construct.

    `since` is the first version that accepts it, None if there is none. `effect` is the effect before that version:
    `syntax` (syntax error), `refused` (always fails after parsing), `rows` (fails if the table has rows; before 3.32
    always), `missing` (parsed as the name of a missing function or column), `silent` (accepted with another meaning).
    `words` occur in every statement that uses it (`A|B` for alternatives; the rarest first); `pattern` is a regular
    expression over the words of the statement, with `flat` over those outside parentheses only, and its group `at` is
    the part to underline. `setup` creates the prerequisites of the example.
    """

    key: str
    title: str
    since: Version | None
    effect: str
    words: str
    pattern: str
    advice: str
    example: str
    setup: tuple[str, ...] = ()
    flat: bool = False

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The compiled pattern."""
        return re.compile(self.pattern)

    @cached_property
    def need(self) -> tuple[frozenset[str], ...]:
        """Return groups of words, one of each occurring in every match, to skip most statements quickly."""
        return tuple(frozenset(group.split("|")) for group in self.words.split())

    def refused_by(self, version: Version) -> bool:
        """Return whether that version of SQLite rejects it regardless of rows."""
        if self.effect == ROWS:
            return version < ROWS_SEEN_SINCE
        return self.effect in {SYNTAX, REFUSED} and not self.taken_by(version)

    def taken_by(self, version: Version) -> bool:
        """Return whether that version of SQLite accepts it with the intended meaning."""
        return self.since is not None and version >= self.since


REBUILD = (
    "rebuild the table: create it anew under another name, copy the rows with INSERT ... SELECT, drop the old one, "
    "rename the new one, and make its indexes and triggers again"
)

# The start of every ALTER TABLE.
ALTER = r"^ALTER TABLE (?:\S+ \. )?\S+ "
