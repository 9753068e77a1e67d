"""Statements on rows: which of them change rows again on a second run, and which then fail.

Rows are not modelled, with one exception: the constant keys that `INSERT ... VALUES` has put into a table
(`known_rows`), because the second run of such a statement fails.
"""

from __future__ import annotations

from miglint.base.lazy_regex import pattern
from miglint.base.structs import replace
from miglint.replay.apply.conditions import holds
from miglint.replay.apply.conflicts import check_conflict
from miglint.replay.apply.copied_rows import with_known_rows
from miglint.replay.apply.known_rows import (
    change_keys,
    copy_keys,
    delete_keys,
    forget_keys,
    forget_keys_along,
    has_new_keys,
    keep_conflict_keys,
)
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.new_keys import never_conflicts
from miglint.replay.apply.partitions import refuse_truncate, refuse_unrouted
from miglint.replay.apply.queries import need_query, need_relations
from miglint.replay.apply.reread import refuse_if_trigger_fails
from miglint.replay.apply.row_contents import (
    delete_contents,
    forget_all_contents,
    forget_contents,
    insert_contents,
    update_contents,
)
from miglint.replay.apply.row_values import refuse_values
from miglint.replay.apply.sqlite_rows import check_rows
from miglint.replay.apply.system_names import SYSTEM_COLUMNS
from miglint.replay.apply.triggers import note_triggers
from miglint.replay.apply.typed import check_statement
from miglint.schema.keys import is_temporary
from miglint.schema.objects import Absent, Enum, Key, Table, Trigger, View
from miglint.schema.parts import of_kind
from miglint.sql.operations import Delete, Expression, Insert, Name, OtherData, Truncate, Type, Update
from miglint.sql.type_input import condition_of, unreadable

_VOLATILE = frozenset(
    {
        "now", "clock_timestamp", "statement_timestamp", "timeofday", "random", "gen_random_uuid", "uuid_generate_v4",
        "uuid_generate_v1", "uuidv4", "uuidv7", "nextval", "gen_random_bytes", "randomblob", "datetime", "strftime",
    }
)  # fmt: skip
_COMPARISON = pattern(
    r"(?<![\w.])(\w+) (?:=|<>) ((?:any|all) \(array\[[^\[\]']*(?:'[^']*'[^\[\]']*)*\]\)|'[^']*(?:''[^']*)*')"
)
_LITERAL = pattern(r"'([^']*(?:''[^']*)*)'")
_SETTLING = frozenset(
    {"lower", "upper", "trim", "btrim", "ltrim", "rtrim", "coalesce", "abs", "floor", "ceil", "round"}
)


def _table(machine: Machine, name: Name) -> tuple[Key, Table] | None:
    key, found = machine.relation(name)
    if isinstance(found, Absent) and not machine.foreign(name):
        raise machine.missing_relation(name, key)
    if found is None:
        return machine.table(name)
    if isinstance(found, View) and not machine.postgres and not found.assumed:
        _refuse_view(machine, key)
    return (key, found) if isinstance(found, Table) else None


def _refuse_view(machine: Machine, key: Key) -> None:
    """Raise SQLite's error for writing to a view that no trigger stands in for."""
    if not machine.schema.users(key, Trigger):
        message = f"cannot modify {key.name} because it is a view"
        raise machine.refuse("object_not_in_prerequisite_state", message, key)


def insert(machine: Machine, operation: Insert) -> None:
    """`INSERT`."""
    found = _table(machine, operation.table)
    if operation.query is not None:
        need_query(machine, operation.query)
    if found is None:
        if operation.conflict is None and not operation.anti_join:
            machine.note("rows", f'rows are inserted into "{operation.table}" again')
        forget_all_contents(machine)
        return
    key, table = found
    _columns_exist(machine, key, table, operation.columns)
    check_statement(machine, key, operation.text)
    unguarded = _without_guard(machine, operation)
    if unguarded is None:
        return
    operation = unguarded
    _check_insert(machine, key, table, operation)
    known = operation
    if _may_clash(machine, operation, key):
        known = with_known_rows(machine, table, operation)
    keyed = known.rows is not None and _may_clash(machine, known, key) and has_new_keys(machine, known, key, table)
    if operation.query is not None:
        copy_keys(machine, key, operation, operation.query)
    keep_conflict_keys(machine, operation, key, table)
    insert_contents(machine, operation, key, table)
    # A table that this very run has made is filled once in each run: a rebuilt one.
    made = key in machine.made or isinstance(machine.origin.get(key), Absent)
    if _may_clash(machine, operation, key) and not keyed and not made:
        machine.note("rows", f'rows are inserted into "{operation.table}" again', key)
    elif not made and not operation.anti_join and never_conflicts(machine, key, table, operation):
        message = f'rows are inserted into "{operation.table}" again: each gets a new key, so that none is in conflict'
        machine.note("rows", message, key)


