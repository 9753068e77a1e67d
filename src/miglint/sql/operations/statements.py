"""A statement of a script."""

from __future__ import annotations

from miglint.base.model import Span
from miglint.base.structs import Struct
from miglint.sql.operations.parts import Operation


class SyntaxProblem(Struct, frozen=True, gc=False):
    """The grammar's error for a statement, with its position.

    `certain` is False if miglint's reader failed (nesting too deep), not the engine. `template` means that the engine
    never sees this text, since a template engine expands it first.
    """

    message: str
    span: Span
    certain: bool = True
    template: bool = False


class Statement(Struct, frozen=True, gc=False):
    """One SQL statement: its exact span (without the semicolon), its operations, or why it could not be parsed.

    `kind` is a short description in lower case (`create table`, `alter table`, `do`, `insert`). `refused` is the error
    that the engine raises for the statement on any schema, though its grammar takes it.
    """

    span: Span
    kind: str
    operations: tuple[Operation, ...]
    problem: SyntaxProblem | None = None
    refused: str | None = None
