"""What SQLite has against the definition of a table or an index, beyond its grammar."""

from __future__ import annotations

from miglint.base.lazy_regex import pattern
from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Key
from miglint.sql.operations import CreateIndex, CreateTable, Expression

_QUERY = pattern(r"(?i)\(\s*select\b")
_CHANGING = frozenset({"random", "randomblob", "changes", "total_changes", "last_insert_rowid"})


def check_table(machine: Machine, key: Key, operation: CreateTable) -> None:
    """Raise SQLite's errors for `AUTOINCREMENT` and `WITHOUT ROWID` where they cannot be, and for sub-queries."""
    primary = [constraint for constraint in operation.constraints if constraint.kind == "primary"]
    for column in operation.columns:
        if column.autoincrement and operation.without_rowid:
            message = "AUTOINCREMENT not allowed on WITHOUT ROWID tables"
            raise machine.refuse("invalid_table_definition", message, key, column.name.lower())
        if column.autoincrement and (column.type is None or str(column.type).upper() != "INTEGER"):
            message = "AUTOINCREMENT is only allowed on an INTEGER PRIMARY KEY"
            raise machine.refuse("invalid_table_definition", message, key, column.name.lower())
        default = column.default if column.generated is None else None
        if default is not None and default.literal is None and default.columns and default.key.startswith("("):
            message = f"default value of column [{column.name}] is not constant"
            raise machine.refuse("invalid_table_definition", message, key, column.name.lower())
    if operation.without_rowid and not primary:
        message = f"PRIMARY KEY missing on table {operation.name.name}"
        raise machine.refuse("invalid_table_definition", message, key)
    for constraint in operation.constraints:
        if constraint.kind == "check" and _is_query(constraint.expression):
            raise machine.refuse("invalid_table_definition", "subqueries prohibited in CHECK constraints", key)


def check_sqlite_index(machine: Machine, key: Key, operation: CreateIndex) -> None:
    """Raise SQLite's errors for an expression that cannot be indexed."""
    expressions = [element.expression for element in operation.elements]
    for expression, where in (
        *((item, "index expressions") for item in expressions),
        (operation.where, "partial index WHERE clauses"),
    ):
        if _is_query(expression):
            raise machine.refuse("invalid_object_definition", f"subqueries prohibited in {where}", key)
        if expression is not None and any(name.name.lower() in _CHANGING for name in expression.functions):
            message = f"non-deterministic functions prohibited in {where}"
            raise machine.refuse("invalid_object_definition", message, key)


def _is_query(expression: Expression | None) -> bool:
    return expression is not None and _QUERY.search(expression.text) is not None
