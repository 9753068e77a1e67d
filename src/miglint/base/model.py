"""Where text comes from: files, spans in them, and the scripts they hold."""

from __future__ import annotations

from bisect import bisect_left
from enum import StrEnum
from typing import NamedTuple

from miglint.base.structs import Struct


class Dialect(StrEnum):
    """The engine that a script is written for."""

    POSTGRES = "postgres"
    SQLITE = "sqlite"


class Direction(StrEnum):
    """Which way a script takes the schema."""

    FORWARD = "forward"
    ROLLBACK = "rollback"


class Span(NamedTuple):
    """A half-open range of characters, counted from the start of the file's text."""

    start: int
    end: int


class Position(NamedTuple):
    """A place in a file; line and column count from 1, the column in characters."""

    line: int
    column: int


# Where lines begin is looked up by pieces of this many characters: files may have fifty million lines.
_PIECE = 1 << 13


class SourceFile(Struct, eq=False):
    """One file as it was read: `path` as shown to people (POSIX, relative to the working directory), and its text.

    The text keeps its line ends; a byte order mark is not part of it. Bytes that are not text became U+FFFD.
    `error` says why the file could not be read at all; its text is empty then, and nothing should be concluded from it.
    """

    path: str
    text: str
    error: str | None = None
    _index: tuple[list[int], list[int]] | None = None

    def position(self, offset: int) -> Position:
        """Return the line and column of a character offset."""
        counts, starts = self._places()
        number = min(offset // _PIECE, len(counts) - 1)
        piece = number * _PIECE
        start = self.text.rfind("\n", piece, offset) + 1 or starts[number]
        return Position(counts[number] + self.text.count("\n", piece, offset) + 1, offset - start + 1)

    def line(self, number: int) -> str:
        """Return the text of line `number` (from 1), without its line end."""
        counts, _ = self._places()
        # The line begins behind line end `number - 1`, in the last piece that has fewer before it.
        piece = max(0, bisect_left(counts, number - 1) - 1)
        start = piece * _PIECE
        for _ in range(number - 1 - counts[piece]):
            start = self.text.index("\n", start) + 1
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else len(self.text)].rstrip("\r\n")

    def _places(self) -> tuple[list[int], list[int]]:
        """Return for each piece of the text the number of line ends before it, and where its first line begins."""
        if self._index is None:
            text, counts, starts = self.text, [0], [0]
            for piece in range(0, len(text) - _PIECE, _PIECE):
                counts.append(counts[-1] + text.count("\n", piece, piece + _PIECE))
                starts.append(text.rfind("\n", piece, piece + _PIECE) + 1 or starts[-1])
            self._index = counts, starts
        return self._index


class Script(Struct, frozen=True, eq=False):
    """SQL text with a direction: the part `span` of `file`, written for `dialect`.

    `transaction` says what the migration tool does around it: True when it runs the script in one transaction,
    False when it does not (goose `NO TRANSACTION`, dbmate `transaction:false`, diesel `run_in_transaction = false`).
    `substituted` is what the tool would run when that is not the file's own text (Flyway's placeholders, Liquibase's
    rollback lines). It is exactly as long as the span, so that offsets in it are offsets in the file.
    """

    file: SourceFile
    span: Span
    direction: Direction
    dialect: Dialect
    transaction: bool = True
    substituted: str | None = None

    @property
    def path(self) -> str:
        """The path of the file, as shown to people."""
        return self.file.path

    @property
    def text(self) -> str:
        """The SQL text of this script alone."""
        if self.substituted is not None:
            return self.substituted
        return self.file.text[self.span.start : self.span.end]


class Migration(Struct, frozen=True, eq=False):
    """One version of a history, in one dialect: a forward script and, usually, its rollback.

    `version` is the text that the migration tool orders by (`"005"`, `"20240219120000"`, `"1.2"`), `name` the rest.
    `forward` is missing only for a rollback without a forward (an orphan). `irreversible` holds the reason that
    somebody gave for a rollback that cannot exist. `repeatable` marks scripts that a tool runs again whenever they
    change (Flyway `R__`). `after_program` says that the tool runs a migration before it, and after the one before it
    here, that is written in a programming language and can have done anything.
    """

    version: str
    name: str
    dialect: Dialect
    forward: Script | None
    rollback: Script | None
    irreversible: str | None = None
    repeatable: bool = False
    after_program: bool = False


class Problem(Struct, frozen=True, eq=False):
    """Something that discovery or reading saw, which rules turn into findings.

    `kind` is one of: `unreadable`, `encoding`, `too-large`, `unmatched`, `orphan-rollback`, `missing-rollback`,
    `duplicate-version`, `skipped-version`, `out-of-order`, `forward-only`, `other-dialect`, `dialect-found`,
    `symlink-loop`, `bad-section`.
    `offset` counts characters (bytes for `encoding`) from the start of the file; `related` names another path.
    `character` is the place of an `encoding` problem in the text as it was decoded.
    """

    kind: str
    path: str
    message: str
    offset: int = 0
    direction: Direction | None = None
    version: str | None = None
    dialect: Dialect | None = None
    related: str | None = None
    character: int | None = None


class History(Struct, frozen=True, eq=False):
    """The migrations of one folder and one dialect, in the order in which the migration tool runs them.

    `root` is the folder (as shown to people); `rollbacks` says whether this layout has them:
    `required`, `optional`, or `none` (forward only by design).
    """

    root: str
    layout: str
    dialect: Dialect
    migrations: tuple[Migration, ...]
    rollbacks: str = "required"


class Discovered(Struct, frozen=True, eq=False):
    """All that was found under the paths given: histories, files they came from, problems, and files left out.

    `requested` holds the paths of the files that were asked for, when files around them were read as well to know
    the history they belong to; None means that everything here was asked for. `folders` are the folders that were
    listed, as they can be opened. `elsewhere` are the roots of histories for PostgreSQL beside which a folder
    stands that holds them for SQLite and was not asked for. `left_out` says how many files of SQL are part of no
    history, by the reason; `passed_over` are the folders among them, as they can be opened.
    """

    histories: tuple[History, ...]
    files: tuple[SourceFile, ...]
    problems: tuple[Problem, ...]
    unmatched: tuple[str, ...]
    requested: frozenset[str] | None = None
    folders: tuple[str, ...] = ()
    elsewhere: frozenset[str] = frozenset()
    left_out: tuple[tuple[str, int], ...] = ()
    passed_over: tuple[str, ...] = ()
