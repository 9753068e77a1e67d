"""What PostgreSQL's access methods can do: unique indexes, several columns, an order, columns that are included."""

from __future__ import annotations

from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Key
from miglint.sql.operations import CreateIndex

_BUILT_IN = frozenset({"brin", "btree", "gin", "gist", "hash", "spgist"})
_ONE_COLUMN = frozenset({"hash", "spgist"})
_INCLUDING = frozenset({"btree", "gist", "spgist"})


def refuse_beyond_method(machine: Machine, key: Key, operation: CreateIndex) -> None:
    """Raise the error for an index that a built-in access method cannot make."""
    method = operation.method
    if method == "btree" or method not in _BUILT_IN:
        return
    if operation.unique:
        wrong = "unique indexes"
    elif operation.include and method not in _INCLUDING:
        wrong = "included columns"
    elif len(operation.elements) > 1 and method in _ONE_COLUMN:
        wrong = "multicolumn indexes"
    elif any(element.descending for element in operation.elements):
        wrong = "ASC/DESC options"
    elif any(element.nulls_first is not None for element in operation.elements):
        wrong = "NULLS FIRST/LAST options"
    else:
        return
    message = f'access method "{method}" does not support {wrong}'
    raise machine.refuse("feature_not_supported", message, key)
