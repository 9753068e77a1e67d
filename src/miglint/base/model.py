"""Sources of text: files, spans in them, and the scripts they contain."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from enum import StrEnum

from miglint.base.structs import Struct


class Dialect(StrEnum):
    """The engine that a script is written for."""

    POSTGRES = "postgres"
    SQLITE = "sqlite"


class Direction(StrEnum):
    """Direction of a script: forward or rollback."""

    FORWARD = "forward"
    ROLLBACK = "rollback"


class Span(Struct, frozen=True, order=True, array_like=True, gc=False):
    """A half-open range of characters, counted from the start of the file's text."""

    start: int
    end: int

    def __iter__(self) -> Iterator[int]:
        yield self.start
        yield self.end


class Position(Struct, frozen=True, order=True, array_like=True, gc=False):
    """A position in a file; line and column count from 1, the column in characters."""

    line: int
    column: int

    def __iter__(self) -> Iterator[int]:
        yield self.line
        yield self.column


# Line starts are indexed in blocks of this many characters: files may have fifty million lines.
_PIECE = 1 << 13


class SourceFile(Struct, eq=False):
    """A file as read: `path` as displayed (POSIX, relative to the working directory), and its text.

    The text keeps its line ends and has no byte order mark. Invalid bytes are replaced by U+FFFD. `error` is the reason
    why the file could not be read; the text is then empty and must not be analyzed. `digest` is the `content_hash` of
    the bytes, empty if it was not asked for.
    """

    path: str
    text: str
    error: str | None = None
    digest: bytes = b""
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
        start = self.line_start(number)
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else len(self.text)].rstrip("\r\n")

    def line_start(self, number: int) -> int:
        """Return the character offset at which line `number` (from 1) starts."""
        counts, _ = self._places()
        # The line starts after line end `number - 1`, in the last block that has fewer before it.
        piece = max(0, bisect_left(counts, number - 1) - 1)
        start = piece * _PIECE
        for _ in range(number - 1 - counts[piece]):
            start = self.text.index("\n", start) + 1
        return start

    def _places(self) -> tuple[list[int], list[int]]:
        """Return, for each block of the text, the number of line ends before it and the start of its first line."""
        if self._index is None:
            text, counts, starts = self.text, [0], [0]
            for piece in range(0, len(text) - _PIECE, _PIECE):
                counts.append(counts[-1] + text.count("\n", piece, piece + _PIECE))
                starts.append(text.rfind("\n", piece, piece + _PIECE) + 1 or starts[-1])
            self._index = counts, starts
        return self._index


class Script(Struct, frozen=True, eq=False):
    """SQL text with a direction: the part `span` of `file`, written for `dialect`.

    `transaction` is the migration tool's setting: True if it runs the script in one transaction, False if it does not
    (goose `NO TRANSACTION`, dbmate `transaction:false`, diesel `run_in_transaction = false`). `substituted` is the text
    that the tool runs, if it differs from the file's (Flyway's placeholders, Liquibase's rollback lines). It has
    exactly the length of the span, so that its offsets are offsets in the file. `configured` is whether a file beside
    it is there for such settings (diesel's `metadata.toml`), whatever it says.
    """

    file: SourceFile
    span: Span
    direction: Direction
    dialect: Dialect
    transaction: bool = True
    substituted: str | None = None
    configured: bool = False

    @property
    def path(self) -> str:
        """The displayed path of the file."""
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
    `forward` is missing only for a rollback without a forward (an orphan). `irreversible` is the reason given for a
    missing rollback. `repeatable` marks scripts that are run again whenever they change (Flyway `R__`). `after_program`
    is true if a migration written in a programming language, with unknown effects, runs between the previous migration
    and this one.
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
    """A problem seen during discovery or reading, which rules turn into findings.

    `kind` is one of: `unreadable`, `encoding`, `too-large`, `unmatched`, `orphan-rollback`, `missing-rollback`,
    `missing-rollback-first` (of the first migration alone), `rollbacks-missing` (of many), `missing-rollback-alike`
    (each of these), `duplicate-version`, `skipped-version`, `out-of-order`, `forward-only`, `other-dialect`,
    `dialect-found`, `symlink-loop`, `bad-section`.
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
    `required`, `optional`, or `none` (forward only by design). `tools` are the migration tools that files above the
    folder name, where several read the layout. `assumed` is why the dialect was assumed to be PostgreSQL, if so.
    """

    root: str
    layout: str
    dialect: Dialect
    migrations: tuple[Migration, ...]
    rollbacks: str = "required"
    tools: tuple[str, ...] = ()
    assumed: str | None = None

    @property
    def scripts(self) -> Iterator[Script]:
        """All scripts, in the order of the migrations."""
        return (script for one in self.migrations for script in (one.forward, one.rollback) if script is not None)


class BaseBranch(Struct, frozen=True, eq=False):
    """What a branch is compared with: a git revision, such as the tip of the branch that it will be merged into.

    Paths are as displayed. `edited` are files that both had when they parted and that differ here, `added` files that
    only this branch has. `files` are the SQL files at the tip of `reference`, `arrived` those of them that it got after
    the branches parted, and `contents` those of the latter in a folder that was changed here too.
    """

    reference: str
    edited: frozenset[str]
    added: frozenset[str]
    files: tuple[str, ...] = ()
    arrived: frozenset[str] = frozenset()
    contents: tuple[SourceFile, ...] = ()


class Discovered(Struct, frozen=True, eq=False):
    """Everything discovered under the given paths: histories, their files, problems, and files left out.

    `requested` holds the paths of the requested files, when files around them were read as well to know
    the history they belong to; None means that all files were requested. `folders` are the folders that were
    listed, as they can be opened. `elsewhere` are the roots of histories for PostgreSQL beside which a folder
    stands that holds them for SQLite and was not asked for. `left_out` says how many files of SQL are part of no
    history, by the reason; `passed_over` are the folders among them, as they can be opened. `consulted` are the paths
    outside of these folders that were looked at, whether something is there or not. `branch` is what `--since` compares
    with.
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
    consulted: tuple[str, ...] = ()
    branch: BaseBranch | None = None