def _without_guard(machine: Machine, operation: Insert) -> Insert | None:
    """Return an insert without its condition, where that holds; None where it does not."""
    if operation.guard is None or operation.conflict is not None:
        return operation
    inserted = holds(machine, operation.guard, guess=True, rows=True)
    if inserted is False:
        return None
    return replace(operation, rows=operation.offered, anti_join=False, guarded=False) if inserted else operation


def _check_insert(machine: Machine, key: Key, table: Table, operation: Insert) -> None:
    """Raise `Refused` for rows that a table does not accept."""
    check_rows(machine, key, table, operation)
    check_conflict(machine, key, table, operation)
    refuse_values(machine, key, table, operation)
    refuse_unrouted(machine, key, table, operation)
    refuse_if_trigger_fails(machine, key, "insert")
    if operation.conflict == "update":
        refuse_if_trigger_fails(machine, key, "update", table.columns)


def _may_clash(machine: Machine, operation: Insert, key: Key) -> bool:
    return operation.conflict is None and not operation.anti_join and not is_temporary(key, machine.dialect)


def _columns_exist(machine: Machine, key: Key, table: Table, columns: tuple[str, ...]) -> None:
    if table.assumed or table.kind != "table":
        return
    for column in columns:
        if machine.column_name(column) not in table.columns and column.lower() not in ("rowid", "_rowid_", "oid"):
            message = (
                f'column "{column}" of relation "{key.name}" does not exist'
                if machine.postgres
                else f"table {table.name.name} has no column named {column}"
            )
            raise machine.refuse("undefined_column", message, key, column)


def update(machine: Machine, operation: Update) -> None:
    """`UPDATE`."""
    found = _table(machine, operation.table)
    need_relations(machine, operation.relations)
    if found is None:
        forget_all_contents(machine)
        return
    key, table = found
    columns = tuple(column for column, _ in operation.assignments)
    _columns_exist(machine, key, table, columns)
    check_statement(machine, key, operation.text)
    check_rows(machine, key, table, operation)
    refuse_if_trigger_fails(machine, key, "update", columns)
    for expression in (operation.where, *(value for _, value in operation.assignments)):
        _compared_literals(machine, key, table, expression)
    if not operation.joined and not operation.relations:
        values = [value for _, value in operation.assignments if value is not None]
        _mentioned_columns_exist(machine, key, table, (*values, operation.where))
    assigned = {machine.column_name(column) for column, _ in operation.assignments}
    change_keys(machine, key, operation, assigned)
    update_contents(machine, operation, key)
    # A condition on what the statement sets is there to leave out the rows that it has set before.
    where = () if operation.where is None else operation.where.columns
    guarded = not assigned.isdisjoint(map(machine.column_name, where))
    if not guarded:
        note_triggers(machine, key, assigned)
    for column, value in operation.assignments:
        if value is not None and value.literal is None:
            _note_changes(machine, key, operation, column, value, assigned, guarded=guarded)


def _note_changes(
    machine: Machine, key: Key, operation: Update, column: str, value: Expression, assigned: set[str], *, guarded: bool
) -> None:
    """Record whether a second run assigns another value to the column."""
    own = machine.column_name(column)
    mentioned = {machine.column_name(name) for name in value.columns}
    functions = {function.name for function in value.functions}
    subject = f'column "{column}" of "{operation.table}"'
    if own in mentioned and (operation.joined or operation.relations):
        # The column may be the other table's of that name.
        machine.note("rows?", f"{subject} may change again", key, column)
    elif guarded:
        return
    elif own in mentioned:
        if not functions or not functions <= _SETTLING:
            machine.note("rows?" if functions else "rows", f"{subject} is computed from itself again", key, column)
    elif functions & _VOLATILE or value.key.lower().startswith("current_"):
        machine.note("rows", f"{subject} gets another value each time", key, column)
    elif mentioned & assigned:
        machine.note("rows?", f"{subject} may change again", key, column)


