"""How each layout writes rollbacks, as data beside the functions that read them."""

from __future__ import annotations

from collections.abc import Callable

from miglint.base.structs import Struct


class SeparateFile(Struct, frozen=True):
    """A rollback is a file of its own.

    `name` returns its name, given that of the forward's file and, where one forward is written for several engines, the
    word that stands for the rollback's; None if a forward of that name has no rollback. Without `name`, the other
    rollbacks of the history determine it.
    """

    name: Callable[[str, str | None], str | None] | None = None


class MarkedSection(Struct, frozen=True):
    """A rollback is a section of the forward's file, below the line `marker`.

    `begin` and `end` are the lines around a statement that contains a semicolon, for tools that split at these.
    """

    marker: str
    begin: str | None = None
    end: str | None = None


class CommentLines(Struct, frozen=True):
    """A rollback is part of the forward, in lines of comments that start with `prefix`."""

    prefix: str


RollbackForm = SeparateFile | MarkedSection | CommentLines
