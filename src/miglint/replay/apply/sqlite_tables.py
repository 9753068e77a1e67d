"""What SQLite has against the definition of a table or an index, beyond its grammar."""

from __future__ import annotations

from miglint.base.lazy_regex import pattern
from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Key
from miglint.sql.operations import Column, CreateIndex, CreateTable, Drop, Expression

_QUERY = pattern(r"(?i)\(\s*select\b")
# Those of PostgreSQL and MySQL.
_FOREIGN_COLLATIONS = frozenset(
    {"c", "posix", "default", "en_us", "en_us.utf8", "utf8mb4_unicode_ci", "utf8_general_ci"}
)
_CHANGING = frozenset({"random", "randomblob", "changes", "total_changes", "last_insert_rowid"})


def _column_error(column: Column, *, without_rowid: bool) -> str | None:
    """Return SQLite's error for a column that a table cannot have, or None."""
    if column.autoincrement and without_rowid:
        return "AUTOINCREMENT not allowed on WITHOUT ROWID tables"
    if column.autoincrement and (column.type is None or str(column.type).upper() != "INTEGER"):
        return "AUTOINCREMENT is only allowed on an INTEGER PRIMARY KEY"
    default = column.default if column.generated is None else None
    if default is not None and default.literal is None and default.columns and default.key.startswith("("):
        return f"default value of column [{column.name}] is not constant"
    if column.generated is not None and _is_changing(column.default):
        return "non-deterministic functions prohibited in generated columns"
    return None


def check_table(machine: Machine, key: Key, operation: CreateTable) -> None:
    """Raise SQLite's errors for `AUTOINCREMENT` and `WITHOUT ROWID` where they cannot be, and for sub-queries."""
    primary = [constraint for constraint in operation.constraints if constraint.kind == "primary"]
    for column in operation.columns:
        message = _column_error(column, without_rowid=operation.without_rowid)
        if message is not None:
            raise machine.refuse("invalid_table_definition", message, key, column.name.lower())
        if column.generated is not None and _is_query(column.default):
            message = "subqueries prohibited in generated columns"
            raise machine.refuse("invalid_table_definition", message, key, column.name.lower())
        refuse_collation(machine, key, column.collation)
    if operation.without_rowid and not primary:
        message = f"PRIMARY KEY missing on table {operation.name.name}"
        raise machine.refuse("invalid_table_definition", message, key)
    for constraint in operation.constraints:
        if constraint.kind == "check" and _is_query(constraint.expression):
            raise machine.refuse("invalid_table_definition", "subqueries prohibited in CHECK constraints", key)


def check_sqlite_index(machine: Machine, key: Key, operation: CreateIndex) -> None:
    """Raise SQLite's errors for an expression that cannot be indexed."""
    expressions = [element.expression for element in operation.elements]
    for element in operation.elements:
        refuse_collation(machine, key, element.collation)
    for expression, where in (
        *((item, "index expressions") for item in expressions),
        (operation.where, "partial index WHERE clauses"),
    ):
        if _is_query(expression):
            raise machine.refuse("invalid_object_definition", f"subqueries prohibited in {where}", key)
        if _is_changing(expression):
            message = f"non-deterministic functions prohibited in {where}"
            raise machine.refuse("invalid_object_definition", message, key)


def refuse_internal(machine: Machine, key: Key, operation: Drop) -> None:
    """Raise SQLite's errors for dropping what it keeps for itself."""
    if operation.name.schema not in (None, "main", "temp"):
        return
    if key.name.startswith("sqlite_autoindex_") and operation.kind == "index":
        message = "index associated with UNIQUE or PRIMARY KEY constraint cannot be dropped"
        raise machine.refuse("dependent_objects_still_exist", message, key)
    if key.name.startswith("sqlite_") and operation.kind == "table" and not key.name.startswith("sqlite_stat"):
        raise machine.refuse("wrong_object_type", f"table {key.name} may not be dropped", key)


def refuse_collation(machine: Machine, key: Key, name: str | None) -> None:
    """Raise SQLite's error for a collation that it does not have: an application may have made others."""
    if name is not None and name.lower() in _FOREIGN_COLLATIONS:
        raise machine.refuse("undefined_object", f"no such collation sequence: {name}", key)


def _is_changing(expression: Expression | None) -> bool:
    return expression is not None and any(name.name.lower() in _CHANGING for name in expression.functions)


def _is_query(expression: Expression | None) -> bool:
    return expression is not None and _QUERY.search(expression.text) is not None