def _mentioned_columns_exist(
    machine: Machine, key: Key, table: Table, expressions: tuple[Expression | None, ...]
) -> None:
    # With one table to read from, each name is a column of it. SQLite takes a name in quotes that is none for a string.
    if not machine.postgres or table.assumed or table.kind != "table":
        return
    # In a block a name may be a variable's.
    if machine.statement.kind == "do" or machine.calling:
        return
    for expression in expressions:
        if expression is None or expression.relations:
            continue
        for column in expression.columns:
            if column not in table.columns and column not in SYSTEM_COLUMNS and column not in (key.name, "excluded"):
                raise machine.refuse("undefined_column", f'column "{column}" does not exist', key, column)


def _compared_literals(machine: Machine, key: Key, table: Table, where: Expression | None) -> None:
    # Comparing a column with a text that its type cannot read is an error, not an empty result: a label that an enum
    # does not have, or '' for a number that was a text before.
    # In a sub-query a name may be another table's.
    if where is None or not machine.postgres or "'" not in where.key or where.relations:
        return
    for match in _COMPARISON.finditer(where.key):
        column = match[1]
        definition = table.columns.get(column)
        if definition is None or definition.type is None or definition.type.dimensions:
            continue
        literals = [literal.replace("''", "'") for literal in _LITERAL.findall(match[2])]
        message = _input_error(machine, definition.type, literals, casts=bool(where.types))
        if message is not None:
            raise machine.refuse(condition_of(definition.type.name), message, key, column)


def _input_error(machine: Machine, kind: Type, literals: list[str], *, casts: bool) -> str | None:
    """Return the error for texts that a type rejects, or None."""
    if kind.schema is None:
        # The types that an expression casts to are known, but not which of its parts.
        wrong = None if casts else next((text for text in literals if unreadable(kind.name, text)), None)
        return None if wrong is None else f'invalid input syntax for type {kind}: "{wrong}"'
    enum = machine.schema.find(Key("type", kind.schema, kind.name))
    if not isinstance(enum, Enum) or enum.assumed:
        return None
    wrong = next((literal for literal in literals if literal not in enum.labels), None)
    return None if wrong is None else f'invalid input value for enum {enum.name.name}: "{wrong}"'


def delete(machine: Machine, operation: Delete) -> None:
    """`DELETE`."""
    found = _table(machine, operation.table)
    need_relations(machine, operation.relations)
    if found is None:
        forget_all_contents(machine)
        return
    key, table = found
    check_statement(machine, key, operation.text)
    check_rows(machine, key, table, operation)
    if not operation.joined and not operation.relations:
        _mentioned_columns_exist(machine, key, table, (operation.where,))
    refuse_if_trigger_fails(machine, key, "delete")
    _compared_literals(machine, key, table, operation.where)
    delete_keys(machine, key, operation.where)
    delete_contents(machine, key, operation)
    machine.note("lost", f'rows of "{operation.table}"', key)


def truncate(machine: Machine, operation: Truncate) -> None:
    """`TRUNCATE`."""
    found = _table(machine, operation.table)
    if found is not None:
        refuse_truncate(machine, found[0], only=operation.only)
        _refuse_referenced(machine, found[0], operation)
        if operation.cascade:
            forget_keys_along(machine, found[0])
            forget_all_contents(machine)
        forget_keys(machine, found[0])
        forget_contents(machine, found[0])
        machine.note("lost", f'all rows of "{operation.table}"', found[0])


def _refuse_referenced(machine: Machine, key: Key, operation: Truncate) -> None:
    """Raise the error for a table that another one, which the statement does not name, refers to."""
    if not machine.postgres or operation.cascade:
        return
    referring = [user for user in machine.schema.on(key) if _refers(machine, user, key)]
    if referring:
        together = {machine.key(item.table) for item in machine.statement.operations if isinstance(item, Truncate)}
        if not together.issuperset(referring):
            message = "cannot truncate a table referenced in a foreign key constraint"
            raise machine.refuse("feature_not_supported", message, key)


def _refers(machine: Machine, user: Key, key: Key) -> bool:
    table = machine.schema.table(user)
    return table is not None and any(
        constraint.table is not None and machine.key(constraint.table) == key
        for constraint in of_kind(table.constraints, "foreign")
    )


def other_data(machine: Machine, operation: OtherData) -> None:
    """`COPY`, `MERGE` and the like."""
    if operation.table is not None and operation.kind in ("copy", "merge"):
        found = _table(machine, operation.table)
        check_statement(machine, None if found is None else found[0], operation.text)
    if operation.kind == "copy":
        if operation.table is None or not is_temporary(machine.key(operation.table), machine.dialect):
            machine.note("rows", f'rows are copied into "{operation.table}" again')
    elif operation.kind == "merge":
        forget_all_contents(machine)
        machine.note("rows?", f'what MERGE does to "{operation.table}" a second time is not known')
