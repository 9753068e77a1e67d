"""The names that a step gives to tables, columns, constraints and all other objects, each with its position."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.model import Script, Span
from miglint.base.structs import Struct
from miglint.base.template_names import has_tag
from miglint.replay.steps import Step
from miglint.rules.support.clauses import NAMED_CREATIONS
from miglint.rules.support.scripts import operations_of
from miglint.rules.support.step_cache import cached_by_step
from miglint.sql import operations as ops
from miglint.sql.operations import Constraint, Operation, Statement, flat

# The words of configurations and messages for the kinds of named objects.
KINDS = (
    "table",
    "column",
    "index",
    "unique",
    "primary",
    "foreign",
    "check",
    "exclude",
    "sequence",
    "view",
    "function",
    "trigger",
    "type",
    "schema",
    "policy",
)
WORDS = {
    "unique": "unique constraint",
    "primary": "primary key",
    "foreign": "foreign key",
    "check": "check constraint",
    "exclude": "exclusion constraint",
}
_RENAMED = {
    "foreign table": "table",
    "materialized view": "view",
    "procedure": "function",
    "routine": "function",
    "aggregate": "function",
    "domain": "type",
}


class Declared(Struct, frozen=True):
    """A name that a script gives. `owner` is the table of a column, constraint, index, trigger or policy."""

    kind: str
    name: str
    owner: str | None
    span: Span
    script: Script
    operation: Operation

    @property
    def words(self) -> str:
        """The kind, in words."""
        return WORDS.get(self.kind, self.kind)


_NAMING = frozenset({*NAMED_CREATIONS, ops.RenameColumn, ops.Rename})


@cached_by_step
def declared(step: Step) -> tuple[Declared, ...]:
    """Return the names that both scripts of a step give, in the order written. Cached by identity of the step."""
    return tuple(item for script, _, operation in operations_of(step) for item in _declared(script, operation))


def declared_in(script: Script, statements: tuple[Statement, ...]) -> Iterator[Declared]:
    """Yield the names that one script gives, in the order written."""
    for statement in statements:
        for operation in flat(statement.operations):
            yield from _declared(script, operation)


def _declared(script: Script, operation: Operation) -> Iterator[Declared]:
    if type(operation) in _NAMING:
        for kind, name, owner, span in _names(operation):
            # Names with template tags are not known.
            if has_tag(name):
                continue
            yield Declared(kind, name, owner, span or operation.span, script, operation)


_Found = Iterator[tuple[str, str, str | None, Span | None]]


def _names(operation: Operation) -> _Found:
    match operation:
        case ops.CreateTable():
            table = operation.name.name
            yield "table", table, None, None
            for column in operation.columns:
                if column.type is not None:
                    yield "column", column.name, table, column.span
            yield from _constraints(operation.constraints, table)
        case ops.AddColumn():
            yield "column", operation.column.name, operation.table.name, None
            yield from _constraints(operation.constraints, operation.table.name)
        case ops.AddConstraint():
            yield from _constraints((operation.constraint,), operation.table.name)
        case ops.CreateIndex() if operation.name is not None:
            yield "index", operation.name, operation.table.name, None
        case ops.CreateView() | ops.CreateSequence() | ops.CreateType() | ops.CreateRoutine():
            yield _CREATED[type(operation)], operation.name.name, None, None
        case ops.CreateTrigger() | ops.CreatePolicy():
            yield _CREATED[type(operation)], operation.name, operation.table.name, None
        case ops.CreateSchema():
            yield "schema", operation.name, None, None
        case ops.RenameColumn() if operation.kind != "type":
            yield "column", operation.new, operation.table.name, None
        case ops.Rename():
            kind = _RENAMED.get(operation.kind, operation.kind)
            if kind in KINDS:
                yield kind, operation.new, None if operation.table is None else operation.table.name, None
        case _:
            return


_CREATED: dict[type[Operation], str] = {
    ops.CreateView: "view",
    ops.CreateSequence: "sequence",
    ops.CreateType: "type",
    ops.CreateRoutine: "function",
    ops.CreateTrigger: "trigger",
    ops.CreatePolicy: "policy",
}


def _constraints(constraints: tuple[Constraint, ...], table: str) -> _Found:
    for constraint in constraints:
        if constraint.name is not None and constraint.kind in KINDS:
            yield constraint.kind, constraint.name, table, constraint.span
