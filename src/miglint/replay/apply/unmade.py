"""What a statement that fails should have made: later statements meet it as something of which nothing is known.

The engine stops at the first error; the statements behind it are looked at for causes of their own. One that uses what
was not made has none.
"""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.replay.apply.machine import Machine
from miglint.schema.depends import relation_key
from miglint.schema.objects import Key, Table, View
from miglint.schema.outcome import Failure
from miglint.schema.parts import with_part
from miglint.sql.operations import AddColumn, Column, CreateTable, CreateView, Name, Operation, Rename, RenameColumn


def leave_unmade(machine: Machine, operation: Operation, failure: Failure) -> None:
    """Put what an operation should have made into the schema, with nothing known of it.

    What a rollback does not make is missing when it has ended.
    """
    if machine.strict or failure.condition.startswith("duplicate_"):
        # In the latter case there is something of that name.
        return
    if isinstance(operation, CreateTable):
        _put(machine, operation.name, temporary=operation.temporary)
    elif isinstance(operation, CreateView):
        _put(machine, operation.name, temporary=operation.temporary, view=True)
    elif isinstance(operation, Rename) and operation.kind == "table" and operation.new != operation.name.name:
        _put(machine, Name(operation.name.schema, operation.new))
    elif isinstance(operation, AddColumn):
        _put_column(machine, operation.table, operation.column.name)
    elif isinstance(operation, RenameColumn):
        _put_column(machine, operation.table, operation.new)


def _put(machine: Machine, name: Name, *, temporary: bool = False, view: bool = False) -> None:
    if machine.postgres and name.schema is None and machine.path[:1] in ((), ("pg_catalog",)) and not temporary:
        return
    full = machine.created(name, temporary=temporary)
    key = relation_key(full, machine.dialect)
    if machine.schema.find(key) is None:
        made = View(full, None, assumed=True) if view else Table(full, assumed=True)
        machine.schema = machine.schema.put(key, made)


def _put_column(machine: Machine, table: Name, name: str) -> None:
    key: Key = machine.key(table)
    found, folded = machine.schema.table(key), machine.column_name(name)
    if found is not None and folded not in found.columns:
        columns = with_part(found.columns, folded, Column(name, None, None, assumed=True))
        machine.schema = machine.schema.put(key, replace(found, columns=columns))
