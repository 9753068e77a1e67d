"""Renames and moves, carried into everything that mentions the old name."""

from __future__ import annotations

import re
from typing import TypeVar

from miglint.schema.apply.columns import altered, column_of, no_column
from miglint.schema.apply.constraints import not_null_name, rename_in_table
from miglint.schema.apply.drops import routines, signature
from miglint.schema.apply.machine import Machine, kind_of
from miglint.schema.apply.others import other_key
from miglint.schema.depends import relation_key
from miglint.schema.objects import (
    Absent,
    Composite,
    Domain,
    Index,
    Key,
    Namespace,
    Other,
    OtherType,
    Policy,
    Routine,
    Rule,
    SchemaObject,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.sql.operations import (
    Column,
    ColumnUse,
    Constraint,
    Expression,
    Name,
    Query,
    Rename,
    RenameColumn,
    SetSchema,
    Type,
)
from miglint.values import replace

T = TypeVar("T")
_RELATION_KINDS = frozenset({"table", "view", "materialized view", "index", "sequence", "foreign table"})


def _word(text: str, old: str, new: str) -> str:
    # Exact enough for keys: what matters is that renaming there and back again gives the same key.
    return re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", new.replace("\\", "\\\\"), text)


def _expression(value: Expression | None, old: str, new: str) -> Expression | None:
    if value is None or old not in value.columns:
        return value
    columns = tuple(new if column == old else column for column in value.columns)
    return replace(value, key=_word(value.key, old, new), text=_word(value.text, old, new), columns=columns)


def rename_column(machine: Machine, operation: RenameColumn) -> None:
    """`RENAME COLUMN`, carried into constraints, indexes, views, triggers and foreign keys."""
    if operation.kind == "type":
        _rename_attribute(machine, operation)
        return
    key, found = machine.relation(operation.table)
    if isinstance(found, View):
        _rename_view_column(machine, key, found, operation)
        return
    place = altered(machine, operation)
    if place is None:
        return
    key, table = place
    old, new = machine.column_name(operation.column), machine.column_name(operation.new)
    column = column_of(machine, key, table, operation.column)
    if column is None:
        raise no_column(machine, key, operation.column)
    table = machine.schema.table(key) or table
    if new in table.columns and new != old:
        message = (
            f'column "{operation.new}" of relation "{key.name}" already exists'
            if machine.postgres
            else f"duplicate column name: {operation.new}"
        )
        raise machine.refuse("duplicate_column", message, key, new)
    _in_table(machine, key, table, old, new, operation.new)
    _in_dependents(machine, key, old, new)


def _in_table(machine: Machine, key: Key, table: Table, old: str, new: str, written: str) -> None:
    columns: dict[str, Column] = {}
    for name, column in table.columns.items():
        renamed = column
        if name == old:
            kept = not_null_name(table.name.name, column) if column.nullable is False and machine.postgres else None
            renamed = replace(column, name=written, not_null_name=kept)
        if renamed.generated is not None:
            renamed = replace(renamed, default=_expression(renamed.default, old, new))
        columns[new if name == old else name] = renamed
    constraints = {name: _constraint(value, old, new) for name, value in table.constraints.items()}
    own = relation_key(table.name, machine.dialect)
    for name, value in constraints.items():
        if value.table is not None and relation_key(value.table, machine.dialect) == own:
            constraints[name] = replace(value, referenced=_swap(value.referenced, old, new))
    absent = (table.absent | {old}) - {new} if table.assumed else table.absent
    machine.put(key, replace(table, columns=columns, constraints=constraints, absent=absent))
    if machine.postgres:
        owned = (Name(key.schema, key.name), old)
        for user in machine.schema.on(key):
            value = machine.schema.find(user)
            if isinstance(value, Sequence) and value.owned_by == owned:
                machine.put(user, replace(value, owned_by=(owned[0], new)))


def _swap(names: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if name == old else name for name in names)


def _constraint(value: Constraint, old: str, new: str) -> Constraint:
    if old not in value.columns and old not in value.include:
        return value
    return replace(
        value,
        columns=_swap(value.columns, old, new),
        include=_swap(value.include, old, new),
        expression=_expression(value.expression, old, new),
        elements=None if value.elements is None else _word(value.elements, old, new),
        where=_expression(value.where, old, new),
    )


def _in_dependents(machine: Machine, key: Key, old: str, new: str) -> None:
    name = Name(key.schema, key.name)
    for user in machine.schema.on(key):
        value = machine.schema.find(user)
        if isinstance(value, Index):
            elements = tuple(
                replace(
                    element,
                    column=new if machine.column_name(element.column or "") == old else element.column,
                    expression=_expression(element.expression, old, new),
                )
                for element in value.elements
            )
            where, include = _expression(value.where, old, new), _swap(value.include, old, new)
            if elements != value.elements or where != value.where or include != value.include:
                machine.put(user, replace(value, elements=elements, where=where, include=include))
        elif isinstance(value, Table):
            constraints = {
                label: replace(constraint, referenced=_swap(constraint.referenced, old, new))
                if constraint.table is not None and relation_key(constraint.table, machine.dialect) == key
                else constraint
                for label, constraint in value.constraints.items()
            }
            if constraints != value.constraints:
                machine.put(user, replace(value, constraints=constraints))
        elif isinstance(value, Trigger):
            if old in value.columns or re.search(rf"\b{re.escape(old)}\b", value.definition):
                machine.put(
                    user,
                    replace(
                        value,
                        columns=_swap(value.columns, old, new),
                        definition=_word(value.definition, old, new),
                    ),
                )
        elif isinstance(value, Policy):
            machine.put(user, replace(value, definition=_word(value.definition, old, new)))
        elif isinstance(value, View) and value.query is not None:
            use = ColumnUse(name, old)
            if use in value.query.uses:
                swapped = tuple(ColumnUse(name, new) if item == use else item for item in value.query.uses)
                query = replace(value.query, uses=swapped, key=_word(value.query.key, old, new))
                machine.put(user, replace(value, query=query))


def _rename_view_column(machine: Machine, key: Key, view: View, operation: RenameColumn) -> None:
    if view.columns is None:
        return
    if operation.column not in view.columns:
        raise machine.refuse("undefined_column", f'column "{operation.column}" does not exist', key, operation.column)
    machine.put(key, replace(view, columns=_swap(view.columns, operation.column, operation.new)))


def _rename_attribute(machine: Machine, operation: RenameColumn) -> None:
    key = machine.key(operation.table, "type")
    value = machine.schema.find(key)
    if not isinstance(value, Composite) or value.assumed:
        return
    if operation.column not in value.columns:
        raise no_column(machine, key, operation.column)
    columns = {
        (operation.new if name == operation.column else name): replace(column, name=operation.new)
        if name == operation.column
        else column
        for name, column in value.columns.items()
    }
    machine.put(key, replace(value, columns=columns))


def rename(machine: Machine, operation: Rename) -> None:
    """`RENAME TO` of any object."""
    kind = operation.kind
    if kind in _RELATION_KINDS:
        _rename_relation(machine, operation)
    elif kind in ("type", "domain"):
        _rename_type(machine, operation)
    elif kind in ("function", "procedure", "routine", "aggregate"):
        _rename_routine(machine, operation)
    elif kind in ("trigger", "policy", "rule"):
        _rename_on_table(machine, operation)
    elif kind == "schema":
        _rename_schema(machine, operation)
    else:
        _rename_other(machine, operation)


def _rename_relation(machine: Machine, operation: Rename) -> None:
    key, found = machine.relation(operation.name)
    kind = operation.kind
    if isinstance(found, Absent):
        if operation.if_exists:
            machine.note("missing", f'{kind} "{operation.name}" does not exist, skipped', key)
            return
        # An index is a relation to ALTER INDEX too; SQLite renames nothing but tables.
        raise machine.missing_relation(operation.name, key, "relation" if machine.postgres else "table")
    if found is None:
        if operation.if_exists:
            machine.note("missing", f'{kind} "{operation.name}" was never created here', key)
            machine.drop(key)
            return
        name = Name(key.schema, operation.name.name)
        found = (
            Index(name, None, assumed=True)
            if kind == "index"
            else Sequence(name, assumed=True)
            if kind == "sequence"
            else View(name, None, materialized=kind != "view", assumed=True)
            if kind.endswith("view")
            else Table(name, assumed=True)
        )
        machine.assume(key, found)
    new_key = Key("relation", key.schema, operation.new if machine.postgres else operation.new.lower())
    if machine.schema.find(new_key) is not None and new_key != key:
        message = (
            f'relation "{operation.new}" already exists'
            if machine.postgres
            else f"there is already another table or index with this name: {operation.new}"
        )
        raise machine.refuse("duplicate_table", message, new_key)
    if not machine.postgres:
        _sqlite_rename_checks(machine, key)
    if isinstance(found, Index) and found.constraint is not None and found.table is not None:
        rename_in_table(machine, relation_key(found.table, machine.dialect), key.name, operation.new)
        return
    move(machine, key, found, Name(key.schema, operation.new))


def _sqlite_rename_checks(machine: Machine, key: Key) -> None:
    # ALTER TABLE RENAME reads the whole schema again, and stops at a view or trigger over a table that is gone.
    if machine.settings.get("legacy_alter_table", "").lower() in ("on", "1", "true", "yes"):
        return
    for item, value in machine.schema.items():
        if isinstance(value, View) and value.query is not None:
            for name in value.query.relations:
                if isinstance(machine.relation(name)[1], Absent):
                    raise machine.refuse(
                        "undefined_table", f"error in view {item.name}: no such table: {machine.created(name)}", item
                    )


def move(machine: Machine, key: Key, value: SchemaObject, new: Name) -> None:
    """Give a relation another name or schema, and tell all that mention it."""
    new_key = relation_key(new, machine.dialect)
    users = machine.schema.on(key)
    old_name = Name(key.schema, key.name)
    machine.drop(key)
    if isinstance(value, Table) and machine.postgres:
        # The names of NOT NULL constraints stay what they were when the table had its old name.
        columns = {
            name: replace(column, not_null_name=not_null_name(key.name, column)) if column.nullable is False else column
            for name, column in value.columns.items()
        }
        value = replace(value, columns=columns)
    if isinstance(value, (Table, View, Index, Sequence)):
        machine.create(new_key, replace(value, name=new))
    legacy = not machine.postgres and machine.settings.get("legacy_alter_table", "").lower() in ("on", "1", "true")
    for user in users:
        other = machine.schema.find(user)
        if isinstance(other, Index):
            machine.put(user, replace(other, table=new))
        elif isinstance(other, Sequence):
            if other.owned_by is not None:
                machine.put(user, replace(other, owned_by=(new, other.owned_by[1])))
        elif isinstance(other, (Trigger, Policy, Rule)):
            _move_on_table(machine, user, other, key, new_key, new)
        elif isinstance(other, Other):
            machine.put(user, replace(other, table=new, definition=_word(other.definition, old_name.name, new.name)))
        elif isinstance(other, View):
            if other.query is not None and not legacy:
                machine.put(user, replace(other, query=_requery(other.query, old_name, new)))
        elif isinstance(other, Table) and not (legacy and _foreign_keys_off(machine)):
            machine.put(user, _retable(machine, other, key, new))
    self_table = machine.schema.table(new_key)
    if self_table is not None:
        machine.put(new_key, _retable(machine, self_table, key, new))


def _foreign_keys_off(machine: Machine) -> bool:
    return machine.settings.get("foreign_keys", "off").lower() in ("off", "0", "false", "no")


def _move_on_table(
    machine: Machine, user: Key, other: Trigger | Policy | Rule, key: Key, new_key: Key, new: Name
) -> None:
    if relation_key(other.table, machine.dialect) != key:
        return
    if not machine.postgres:
        machine.put(user, replace(other, table=new, definition=_word(other.definition, key.name, new_key.name)))
        return
    machine.drop(user)
    machine.create(Key(user.space, new_key.schema, user.name, new_key.name), replace(other, table=new))


def _requery(query: Query, old: Name, new: Name) -> Query:
    def swap(name: Name) -> Name:
        return new if name == old else name

    return replace(
        query,
        key=_word(query.key, old.name, new.name),
        relations=tuple(swap(name) for name in query.relations),
        uses=tuple(use._replace(relation=swap(use.relation)) if use.relation else use for use in query.uses),
        stars=tuple(swap(name) for name in query.stars),
    )


def _retable(machine: Machine, table: Table, key: Key, new: Name) -> Table:
    def refers(name: Name | None) -> bool:
        return name is not None and relation_key(name, machine.dialect) == key

    constraints = {
        label: replace(constraint, table=new) if refers(constraint.table) else constraint
        for label, constraint in table.constraints.items()
    }
    old = Name(key.schema, key.name)
    columns = {
        name: replace(
            column,
            default=replace(
                column.default,
                key=_word(column.default.key, old.name, new.name),
                text=_word(column.default.text, old.name, new.name),
                sequence=new,
            ),
        )
        if column.default is not None and column.default.sequence == old
        else column
        for name, column in table.columns.items()
    }
    return replace(
        table,
        columns=columns,
        constraints=constraints,
        partition_of=new if refers(table.partition_of) else table.partition_of,
        inherits=tuple(new if refers(parent) else parent for parent in table.inherits),
    )


def _rename_type(machine: Machine, operation: Rename) -> None:
    key = machine.key(operation.name, "type")
    found = machine.schema.get(key)
    if isinstance(found, Absent):
        raise machine.refuse("undefined_object", f'type "{operation.name}" does not exist', key)
    value = machine.assume_type(key) if found is None else found
    new_key = Key("type", key.schema, operation.new)
    if machine.schema.find(new_key) is not None:
        raise machine.refuse("duplicate_object", f'type "{operation.new}" already exists', new_key)
    move_type(machine, key, value, Name(key.schema, operation.new))


def move_type(machine: Machine, key: Key, value: SchemaObject, new: Name) -> None:
    """Give a type another name or schema, in all columns, arguments and domains that have it."""
    users = machine.schema.on(key)
    machine.drop(key)
    new_key = Key("type", new.schema or "public", new.name)
    named: object = value
    if not isinstance(value, OtherType) or hasattr(value, "name"):
        named = replace(value, name=new)  # type: ignore[call-arg]  # every type has a name of this kind
    machine.create(new_key, named)  # type: ignore[arg-type]

    def swap(kind: Type | None) -> Type | None:
        if kind is not None and kind.schema == key.schema and kind.name == key.name:
            return replace(kind, name=new.name, schema=new.schema)
        return kind

    for user in users:
        other = machine.schema.find(user)
        if isinstance(other, (Table, Composite)):
            columns = {name: _retype(column, swap, key, new) for name, column in other.columns.items()}
            if isinstance(other, Table):
                constraints = {
                    label: replace(constraint, expression=_type_in(constraint.expression, key, new))
                    for label, constraint in other.constraints.items()
                }
                machine.put(user, replace(other, columns=columns, constraints=constraints))
            else:
                machine.put(user, replace(other, columns=columns))
        elif isinstance(other, Domain):
            machine.put(user, replace(other, base=swap(other.base)))
        elif isinstance(other, Routine) and other.arguments is not None:
            arguments = tuple(swap(argument) or argument for argument in other.arguments)
            moved = replace(other, arguments=arguments, returns=swap(other.returns))
            machine.drop(user)
            text = f"{other.name.name}({signature(machine, arguments)})"
            machine.create(Key("routine", user.schema, text), moved)


def _retype(column: Column, swap: object, key: Key, new: Name) -> Column:
    kind = swap(column.type)  # type: ignore[operator]
    default = _type_in(column.default, key, new)
    return column if kind is column.type and default is column.default else replace(column, type=kind, default=default)


def _type_in(value: Expression | None, key: Key, new: Name) -> Expression | None:
    if value is None or Name(key.schema, key.name) not in value.types:
        return value
    types = tuple(new if item == Name(key.schema, key.name) else item for item in value.types)
    return replace(value, key=_word(value.key, key.name, new.name), types=types)


def _rename_routine(machine: Machine, operation: Rename) -> None:
    schema, matches = routines(machine, operation.name, operation.arguments)
    if len(matches) > 1:
        raise machine.refuse("ambiguous_function", f'function name "{operation.name}" is not unique', matches[0])
    if not matches:
        text = operation.name.name
        if operation.arguments is not None:
            text += f"({signature(machine, operation.arguments)})"
        key = Key("routine", schema, text)
        if isinstance(machine.schema.get(key), Absent):
            raise machine.refuse("undefined_function", f"function {text} does not exist", key)
        machine.drop(key)
        return
    move_routine(machine, matches[0], Name(schema, operation.new))


def move_routine(machine: Machine, key: Key, new: Name) -> None:
    """Give a routine another name or schema; triggers that call it follow."""
    value = machine.schema.find(key)
    if not isinstance(value, Routine):
        return
    text = new.name + key.name[key.name.index("(") :] if "(" in key.name else new.name
    new_key = Key("routine", new.schema or "public", text)
    if machine.schema.find(new_key) is not None:
        raise machine.refuse(
            "duplicate_function", f'function "{new.name}" already exists with same argument types', new_key
        )
    old_name = Key("routine name", key.schema, value.name.name)
    users = machine.schema.on(old_name)
    machine.drop(key)
    machine.create(new_key, replace(value, name=new))
    for user in users:
        other = machine.schema.find(user)
        if isinstance(other, Trigger):
            definition = _word(other.definition, value.name.name, new.name)
            machine.put(user, replace(other, function=new, definition=definition))


def _rename_on_table(machine: Machine, operation: Rename) -> None:
    if operation.table is None:
        return
    table_key, _ = machine.relation(operation.table)
    key = Key(operation.kind, table_key.schema, operation.name.name, table_key.name)
    value = machine.schema.get(key)
    if isinstance(value, Absent) or (value is None and table_key in machine.schema and machine.schema.closed):
        if operation.if_exists:
            machine.note("missing", f'{operation.kind} "{operation.name}" does not exist, skipped', key)
            return
        raise machine.refuse(
            "undefined_object",
            f'{operation.kind} "{operation.name}" for table "{operation.table}" does not exist',
            key,
        )
    new_key = Key(operation.kind, table_key.schema, operation.new, table_key.name)
    if machine.schema.find(new_key) is not None:
        raise machine.refuse(
            "duplicate_object",
            f'{operation.kind} "{operation.new}" for relation "{table_key.name}" already exists',
            new_key,
        )
    machine.drop(key)
    if isinstance(value, (Trigger, Policy, Rule)):
        machine.create(new_key, replace(value, name=operation.new))
    else:
        table = Name(table_key.schema, table_key.name)
        machine.assume(key, {"trigger": Trigger, "policy": Policy, "rule": Rule}[operation.kind](operation.name.name, table, assumed=True))
        machine.drop(key)
        machine.create(new_key, {"trigger": Trigger, "policy": Policy, "rule": Rule}[operation.kind](operation.new, table, assumed=True))


def _rename_schema(machine: Machine, operation: Rename) -> None:
    key = Key("schema", "", operation.name.name)
    if isinstance(machine.schema.get(key), Absent):
        raise machine.refuse("invalid_schema_name", f'schema "{operation.name}" does not exist', key)
    new_key = Key("schema", "", operation.new)
    if machine.schema.find(new_key) is not None:
        raise machine.refuse("duplicate_schema", f'schema "{operation.new}" already exists', new_key)
    machine.drop(key)
    machine.create(new_key, Namespace(operation.new))
    for item, value in list(machine.schema.items()):
        if item.schema != operation.name.name:
            continue
        if item.space == "relation":
            move(machine, item, value, Name(operation.new, item.name))
        elif item.space == "type":
            move_type(machine, item, value, Name(operation.new, item.name))
        elif item.space == "routine" and isinstance(value, Routine):
            move_routine(machine, item, Name(operation.new, value.name.name))


def _rename_other(machine: Machine, operation: Rename) -> None:
    key = other_key(machine, operation.kind, operation.name, None)
    found = machine.schema.get(key)
    if isinstance(found, Absent):
        raise machine.refuse("undefined_object", f'{operation.kind} "{operation.name}" does not exist', key)
    machine.drop(key)
    if found is not None:
        machine.create(key._replace(name=operation.new), found)


def set_schema(machine: Machine, operation: SetSchema) -> None:
    """`SET SCHEMA`."""
    if operation.kind in _RELATION_KINDS:
        key, found = machine.relation(operation.name)
        if isinstance(found, Absent):
            if operation.if_exists:
                machine.note("missing", f'{operation.kind} "{operation.name}" does not exist, skipped', key)
                return
            raise machine.missing_relation(operation.name, key)
        if found is None:
            table = machine.table(operation.name)
            if table is None:
                return
            found = table[1]
        if key.schema == operation.schema:
            return
        new = Name(operation.schema, key.name)
        if machine.schema.find(relation_key(new, machine.dialect)) is not None:
            raise machine.refuse(
                "duplicate_table", f'{kind_of(found)} "{key.name}" already exists in schema "{operation.schema}"', key
            )
        parts = [
            (user, other)
            for user in machine.schema.on(key)
            if isinstance(other := machine.schema.find(user), (Index, Sequence))
        ]
        move(machine, key, found, new)
        for user, _ in parts:
            current = machine.schema.find(user)
            if current is not None:
                move(machine, user, current, Name(operation.schema, user.name))
    elif operation.kind in ("type", "domain"):
        key = machine.key(operation.name, "type")
        value = machine.schema.get(key)
        if isinstance(value, Absent):
            raise machine.refuse("undefined_object", f'type "{operation.name}" does not exist', key)
        if key.schema != operation.schema:
            known = machine.assume_type(key) if value is None else value
            move_type(machine, key, known, Name(operation.schema, key.name))
    elif operation.kind in ("function", "procedure", "routine", "aggregate"):
        _, matches = routines(machine, operation.name, operation.arguments)
        for match in matches:
            value = machine.schema.find(match)
            if isinstance(value, Routine) and match.schema != operation.schema:
                move_routine(machine, match, Name(operation.schema, value.name.name))
