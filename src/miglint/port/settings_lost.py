"""Settings of tables and sequences that SQLite does not have: those that are missed there, and those that are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from miglint.schema.objects import Sequence, Table
from miglint.schema.outcome import OperationTrace
from miglint.schema.value import Schema
from miglint.sql import operations as op

# Where and how PostgreSQL stores a table.
_STORAGE = (
    "storage",
    "compression",
    "statistics",
    "owner",
    "replica identity",
    "cluster",
    "tablespace",
    "access method",
)
_HARMLESS = (
    op.SetVariable,
    op.Maintenance,
    op.SetComment,
    op.SetPrivileges,
    op.CreateExtension,
    op.CreateSchema,
)
_NUMBERS = ("start", "increment", "minvalue", "maxvalue", "cycle")


def changed_settings(was: Table, now: Table) -> tuple[list[str], bool]:
    """Return the settings in which two states of a table differ, and whether nothing is missed without them."""
    names = [name for name in {**was.options, **now.options} if was.options.get(name) != now.options.get(name)]
    words = [name.rpartition(": ")[2] for name in names]
    return words, all(word in _STORAGE or word.startswith("storage parameter") for word in words)


def numbering_lost(moments: Iterable[OperationTrace]) -> Iterator[str]:
    """Yield what operations change in how the rows of a table are numbered, and SQLite cannot."""
    for moment in moments:
        operation = moment.operation
        if isinstance(operation, op.AlterSequence) and operation.restart:
            yield f"the numbers of {operation.name.name} do not start anew"
        elif isinstance(operation, op.SetIdentity) and operation.action == "set" and operation.identity is None:
            yield f"the numbers of {operation.table.name}.{operation.column} go on as they are"
        yield from _changed_numbers(moment.before, moment.after)


def _changed_numbers(before: Schema, after: Schema) -> Iterator[str]:
    for key, value in after.items() if before is not after else ():
        was = before.objects.get(key)
        if value is was or not isinstance(value, Sequence) or value.owned_by is None:
            continue
        old = was.options if isinstance(was, Sequence) else ()
        new = [item for item in value.options if item not in old and item.partition("=")[0] in _NUMBERS]
        if new:
            table, column = value.owned_by
            yield f"the numbers of {table.name}.{column} have {', '.join(new)}; SQLite counts from 1 by 1"


def is_harmless(statement: op.Statement) -> bool:
    """Return whether nothing is missed on SQLite without a statement."""
    return statement.problem is None and all(isinstance(item, _HARMLESS) for item in statement.operations)
