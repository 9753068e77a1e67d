"""What SQLite has against a statement on rows: names that are not there, and values that cannot be written."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.lazy_regex import pattern
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.reread import lacks
from miglint.schema.objects import Absent, Key, Table
from miglint.schema.parts import of_kind
from miglint.sql.operations import ColumnUse, Delete, Insert, Query, Update

_CONSTANTS = frozenset({"true", "false"})


def check_rows(machine: Machine, key: Key, table: Table, operation: Insert | Update | Delete) -> None:
    """Raise SQLite's errors for a statement on rows."""
    if machine.postgres:
        return
    for use in operation.uses:
        # TRUE and FALSE are columns only where there are columns of these names.
        if use.relation is not None and use.column.lower() not in _CONSTANTS and lacks(machine, use):
            raise machine.refuse(
                "undefined_column", f"no such column: {use.column}", machine.key(use.relation), use.column
            )
    for candidates, column in operation.open:
        if column.lower() not in _CONSTANTS and all(
            lacks(machine, ColumnUse(relation, column)) for relation in candidates
        ):
            raise machine.refuse("undefined_column", f"no such column: {column}", key, column)
    if isinstance(operation, Insert):
        _refuse_missing_parent(machine, table, operation)
        _refuse_loose_values(machine, key, table, operation)
        _check_values(machine, key, table, operation)
    elif isinstance(operation, Update):
        _refuse_generated(machine, key, table, (name for name, _ in operation.assignments), "UPDATE")


_NUMBER = pattern(r"\s*[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?\s*")


def _refuse_loose_values(machine: Machine, key: Key, table: Table, operation: Insert) -> None:
    """Raise SQLite's error for a text that a column of a `STRICT` table cannot make a number of."""
    if not table.strict or operation.conflict is not None:
        return
    names = [name.lower() for name in operation.columns] or list(table.columns)
    for row in operation.rows or ():
        for name, value in zip(names, row, strict=False):
            column = table.columns.get(name)
            if column is None or value is None or value.literal is None or not value.key.startswith("'"):
                continue
            declared = str(column.type).upper()
            if declared in ("INT", "INTEGER", "REAL") and _NUMBER.fullmatch(value.literal) is None:
                message = f"cannot store TEXT value in {declared} column {table.name.name}.{column.name}"
                raise machine.refuse("datatype_mismatch", message, key, name)


def _refuse_missing_parent(machine: Machine, table: Table, operation: Insert) -> None:
    """Raise SQLite's error for rows that refer to a table that is known not to be there, while keys are enforced."""
    if machine.settings.get("foreign_keys", "on").lower() in ("off", "0", "false", "no"):
        return
    for constraint in of_kind(table.constraints, "foreign"):
        if constraint.table is None or not operation.rows:
            continue
        parent = machine.key(constraint.table)
        if isinstance(machine.schema.get(parent), Absent) and constraint.columns and not operation.columns:
            message = f"no such table: {machine.created(constraint.table)}"
            raise machine.refuse("undefined_table", message, parent)


def _refuse_generated(machine: Machine, key: Key, table: Table, names: Iterable[str], word: str) -> None:
    for name in names:
        column = table.columns.get(name.lower())
        if column is not None and column.generated is not None:
            into = "INSERT into" if word == "INSERT" else word
            message = f'cannot {into} generated column "{column.name}"'
            raise machine.refuse("generated_always", message, key, name.lower())


def _counts_of_values(machine: Machine, table: Table, operation: Insert) -> list[int]:
    """Return the numbers of values of the rows, and of the columns of the query."""
    rows = [len(row) for row in operation.rows or () if row]
    query = operation.query
    if query is None:
        return rows
    if not query.stars and query.outputs and "*" not in query.outputs:
        rows.append(len(query.outputs))
    source = _copied_table(machine, query)
    if source is not None and (operation.columns or not _copies_computed(query, source, table)):
        rows.append(len(source.columns))
    return rows


def _copied_table(machine: Machine, query: Query) -> Table | None:
    """Return the table whose columns are those of a query."""
    alone = _OTHERS.search(query.key.partition(" WHERE ")[0]) is None
    source = machine.schema.table(machine.key(query.stars[0])) if len(query.stars) == 1 and alone else None
    known = source is not None and source.kind == "table" and not source.assumed and bool(source.columns)
    return source if known and query.outputs == ("*",) else None


def _copies_computed(query: Query, source: Table, table: Table) -> bool:
    """Return whether a bare copy takes generated columns along, which are not counted then: both tables have some."""
    both = (source, table)
    computed = all(any(column.generated is not None for column in one.columns.values()) for one in both)
    return computed and _REST.search(query.key) is None


# What makes a copy of a whole table more than a bare one.
_REST = pattern(r"\b(?:WHERE|ORDER|LIMIT|DISTINCT|GROUP|UNION|EXCEPT|INTERSECT)\b", 2)
# What makes the columns of `*` others than those of one table.
_OTHERS = pattern(r"[(,]|\bJOIN\b", 2)


def _check_values(machine: Machine, key: Key, table: Table, operation: Insert) -> None:
    _refuse_generated(machine, key, table, operation.columns, "INSERT")
    if table.assumed or table.kind != "table" or not table.columns:
        return
    count = len(operation.columns) or sum(column.generated is None for column in table.columns.values())
    for given in _counts_of_values(machine, table, operation):
        if given == count:
            continue
        if operation.columns:
            message = f"{given} values for {count} columns"
        else:
            message = f"table {table.name.name} has {count} columns but {given} values were supplied"
        raise machine.refuse("invalid_column_reference", message, key)
