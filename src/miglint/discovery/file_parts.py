"""Intermediate values of layouts: pieces of files with a direction and a version, not yet paired."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from miglint.base.model import Dialect, Direction, Problem, SourceFile, Span
from miglint.base.structs import Struct, field
from miglint.discovery.dialects import UNMARKED, Mark
from miglint.discovery.rollback_forms import RollbackForm
from miglint.discovery.versions import SortKey, numeric
from miglint.discovery.walk import Folder, printable


class FoundFile(Struct, frozen=True):
    """A file of a home: `name` is relative to it, `role` the direction that its folder indicates, if any."""

    file: SourceFile
    name: str
    folder: Folder
    role: Direction | None = None


class Home(Struct, eq=False):
    """A folder whose files belong together, including those of its rollback and migration folders."""

    folder: Folder
    files: list[FoundFile] = field(default_factory=list)

    @property
    def root(self) -> str:
        """The folder's path, as displayed for histories."""
        return printable(self.folder.shown) or "."


class FilePart(NamedTuple):
    """A script before pairing.

    `mark` is the dialect from its name or the tool's metadata. `unit` links the directions in one file. `scope` is the
    range in which directives apply to it; None is the whole file. `configured` is that of `Script`.
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
    configured: bool = False


class Collected(NamedTuple):
    """The pieces of a home in one layout, with layout metadata of that home.

    `mark` is the dialect from the tool's metadata for the whole home. `taken` are versions used by other files
    (migrations written in a programming language), which are therefore not gaps. `by_name` means that the tool
    identifies a migration by its whole name, so that several may have the same version. `elsewhere` are the versions
    that only the base branch has.
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
    elsewhere: tuple[int, ...] = ()


class LayoutOptions(Struct, frozen=True):
    """Options that layouts need."""

    placeholders: Mapping[str, str]
    forced: bool = False
    dialect: Dialect | None = None


class Layout(Struct, frozen=True):
    """A convention by which files are migrations.

    `recognize` selects the files of a home that follow it; `collect` splits these into pieces. `rollbacks` is whether
    its migrations have any: `required`, `optional`, or `none` (forward-only by design). `releases` is whether versions
    may start again in each folder of a release; otherwise the tool orders all files by their versions alone. `written`
    is how a rollback is written, None if nothing in the layout can be one.
    """

    name: str
    recognize: Callable[[Home, list[FoundFile], LayoutOptions], list[FoundFile]]
    collect: Callable[[Home, list[FoundFile], LayoutOptions], Collected]
    rollbacks: str = "required"
    aliases: tuple[str, ...] = ()
    releases: bool = True
    written: RollbackForm | None = None


def whole(file: SourceFile) -> Span:
    """Return the span of a whole file."""
    return Span(0, len(file.text))
