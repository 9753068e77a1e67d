"""What a layout hands over: pieces of files with a direction and a version, not yet paired."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from miglint.base.model import Dialect, Direction, Problem, SourceFile, Span
from miglint.base.structs import Struct, field
from miglint.discovery.dialects import UNMARKED, Mark
from miglint.discovery.versions import SortKey, numeric
from miglint.discovery.walk import Folder


class FoundFile(NamedTuple):
    """A file of a home: `name` is relative to it, `role` what its folder says of its direction, if anything."""

    file: SourceFile
    name: str
    folder: Folder
    role: Direction | None = None


class Home(Struct, eq=False):
    """A folder whose files belong together, with the files of its rollback folders and migration folders."""

    folder: Folder
    files: list[FoundFile] = field(default_factory=list)

    @property
    def root(self) -> str:
        """The folder's path, as histories show it."""
        return self.folder.shown or "."


class FilePart(NamedTuple):
    """A script before it is paired.

    `mark` is the dialect that its name or the tool's metadata gives it. `unit` ties the directions of one file
    together. `scope` is where directives about it may stand; None is the whole file.
    """

    file: SourceFile
    span: Span
    direction: Direction
    version: str
    name: str
    key: SortKey
    folder: Folder
    mark: Mark = UNMARKED
    transaction: bool = True
    unit: str | None = None
    repeatable: bool = False
    irreversible: str | None = None
    substituted: str | None = None
    scope: Span | None = None


class Collected(NamedTuple):
    """The pieces of a home in one layout, and what this home says about the layout.

    `mark` is the dialect that the tool's metadata gives to the whole home. `taken` are versions that other files
    hold (migrations written in a programming language), so that they do not look skipped. `by_name` says that the tool
    knows a migration by its whole name, so that several may have the same version.
    """

    pieces: list[FilePart]
    problems: list[Problem] = []  # noqa: RUF012 - never changed in place
    label: str | None = None
    rollbacks: str | None = None
    mark: Mark = UNMARKED
    order: Callable[[str], SortKey] = numeric
    taken: tuple[int, ...] = ()
    unmatched: tuple[tuple[str, str], ...] = ()
    by_name: bool = False


class LayoutOptions(NamedTuple):
    """What layouts need to know of the options."""

    placeholders: Mapping[str, str]
    forced: bool = False
    dialect: Dialect | None = None


class Layout(Struct, frozen=True):
    """A convention by which files become migrations.

    `recognise` picks the files of a home that follow it; `collect` cuts these into pieces. `rollbacks` says whether
    its migrations have them: `required`, `optional`, or `none` (forward only by design).
    """

    name: str
    recognise: Callable[[Home, list[FoundFile], LayoutOptions], list[FoundFile]]
    collect: Callable[[Home, list[FoundFile], LayoutOptions], Collected]
    rollbacks: str = "required"
    aliases: tuple[str, ...] = ()


def whole(file: SourceFile) -> Span:
    """Return the span of a whole file."""
    return Span(0, len(file.text))
