"""`CLUSTER`, `CLUSTER ON`, and the other statements about what a relation is kept in: their target must be there."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.session import reset_all
from miglint.schema.objects import Absent, Index, Key, Table, View
from miglint.sql.operations import Maintenance

OPTION = "cluster"
REPLICA = "replica identity"

_ORDERED = frozenset({"btree", "gist"})
_ON_RELATIONS = frozenset(
    {"analyze", "cluster", "lock table", "refresh materialized view", "reindex index", "reindex table", "vacuum"}
)


def cluster(machine: Machine, operation: Maintenance) -> None:
    """`CLUSTER`: it needs an index, named here or before, which the table stores."""
    if operation.target is None:
        return
    key, found = machine.relation(operation.target)
    if isinstance(found, View) and not found.materialized and not found.assumed:
        message = f'"{operation.target.name}" is not a table or materialized view'
        raise machine.refuse("wrong_object_type", message, key)
    if not isinstance(found, (Table, View)):
        return
    if operation.options:
        refuse_index(machine, key, operation.options[0])
        if isinstance(found, Table) and found.partition_by is None:
            machine.put(key, replace(found, options={**found.options, OPTION: operation.options[0]}))
    elif isinstance(found, Table) and found.partition_by is None and not found.assumed and OPTION not in found.options:
        message = f'there is no previously clustered index for table "{key.name}"'
        raise machine.refuse("undefined_object", message, key)


def refuse_index(machine: Machine, key: Key, name: str) -> None:
    """Raise the error for an index that a table cannot be ordered by, or that is not there."""
    _, index = index_of(machine, key, name)
    if index is None or index.assumed:
        return
    if index.where is not None:
        raise machine.refuse("feature_not_supported", f'cannot cluster on partial index "{name}"', key)
    if index.method not in _ORDERED:
        message = f'cannot cluster on index "{name}" because access method does not support clustering'
        raise machine.refuse("feature_not_supported", message, key)


def index_of(machine: Machine, key: Key, name: str) -> tuple[Key, Index | None]:
    """Return an index of a table, or None when nothing is known of it. Raises `Refused` when it is none of its."""
    index_key = Key("relation", key.schema, name)
    found = machine.schema.get(index_key)
    if isinstance(found, Absent) or (found is None and machine.never(index_key)):
        raise machine.refuse("undefined_object", f'index "{name}" for table "{key.name}" does not exist', index_key)
    if found is None:
        return index_key, None
    if not isinstance(found, Index):
        raise machine.refuse("wrong_object_type", f'"{name}" is not an index', index_key)
    owner = machine.owner(found)
    if owner is not None and owner != key:
        raise machine.refuse("wrong_object_type", f'"{name}" is not an index for table "{key.name}"', index_key)
    return index_key, found


def forget(machine: Machine, index: Index, new: str | None = None) -> None:
    """Remove an index that is dropped or renamed from the CLUSTER setting of its table."""
    owner = machine.owner(index)
    table = None if owner is None or not machine.postgres else machine.schema.table(owner)
    if owner is None or table is None:
        return
    options = dict(table.options)
    for option, prefix in ((OPTION, ""), (REPLICA, "using index ")):
        if options.get(option) == prefix + index.name.name:
            del options[option]
            if new is not None:
                options[option] = prefix + new
    if options != table.options:
        machine.put(owner, replace(table, options=options))


def maintenance(machine: Machine, operation: Maintenance) -> None:
    """`VACUUM`, `ANALYZE`, `LOCK` and the like leave the schema alone; their target must be there."""
    kind, target = operation.kind, operation.target
    if kind == "discard" and operation.options == ("all",):
        reset_all(machine)
    if target is None or not machine.postgres or kind not in _ON_RELATIONS:
        return
    key, found = machine.relation(target)
    if isinstance(found, Absent) and not machine.foreign(target):
        raise machine.missing_relation(target, key)
    if kind == "reindex index" and found is not None and not isinstance(found, (Absent, Index)):
        raise machine.refuse("wrong_object_type", f'"{target.name}" is not an index', key)
    if kind == "cluster":
        cluster(machine, operation)
    elif kind == "refresh materialized view" and isinstance(found, View) and not found.assumed:
        _refresh(machine, key, found, operation)


def _refresh(machine: Machine, key: Key, view: View, operation: Maintenance) -> None:
    """`REFRESH MATERIALIZED VIEW`; with `CONCURRENTLY` it compares rows by a unique index over columns of all rows."""
    if not view.materialized:
        raise machine.refuse("feature_not_supported", f'"{key.name}" is not a materialized view', key)
    if operation.concurrently:
        if not view.populated:
            message = "CONCURRENTLY cannot be used when the materialized view is not populated"
            raise machine.refuse("feature_not_supported", message, key)
        if not any(_is_of_all_rows(index) for _, index in machine.indexes(key)):
            message = f'cannot refresh materialized view "{key.schema}.{key.name}" concurrently'
            raise machine.refuse("object_not_in_prerequisite_state", message, key)
    populated = "with no data" not in operation.options
    if populated is not view.populated:
        machine.put(key, replace(view, populated=populated))


def _is_of_all_rows(index: Index) -> bool:
    columns = all(element.column is not None for element in index.elements)
    return index.unique and index.valid and index.where is None and columns
