"""The records that scripts keep of themselves in a table of the database."""

from __future__ import annotations

from typing import NamedTuple

from miglint.base.model import Dialect
from miglint.locks.look import relation_key
from miglint.replay.apply.tracking import is_tracking_table
from miglint.replay.steps import Step
from miglint.rules.support.sql_text import ident, literal, qualified
from miglint.schema.objects import Key
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Name, Statement, flat


class OwnRecord(NamedTuple):
    """The row that a forward writes about itself: `column` of it has the value `value`."""

    table: Name
    column: str
    value: str

    @property
    def deletion(self) -> str:
        """The statement that deletes it, and can be repeated."""
        return f"DELETE FROM {qualified(self.table)} WHERE {ident(self.column)} = {literal(self.value)};"


def own_record(step: Step) -> OwnRecord | None:
    """Return the row in a tracking table with which the forward of a step records its version; None if there is none.

    Rows without a list of columns do not say which column the version is in. A table that the forward itself creates
    goes with the rollback.
    """
    migration = step.migration
    if migration.forward is None:
        return None
    file = migration.forward.path.rsplit("/", 1)[-1]
    stem = file.removesuffix(".sql").removesuffix(".up")
    names = {migration.version, f"{migration.version}_{migration.name}", migration.name, file, stem}
    number = migration.version.lstrip("0")
    for operation in _tracking(step.forward_statements):
        if not isinstance(operation, ops.Insert) or operation.rows is None:
            continue
        if step.before.find(key_of(step.before, operation.table)) is None:
            continue
        for row in operation.rows:
            for column, cell in zip(operation.columns, row, strict=False):
                value = None if cell is None else cell.literal
                if value is not None and (value in names or (value.isdecimal() and value.lstrip("0") == number)):
                    return OwnRecord(operation.table, column, value)
    return None


def key_of(schema: Schema, table: Name) -> Key:
    """Return the key of a table's name in a schema."""
    if schema.dialect is Dialect.POSTGRES:
        return relation_key(schema, table)
    return Key("relation", (table.schema or "main").lower(), table.name.lower())


def keeps_record(step: Step) -> bool:
    """Return whether the rollback of a step leaves its tracking tables alone."""
    return not any(True for _ in _tracking(step.rollback_statements))


def _tracking(statements: tuple[Statement, ...]) -> list[ops.Insert | ops.Update | ops.Delete]:
    return [
        operation
        for statement in statements
        for operation in flat(statement.operations)
        if isinstance(operation, (ops.Insert, ops.Update, ops.Delete)) and is_tracking_table(operation.table.name)
    ]
