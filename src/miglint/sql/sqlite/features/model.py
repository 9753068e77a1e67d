"""What a row of the table of features says."""

from __future__ import annotations

import re
from functools import cached_property

from miglint.base.structs import Struct

Version = tuple[int, int]

# What becomes of the construct where SQLite does not take it.
SYNTAX = "syntax"
REFUSED = "refused"
ROWS = "rows"
MISSING = "missing"
SILENT = "silent"

# From this version on `ALTER TABLE ... ADD COLUMN` looks whether there are rows; before, it refused on an empty table.
ROWS_SEEN_SINCE: Version = (3, 32)

# Makes what most examples need.
TABLE = ("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c CHECK (c > 0), CONSTRAINT k CHECK (a > 0))",)


class Feature(Struct, frozen=True, dict=True):
    """One construct.

    `since` is the first version that takes it, None when none does. `effect` says what happens below that version:
    `syntax` (the parser refuses), `refused` (the parser takes it, and the statement always fails), `rows` (fails when
    the table holds rows; below 3.32 always), `missing` (reads it as the name of a function or column that is not
    there), `silent` (takes it and does something else). `words` are in every statement that uses it (`A|B` for one of
    the two; the rarest first); `pattern` is a regular expression over the words of the statement, with `flat` over
    those outside parentheses alone, and its group `at` is the part to underline.
    `setup` makes what the example needs.
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
        """The pattern, ready to use."""
        return re.compile(self.pattern)

    @cached_property
    def need(self) -> tuple[frozenset[str], ...]:
        """Groups of words of which every match holds one each, so that most statements need no search."""
        return tuple(frozenset(group.split("|")) for group in self.words.split())

    def refused_by(self, version: Version) -> bool:
        """Tell whether that version of SQLite refuses it whatever the tables hold."""
        if self.effect == ROWS:
            return version < ROWS_SEEN_SINCE
        return self.effect in {SYNTAX, REFUSED} and not self.taken_by(version)

    def taken_by(self, version: Version) -> bool:
        """Tell whether that version of SQLite takes it, as it was meant."""
        return self.since is not None and version >= self.since


REBUILD = (
    "rebuild the table: create it anew under another name, copy the rows with INSERT ... SELECT, drop the old one, "
    "rename the new one, and make its indexes and triggers again"
)

# How every ALTER TABLE starts.
ALTER = r"^ALTER TABLE (?:\S+ \. )?\S+ "
