"""Fixes of INSERT that inserts its rows again on each run: a condition that skips rows which are there."""

from __future__ import annotations

from collections import Counter

from miglint.base.findings import Edit, Fix
from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect, Script, Span
from miglint.locks.look import relation_key
from miglint.replay.steps import Step
from miglint.rules.idempotency.blocks import statement_in_block
from miglint.rules.idempotency.later_changes import later_conditions
from miglint.rules.support.scripts import statements_of
from miglint.rules.support.sql_text import ident, qualified
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.objects import Key, Table
from miglint.sql import operations as ops
from miglint.sql.operations import Column, Expression, Name, Operation, Statement, flat

_NAME = r'(?:"(?:[^"]|"")*"|[\w.])+'
_VALUES = pattern(rf"INSERT\s+INTO\s+{_NAME}\s*(?:\((?:{_NAME}|[\s,])*\))?\s*(VALUES)\s*(\()", 2)
_ANY_VALUES = pattern(rf"INSERT\s+INTO\s+{_NAME}\s*(?:\((?:{_NAME}|[\s,])*\))?\s*(VALUES)\b", 2)
_DEFAULT = pattern(r"\bDEFAULT\b", 2)
# Types without an equality, or with one that a value as it is written does not meet.
_UNLIKE = frozenset({"json", "xml", "point", "box", "polygon", "circle", "lseg", "path", "line", "float4", "money"})
_MOVING = frozenset({"now", "today", "tomorrow", "yesterday", "allballs", "infinity", "-infinity"})


def skip_rows_fix(step: Step, script: Script, operation: ops.Insert) -> Fix | None:
    """Return the fix of an INSERT whose rows have no key that a second run would violate, or None."""
    if script.substituted is not None:
        return None
    statement = _statements(step, script).get(operation.span)
    if statement is None or statement.kind != "insert":
        return None
    later = later_conditions(step, script, statement)
    if later:
        return statement_in_block(step, script, statement, later[0], None)
    key = relation_key(step.before, operation.table)
    table = (step.forward.schema if script is step.migration.forward else step.before).table(key)
    if table is None or table.assumed:
        return None
    reason = None if _is_new(step, script, key) else f"rows like these may be in {table.name.name} before the first run"
    test = _row_test(operation, table, script.dialect)
    if test is not None:
        return _with_test(step, script, statement, operation, f"NOT EXISTS ({test})", reason)
    if reason is None and script.dialect is Dialect.POSTGRES and _fills_alone(step, script, operation):
        condition = f"NOT EXISTS (SELECT FROM {qualified(operation.table)})"
        return statement_in_block(step, script, statement, condition, None)
    return None


def once_fix(step: Step, script: Script, operation: Operation) -> Fix | None:
    """Return the block that runs a statement only before a later one of the script has run, or None."""
    if script.substituted is not None:
        return None
    statement = _statements(step, script).get(operation.span)
    later = [] if statement is None else later_conditions(step, script, statement)
    return statement_in_block(step, script, statement, later[0], None) if statement is not None and later else None


@cached_by_step
def _statements(step: Step, script: Script) -> dict[Span, Statement]:
    """Return the statements of a script that are one operation, by the place of that."""
    found = (one for one in statements_of(step, script.direction) if len(one.operations) == 1)
    return {one.operations[0].span: one for one in found}


def _is_new(step: Step, script: Script, key: Key) -> bool:
    """Return whether the script itself creates a table, so that it knows its rows."""
    before = step.before if script is step.migration.forward else step.forward.schema
    return before.find(key) is None


def _fills_alone(step: Step, script: Script, operation: ops.Insert) -> bool:
    """Return whether no other statement of a script inserts into the table."""
    return _inserts(step, script)[operation.table] == 1


@cached_by_step
def _inserts(step: Step, script: Script) -> Counter[Name]:
    """Return how often a script inserts into each table."""
    return Counter(
        item.table
        for statement in statements_of(step, script.direction)
        for item in flat(statement.operations)
        if isinstance(item, ops.Insert)
    )


def _row_test(operation: ops.Insert, table: Table, dialect: Dialect) -> str | None:
    """Return the query for the first row that is inserted: the others come with it."""
    if not operation.rows:
        return None
    columns = operation.columns or tuple(column.name for column in table.columns.values())
    tests = []
    for name, cell in zip(columns, operation.rows[0], strict=False):
        column = table.columns.get(name.lower() if dialect is Dialect.SQLITE else name)
        if column is not None and (test := _cell_test(column, cell)) is not None:
            tests.append(test)
    if not tests or all(test.endswith(" IS NULL") for test in tests):
        return None
    word = "SELECT" if dialect is Dialect.POSTGRES else "SELECT 1"
    return f"{word} FROM {qualified(operation.table)} WHERE {' AND '.join(tests)}"


def _cell_test(column: Column, cell: Expression | None) -> str | None:
    if cell is None or column.type is None or column.type.name in _UNLIKE:
        return None
    if cell.key == "null":
        return f"{ident(column.name)} IS NULL"
    if cell.literal is None or cell.literal.lower() in _MOVING:
        return None
    return f"{ident(column.name)} = {cell.text}"


def _with_test(
    step: Step, script: Script, statement: Statement, operation: ops.Insert, test: str, reason: str | None
) -> Fix | None:
    """Return the INSERT with a condition: of one row as part of the statement, of several around it."""
    text = script.file.text
    body = text[statement.span.start : statement.span.end].rstrip()
    title = f"add WHERE {test.split(' (', maxsplit=1)[0]}"
    start, end = statement.span.start, statement.span.start + len(body)
    assert operation.rows is not None
    one = _VALUES.match(body)
    if one is not None and len(operation.rows) == 1 and body.endswith(")") and not _DEFAULT.search(body):
        values, opening = start + one.start(1), start + one.end(2)
        edits = (Edit(values, opening, "SELECT "), Edit(end - 1, end, f" WHERE {test}"))
        return Fix(title, edits, reason)
    several = _ANY_VALUES.match(body)
    if script.dialect is Dialect.SQLITE:
        if several is None or not body.endswith(")"):
            return None
        values = start + several.start(1)
        edits = (Edit(values, values, "SELECT * FROM ("), Edit(end, end, f") WHERE {test}"))
        return Fix(title, edits, reason)
    return statement_in_block(step, script, statement, test, reason)
