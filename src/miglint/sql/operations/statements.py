"""A statement as it stands in a script."""

from __future__ import annotations

from miglint.base.model import Span
from miglint.base.structs import Struct
from miglint.sql.operations.parts import Operation


class SyntaxProblem(Struct, frozen=True, gc=False):
    """What the engine's grammar says against a statement, with the place it names.

    `certain` is False when it is this reader that gave up (nesting too deep), not the engine. `template` says that the
    engine never sees this text: a template engine makes another one of it.
    """

    message: str
    span: Span
    certain: bool = True
    template: bool = False


class Statement(Struct, frozen=True, gc=False):
    """One SQL statement: its exact characters (without the semicolon), its operations, or why it could not be read.

    `kind` is a few lower-case words for people (`create table`, `alter table`, `do`, `insert`).
    """

    span: Span
    kind: str
    operations: tuple[Operation, ...]
    problem: SyntaxProblem | None = None
