"""Creating indexes, under their own names or those that the server chooses."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.replay.apply.constraint_errors import check_mentioned
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.naming import LIMIT, choose_relation, column_part, truncate
from miglint.replay.apply.partitions import refuse_index
from miglint.replay.apply.reread import refuse_unknown_columns
from miglint.replay.apply.row_contents import refuse_duplicates
from miglint.replay.apply.sqlite_tables import check_sqlite_index
from miglint.replay.apply.typed import check_index
from miglint.schema.depends import relation_key
from miglint.schema.describe import kind_of
from miglint.schema.objects import Absent, Index, Key, SchemaObject, Table, View
from miglint.sql.operations import AttachPartition, CreateIndex, IndexElement, Name


def generated_name(
    machine: Machine, schema: str, table: str, elements: tuple[IndexElement, ...], include: tuple[str, ...] = ()
) -> str:
    """Return the name that the server would choose for an index, from its keys and the columns it includes."""
    names: list[str] = []
    # The name has room for so many columns only.
    for element in (*elements, *map(IndexElement, include))[:LIMIT]:
        base = name = element.column or element.label or "expr"
        number = 0
        while name in names:
            number += 1
            name = f"{base}{number}"
        names.append(name)
    name, machine.schema = choose_relation(machine.schema, schema, table, column_part(names), "idx")
    return name


def _name_of(machine: Machine, operation: CreateIndex, table: Key) -> str:
    if operation.name is None:
        return generated_name(machine, table.schema, table.name, operation.elements, operation.include)
    return truncate(operation.name) if machine.postgres else operation.name


def _refuse_duplicate_rows(machine: Machine, table: Key, name: str, operation: CreateIndex) -> None:
    """Raise the error for rows that are equal in all columns of a unique index; expressions are not computed."""
    columns = [element.column for element in operation.elements if element.column is not None]
    if len(columns) == len(operation.elements):
        unique = tuple(map(machine.column_name, columns))
        refuse_duplicates(machine, table, name, unique, operation.where, nulls=operation.nulls_not_distinct)


def create_index(machine: Machine, operation: CreateIndex) -> None:
    """`CREATE INDEX`."""
    relation = _relation(machine, operation)
    if relation is None:
        return
    key_of_table, found = relation
    schema, name = key_of_table.schema, _name_of(machine, operation, key_of_table)
    key = Key("relation", schema, name if machine.postgres else name.lower())
    index = Index(
        Name(schema, name),
        Name(schema, found.name.name if isinstance(found, Table) else key_of_table.name),
        tuple(_resolved(machine, key_of_table, element, operation.method, found) for element in operation.elements),
        operation.unique,
        operation.method,
        machine.expression(operation.where),
        operation.include,
        operation.nulls_not_distinct,
        True,
        None,
        operation.options,
        operation.tablespace,
        operation.name is None,
    )
    existing = machine.schema.find(key)
    if existing is not None:
        _exists(machine, operation, key, existing, index)
        return
    _check(machine, key_of_table, found, operation, name)
    partitions = machine.partitions(key_of_table) if isinstance(found, Table) else []
    if operation.only and partitions:
        machine.create(key, replace(index, valid=False))
        return
    machine.create(key, index, certain=not _is_new(machine, key_of_table))
    for partition in partitions:
        part_index(machine, index, partition)


def _relation(machine: Machine, operation: CreateIndex) -> tuple[Key, SchemaObject] | None:
    """Return what an index is on; None if that is not known. Raises `Refused` if it is not there."""
    key, found = machine.relation(operation.table)
    if found is None or isinstance(found, Absent):
        return machine.table(operation.table)
    return key, found


def _check(machine: Machine, key: Key, relation: SchemaObject, operation: CreateIndex, name: str) -> None:
    """Raise `Refused` for an index that its relation, or the rows of it, cannot have."""
    if isinstance(relation, Table):
        _check_columns(machine, key, relation, operation)
        refuse_index(machine, key, relation, operation)
    elif isinstance(relation, View) and not relation.assumed and not relation.materialized:
        message = f'cannot create index on relation "{key.name}"'
        raise machine.refuse("wrong_object_type", message if machine.postgres else "views may not be indexed", key)
    check_index(machine, key, operation)
    if operation.unique and not operation.only:
        _refuse_duplicate_rows(machine, key, name, operation)
    if not machine.postgres:
        check_sqlite_index(machine, key, operation)


def _is_new(machine: Machine, key: Key) -> bool:
    """Whether the script recreated a table that was not fully known: the old one may have had the same indexes."""
    old, new = machine.origin.objects.get(key), machine.schema.objects.get(key)
    return isinstance(old, Table) and old.assumed and isinstance(new, Table) and not new.assumed


def _resolved(machine: Machine, key: Key, element: IndexElement, method: str, table: object) -> IndexElement:
    """Return an element as the server keeps it: resolved, and less the operator class that it would choose itself."""
    resolved = element
    if element.expression is not None:
        resolved = replace(element, expression=machine.expression(element.expression))
    if element.opclass is None or not machine.postgres or not isinstance(table, Table):
        return resolved
    column = table.columns.get(element.column or "")
    kind = None if column is None else column.type
    if kind is None and element.expression is None:
        return resolved
    from miglint.replay.apply import expressed

    return (
        replace(resolved, opclass=None) if expressed.is_default_class(machine, key, method, element, kind) else resolved
    )


def _check_columns(machine: Machine, key: Key, table: Table, operation: CreateIndex) -> None:
    if table.assumed or table.kind != "table":
        return
    for element in operation.elements:
        if element.column is None:
            continue
        folded = machine.column_name(element.column)
        if not machine.postgres and (element.label or "").startswith('"'):
            continue
        if folded not in table.columns and folded not in ("rowid", "oid", "_rowid_"):
            message = (
                f'column "{element.column}" does not exist'
                if machine.postgres
                else f"table {table.name.name} has no column named {element.column}"
            )
            raise machine.refuse("undefined_column", message, key, folded)
    expressions = (operation.where, *(element.expression for element in operation.elements))
    if machine.postgres:
        for expression in expressions:
            if expression is not None:
                check_mentioned(machine, key, table, expression)
    else:
        refuse_unknown_columns(machine, key, expressions)


def _exists(machine: Machine, operation: CreateIndex, key: Key, existing: object, index: Index) -> None:
    if not machine.postgres and not isinstance(existing, Index):
        # To SQLite the guard is about indexes.
        raise machine.refuse("duplicate_table", f"there is already a table named {operation.name}", key)
    if not operation.if_not_exists:
        if machine.postgres:
            raise machine.refuse("duplicate_table", f'relation "{key.name}" already exists', key)
        if isinstance(existing, Table):
            raise machine.refuse("duplicate_table", f"there is already a table named {operation.name}", key)
        raise machine.refuse("duplicate_table", f"index {operation.name} already exists", key)
    if not isinstance(existing, Index):
        kind = kind_of(existing)  # type: ignore[arg-type]  # a relation: the space of the key says so
        machine.note("hidden", f'"{operation.name}" is a {kind} already: no index is made', key)
    elif existing.assumed:
        machine.note("skipped", f'index "{operation.name}" exists already', key)
    elif existing.table != index.table:
        machine.note(
            "hidden",
            f'"{operation.name}" is an index on "{existing.table and existing.table.name}" already: '
            f'no index is made on "{index.table and index.table.name}"',
            key,
        )
    elif not existing.valid:
        machine.note("hidden", f'index "{operation.name}" is there but invalid, and stays so', key)
    elif replace(existing, valid=True, constraint=None) != replace(index, constraint=None):
        machine.note("hidden", f'index "{operation.name}" exists already with another definition and keeps it', key)
    else:
        machine.note("skipped", f'index "{operation.name}" exists already', key)


def copy_index(machine: Machine, index: Index, table: Key, parent: Name | None = None) -> Index:
    """Create a copy of an index for a table (a partition, a `LIKE`), under a generated name."""
    name = generated_name(machine, table.schema, table.name, index.elements, index.include)
    copy = replace(
        index, name=Name(table.schema, name), table=Name(table.schema, table.name), generated=True, parent=parent
    )
    machine.create(Key("relation", table.schema, name), copy)
    return copy


def part_index(machine: Machine, index: Index, partition: Key) -> None:
    """Attach a matching index of a partition to an index of its parent, or create one; likewise for its partitions."""
    for key, own in machine.indexes(partition):
        if own.parent is None and own.constraint is None and own.valid and _alike(own, index):
            machine.put(key, replace(own, parent=index.name))
            return
    copy = copy_index(machine, index, partition, index.name)
    for part in machine.partitions(partition):
        part_index(machine, copy, part)


def possible_parts(machine: Machine, index: Index) -> list[Key]:
    """Return similar indexes of tables that no script created: they are parts of it if those tables are partitions.

    Functions that make the partitions of every day are common, and what they make is not known.
    """
    table = None if index.table is None else machine.schema.table(relation_key(index.table, machine.dialect))
    if table is None or table.partition_by is None:
        return []
    made = (key for key, value in machine.schema.items() if isinstance(value, Table) and value.assumed)
    return sorted(
        own_key
        for key in made
        for own_key, own in machine.indexes(key)
        if own.parent is None and own.constraint is None and _alike(own, index)
    )


def _alike(one: Index, other: Index) -> bool:
    return _definition(one) == _definition(other)


def _definition(index: Index) -> tuple[object, ...]:
    return (index.elements, index.unique, index.method, index.where, index.include, index.nulls_not_distinct)


def attach_index(machine: Machine, operation: AttachPartition) -> None:
    """`ALTER INDEX ... ATTACH PARTITION`: with the last of its parts the index of the whole table is valid."""
    key, whole = machine.relation(operation.table)
    part_key, part = machine.relation(operation.partition)
    if not isinstance(whole, Index) or not isinstance(part, Index) or whole.table is None:
        return
    if _definition(part) != _definition(whole):
        message = f'cannot attach index "{part_key.name}" as a partition of index "{key.name}"'
        raise machine.refuse("invalid_table_definition", message, part_key)
    machine.put(part_key, replace(part, parent=whole.name))
    partitions = machine.partitions(relation_key(whole.table, machine.dialect))
    if all(any(own.parent == whole.name for _, own in machine.indexes(item)) for item in partitions):
        machine.put(key, replace(whole, valid=True))
