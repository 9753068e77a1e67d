"""HDR: migrations that record themselves in a table of the database; opt-in, by configuration."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import Script
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, rule
from miglint.rules.support.reporting import first_text, hit_in
from miglint.rules.support.sql_text import literal
from miglint.sql import operations as ops
from miglint.sql.operations import Operation, Statement, flat

_OPTIONS: dict[str, object] = {"table": "schema_migrations", "column": "version"}


def _table_and_column(context: Context) -> tuple[str, str]:
    table = str(context.settings.get("table") or _OPTIONS["table"])
    return table.lower(), str(context.settings.get("column") or _OPTIONS["column"]).lower()


def _about(name: ops.Name, table: str) -> bool:
    return table in (name.name.lower(), str(name).lower())


def _values(operation: ops.Insert, column: str) -> list[str | None]:
    """Return what an `INSERT` of constants writes into a column; None for a value that is not a constant."""
    columns = [name.lower() for name in operation.columns]
    place = columns.index(column) if column in columns else 0 if not columns else -1
    if place < 0 or operation.rows is None:
        return []
    cells = [row[place] if place < len(row) else None for row in operation.rows]
    return [None if cell is None else cell.literal for cell in cells]


def _is_version(value: str, step: Step, script: Script) -> bool:
    """Return whether a value identifies the migration: its version (leading zeros aside), its name or its file."""
    migration = step.migration
    forward = migration.forward or script
    file = forward.path.rsplit("/", 1)[-1]
    stem = file.removesuffix(".sql").removesuffix(".up")
    names = {migration.version, f"{migration.version}_{migration.name}", migration.name, file, stem}
    return value in names or (value.isdecimal() and value.lstrip("0") == migration.version.lstrip("0"))


def _writes(statements: tuple[Statement, ...], table: str) -> Iterator[Operation]:
    for statement in statements:
        for operation in flat(statement.operations):
            if isinstance(operation, (ops.Insert, ops.Delete, ops.Update, ops.Truncate)):
                if _about(operation.table, table):
                    yield operation
            elif isinstance(operation, ops.Drop) and operation.kind == "table" and _about(operation.name, table):
                yield operation


@rule(
    "HDR004",
    "migration-not-recorded",
    Severity.WARNING,
    "The forward does not record itself in the tracking table",
    default=False,
    options=_OPTIONS,
)
def migration_not_recorded(step: Step, context: Context) -> Iterator[Hit]:
    """Report forward scripts without an `INSERT` of their own version, and those that record another one."""
    script = step.migration.forward
    if script is None or not step.forward_statements:
        return
    table, column = _table_and_column(context)
    inserts = [item for item in _writes(step.forward_statements, table) if isinstance(item, ops.Insert)]
    if not inserts:
        yield hit_in(
            script,
            first_text(script),
            f"the migration does not record itself in {table}",
            f"Write INSERT INTO {table} ({column}) VALUES ({literal(step.migration.version)}); in a form that can be "
            "repeated, in the same transaction.",
        )
        return
    for insert in inserts:
        values = _values(insert, column)
        wrong = [value for value in values if value is not None and not _is_version(value, step, script)]
        if wrong and len(wrong) == len(values):
            yield hit_in(
                script,
                insert.span,
                f"the migration records {wrong[0]} in {table}, but it is {step.migration.version}",
                "A line that was copied records the migration that it came from.",
            )


@rule(
    "HDR005",
    "rollback-keeps-record",
    Severity.WARNING,
    "The rollback does not delete the migration's record from the tracking table",
    default=False,
    options=_OPTIONS,
)
def rollback_keeps_record(step: Step, context: Context) -> Iterator[Hit]:
    """Report rollbacks that leave the record of a forward that records itself, or delete all records."""
    script, forward = step.migration.rollback, step.migration.forward
    if script is None or forward is None or not step.rollback_statements:
        return
    table, column = _table_and_column(context)
    if not any(isinstance(item, ops.Insert) for item in _writes(step.forward_statements, table)):
        return
    removals = [item for item in _writes(step.rollback_statements, table) if not isinstance(item, ops.Insert)]
    if not removals:
        yield hit_in(
            script,
            first_text(script),
            f"the rollback leaves the record of its migration in {table}",
            f"Write DELETE FROM {table} WHERE {column} = {literal(step.migration.version)}; "
            "else the migration counts as applied and is never run again.",
        )
    for operation in removals:
        if isinstance(operation, ops.Delete) and operation.where is None:
            yield hit_in(
                script,
                operation.span,
                f"the rollback deletes the records of all migrations from {table}",
                f"Delete its own only: WHERE {column} = {literal(step.migration.version)}.",
            )
