"""The contents of rows that are certainly in a table: scripts have put them there as constants.

Of each table the first few are known. What may have changed a row, or taken it away, makes it unknown again; so does
code that is not read, of all tables at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from miglint.base.digits import whole_number
from miglint.base.structs import replace
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.row_values import satisfies, values_of_row
from miglint.schema.objects import Key, RewriteRule, Rows, Table, Trigger
from miglint.schema.parts import of_kind
from miglint.sql.operations import AlterColumnType, Column, Constraint, Delete, Expression, Insert, Name, Update
from miglint.sql.type_input import condition_of, unreadable

Contents: TypeAlias = Mapping[str, "str | None"]
"""The known values of a row by column; None is NULL."""

_MOST_ROWS = 8
# Holds how often code ran whose effects are not known.
_COUNTER = Key("rows", "", "")
_NO_ROWS = Rows(Name(None, ""))
_STAYING = frozenset({"no action", "restrict"})


def rows_at(machine: Machine, place: Key) -> Rows | None:
    """Return the known rows at a key of the space `rows`."""
    found = machine.schema.find(place)
    if machine.blind_to is not None and found is machine.blind_to.find(place):
        return None
    return found if isinstance(found, Rows) else None


def _rows(machine: Machine, key: Key) -> tuple[Key, Rows]:
    place = Key("rows", key.schema, key.name)
    found = rows_at(machine, place)
    return place, Rows(Name(key.schema, key.name)) if found is None else found


def _age(machine: Machine) -> int:
    found = rows_at(machine, _COUNTER)
    return 0 if found is None else found.age


def contents(machine: Machine, key: Key) -> list[dict[str, str | None]]:
    """Return the known contents of the rows that are certainly in a table."""
    _, rows = _rows(machine, key)
    return [dict(row) for row in rows.contents] if rows.contents and rows.age == _age(machine) else []


def _set(machine: Machine, key: Key, known: Iterable[Contents]) -> None:
    place, rows = _rows(machine, key)
    kept = tuple(tuple(row.items()) for row in known if row)[:_MOST_ROWS]
    if kept != rows.contents or rows.age != _age(machine):
        machine.put(place, replace(rows, contents=kept, age=_age(machine)))


def forget_all_contents(machine: Machine) -> None:
    """Take it that any row of any table may have changed."""
    machine.schema = machine.schema.put(_COUNTER, replace(_NO_ROWS, age=_age(machine) + 1))


def forget_contents(machine: Machine, key: Key) -> None:
    """Take it that any row of a table may have changed."""
    if contents(machine, key):
        _set(machine, key, ())


def _runs_code(machine: Machine, key: Key) -> bool:
    return bool(machine.schema.users(key, Trigger, RewriteRule))


def _is_plain(machine: Machine, key: Key, table: Table) -> bool:
    """Whether the rows of a table are in it alone, and its definition is known."""
    if table.assumed or table.kind != "table" or table.partition_of is not None or table.partition_by is not None:
        return False
    return not table.inherits and not _has_heirs(machine, key)


def _has_heirs(machine: Machine, key: Key) -> bool:
    name = Name(key.schema, key.name)
    heirs = machine.schema.heirs(key) if machine.postgres else ()
    return any(heir.partition_of == name or name in heir.inherits for _, heir in heirs)


def insert_contents(machine: Machine, operation: Insert, key: Key, table: Table) -> None:
    """Remember the rows that `INSERT` certainly adds."""
    if _runs_code(machine, key):
        forget_all_contents(machine)
        return
    if operation.conflict in ("update", "replace"):
        forget_contents(machine, key)
        return
    if not operation.rows or operation.conflict is not None or operation.guarded or operation.anti_join:
        return
    place, rows = _rows(machine, key)
    age = _age(machine)
    known = rows.contents if rows.age == age else ()
    if len(known) < _MOST_ROWS and _is_plain(machine, key, table):
        names = [machine.column_name(name) for name in operation.columns] or list(table.columns)
        added = operation.rows[: _MOST_ROWS - len(known)]
        new = (tuple(values_of_row(machine, table, names, row).items()) for row in added)
        machine.put(place, replace(rows, contents=(*known, *new), age=age))


def _assign(row: dict[str, str | None], given: Mapping[str, Expression | None], *, certain: bool) -> None:
    """Store constants in a row that is `certain` to be changed; other new values are unknown."""
    for column, value in given.items():
        row.pop(column, None)
        if certain and value is not None and (value.literal is not None or value.key.lower() == "null"):
            row[column] = value.literal


def _cascades(machine: Machine, key: Key) -> bool:
    """Return whether an UPDATE of a key may change rows that refer to it."""
    return any(constraint.on_update not in _STAYING for _, constraint in references_to(machine, key))


def _refuse_changes(machine: Machine, key: Key, before: Sequence[Contents], after: Sequence[Contents]) -> None:
    """Raise the error for rows that are referred to, and whose new values are all known."""
    pairs = zip(before, after, strict=True)
    changed = [(old, new) for old, new in pairs if old != new and old.keys() == new.keys()]
    if changed:
        _refuse_changed(machine, key, changed)


def update_contents(machine: Machine, operation: Update, key: Key) -> None:
    """Change what is known of the rows that `UPDATE` changes."""
    if _runs_code(machine, key) or _has_heirs(machine, key) or _cascades(machine, key):
        forget_all_contents(machine)
        return
    known = contents(machine, key)
    if not known:
        return
    given = {machine.column_name(column): value for column, value in operation.assignments}
    before = [dict(row) for row in known]
    for row in known:
        chosen = None if operation.joined else operation.where is None or satisfies(operation.where, row)
        if chosen is not False:
            _assign(row, given, certain=bool(chosen))
    if machine.postgres:
        _refuse_changes(machine, key, before, known)
    _set(machine, key, known)


def _refuse_changed(machine: Machine, key: Key, changed: Sequence[tuple[Contents, Contents]]) -> None:
    """Raise the error for values that another row refers to, and that rows certainly have no longer."""
    for child, constraint in references_to(machine, key):
        if constraint.on_update in _STAYING and not constraint.deferred:
            columns = constraint.referenced
            gone = [dict(old) for old, new in changed if any(old.get(name) != new.get(name) for name in columns)]
            _refuse_referred(machine, key, child, constraint, gone)


def delete_contents(machine: Machine, key: Key, operation: Delete) -> None:
    """Forget the rows that `DELETE` may take away. Raises `Refused` where another certainly refers to one of them."""
    if _runs_code(machine, key) or _has_heirs(machine, key):
        forget_all_contents(machine)
        return
    known = contents(machine, key)
    answers = [_is_deleted(operation, row) for row in known]
    gone = [row for row, answer in zip(known, answers, strict=True) if answer]
    followed = references_to(machine, key)
    if machine.postgres:
        every = operation.where is None and not operation.joined
        _refuse_left_alone(machine, key, followed, None if every else gone, operation)
    if any(constraint.on_delete not in _STAYING for _, constraint in followed):
        # What goes along may take more with it.
        forget_all_contents(machine)
    elif known:
        _set(machine, key, [row for row, answer in zip(known, answers, strict=True) if answer is False])


def _refuse_left_alone(
    machine: Machine,
    key: Key,
    followed: Iterable[tuple[Key, Constraint]],
    gone: list[dict[str, str | None]] | None,
    operation: Delete,
) -> None:
    """Raise `Refused` if a row refers to one of those that go (None: all), and does not go with it."""
    for child, constraint in followed:
        if constraint.on_delete in _STAYING and not constraint.deferred:
            _refuse_referred(machine, key, child, constraint, gone, operation)


def _is_deleted(operation: Delete, row: Contents) -> bool | None:
    """Return whether `DELETE` takes a row away; what `USING` joins is not known."""
    if operation.where is None:
        return None if operation.joined else True
    answer = satisfies(operation.where, row)
    return None if operation.joined and answer else answer


def references_to(machine: Machine, key: Key) -> list[tuple[Key, Constraint]]:
    """Return the foreign keys that refer to a table, with the keys of their tables."""
    found = []
    for user, table in machine.schema.users(key, Table):
        for constraint in of_kind(table.constraints, "foreign"):
            if constraint.table is not None and machine.key(constraint.table) == key:
                found.append((user, constraint))
    return found


def _refuse_referred(
    machine: Machine,
    key: Key,
    child: Key,
    constraint: Constraint,
    gone: list[dict[str, str | None]] | None,
    deletion: Delete | None = None,
) -> None:
    for row in contents(machine, child) if child != key and constraint.enforced else ():
        values = [row.get(column) for column in constraint.columns]
        if None in values:
            continue
        wanted = dict(zip(constraint.referenced, values, strict=False))
        # The row that it refers to is there, whoever made it, unless the key was never checked.
        is_gone = gone is None or any(wanted.items() <= other.items() for other in gone)
        if is_gone or (deletion is not None and constraint.validated and _is_deleted(deletion, wanted)):
            message = (
                f'update or delete on table "{key.name}" violates foreign key constraint "{constraint.name}" '
                f'on table "{child.name}"'
            )
            raise machine.refuse("foreign_key_violation", message, key)


# --- changes of columns


def fill_column(machine: Machine, key: Key, column: Column) -> None:
    """Give the rows of a table what a new column has for them."""
    default, name = column.default, machine.column_name(column.name)
    unknown = column.identity is not None or column.serial or column.generated is not None
    unknown = unknown or (column.type is not None and column.type.schema is not None)

    def filled(row: dict[str, str | None]) -> None:
        row.pop(name, None)
        if not unknown and default is None:
            row[name] = None
        elif not unknown and default is not None and default.literal is not None:
            row[name] = default.literal

    _each(machine, key, filled)


def forget_column(machine: Machine, key: Key, column: str) -> None:
    """Take it that the values of a column are others now."""
    _each(machine, key, lambda row: row.pop(column, None))


def rename_content(machine: Machine, key: Key, old: str, new: str) -> None:
    """Give the values of a column another name."""

    def renamed(row: dict[str, str | None]) -> None:
        row.pop(new, None)
        if old in row:
            row[new] = row.pop(old)

    _each(machine, key, renamed)


def rename_values(machine: Machine, key: Key, columns: Iterable[str], old: str, new: str) -> None:
    """Give a value of some columns another name."""
    _each(machine, key, lambda row: row.update({column: new for column in columns if row.get(column) == old}))


def _each(machine: Machine, key: Key, change: Callable[[dict[str, str | None]], object]) -> None:
    known = contents(machine, key)
    for row in known:
        change(row)
    if known:
        _set(machine, key, known)


# --- what the rows refuse


def refuse_nulls(machine: Machine, key: Key, columns: Iterable[str]) -> None:
    """Raise the error for columns that shall not be NULL, where one of the rows has a NULL."""
    for column in columns:
        if any(row.get(column, "") is None for row in contents(machine, key)):
            message = f'column "{column}" of relation "{key.name}" contains null values'
            raise machine.refuse("not_null_violation", message, key, column)


def refuse_conversion(machine: Machine, key: Key, column: str, operation: AlterColumnType) -> None:
    """Raise the error for a value of a text that the new type of its column does not take."""
    new, using = operation.type, operation.using
    if new is None or new.schema is not None or new.dimensions:
        return
    for row in contents(machine, key):
        text = row.get(column)
        if text is None:
            continue
        if new.name in ("varchar", "bpchar") and using is None and new.args and new.args[0].isdecimal():
            if len(text.rstrip(" ")) > whole_number(new.args[0]):
                message = f"value too long for type {new}"
                raise machine.refuse("string_data_right_truncation", message, key, column)
        elif using is not None and using.key == f"{column}::{new.name}" and unreadable(new.name, text):
            message = f'invalid input syntax for type {new}: "{text}"'
            raise machine.refuse(condition_of(new.name), message, key, column)


def refuse_unchecked(machine: Machine, key: Key, constraint: Constraint) -> None:
    """Raise the error for a check that one of the rows does not pass."""
    check = constraint.expression
    if check is None or not constraint.enforced:
        return
    if any(satisfies(check, row) is False for row in contents(machine, key)):
        message = f'check constraint "{constraint.name}" of relation "{key.name}" is violated by some row'
        raise machine.refuse("check_violation", message, key, constraint.name)


def refuse_duplicates(
    machine: Machine, key: Key, name: str, columns: tuple[str, ...], where: Expression | None, *, nulls: bool = False
) -> None:
    """Raise the error for a unique index over columns of which two rows have the same values."""
    seen = set()
    for row in contents(machine, key):
        if not set(columns) <= row.keys() or (where is not None and not satisfies(where, row)):
            continue
        values = tuple(row[column] for column in columns)
        if None in values and not nulls:
            continue
        if values in seen:
            message = f'could not create unique index "{name}"'
            if not machine.postgres:
                message = "UNIQUE constraint failed: " + ", ".join(f"{key.name}.{column}" for column in columns)
            raise machine.refuse("unique_violation", message, key, columns[0])
        seen.add(values)
