"""What queries read: resolved, and checked to be there."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.replay.apply.machine import Machine
from miglint.replay.apply.resolve import resolved_uses
from miglint.replay.apply.search_path import schema_names
from miglint.replay.apply.system_names import SYSTEM_COLUMNS
from miglint.schema.objects import Absent, Table
from miglint.sql.operations import Name, Query

_CONSTANTS = frozenset({"true", "false", "null", "current_timestamp", "current_date", "current_time"})


def resolved_query(machine: Machine, written: Query) -> Query:
    """Return a query with the full names of what it mentions."""
    names = schema_names(machine)
    written = written if names is None else names.query(written)
    relations = tuple(machine.full(name) for name in written.relations if not machine.foreign(name))
    return Query(
        written.key,
        written.text,
        relations,
        tuple(resolved_uses(machine, written.uses, relations)),
        tuple(machine.function_name(name) for name in written.functions),
        tuple(machine.type_name(name) for name in written.types),
        written.outputs,
        tuple(machine.full(name) for name in written.stars),
        written.strings,
    )


def need_relations(machine: Machine, names: Iterable[Name]) -> None:
    """Check that the relations that a query reads exist; unknown ones are taken to."""
    for name in names:
        if machine.foreign(name):
            continue
        key, found = machine.relation(name)
        if isinstance(found, Absent) or (found is None and machine.never(key)):
            raise machine.missing_relation(name, key)
        if found is None:
            machine.rely_on_others()


def need_query(machine: Machine, query: Query) -> None:
    """Check that what a query reads exists: its relations, and the columns that it names of them."""
    need_relations(machine, query.relations)
    for relation, column in query.uses:
        if relation is None or machine.foreign(relation):
            continue
        key, found = machine.relation(relation)
        if not isinstance(found, Table) or found.assumed or found.kind != "table":
            continue
        folded = machine.column_name(column)
        if folded in found.columns or folded in SYSTEM_COLUMNS or column == "*":
            continue
        # A name may also be the table itself (a whole row), or in SQLite a string in the wrong quotes.
        if column == relation.name or not found.columns or folded in _CONSTANTS or column in query.strings:
            continue
        message = f'column "{column}" does not exist' if machine.postgres else f"no such column: {column}"
        raise machine.refuse("undefined_column", message, key, folded)
