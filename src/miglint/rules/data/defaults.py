"""DAT037 to DAT039: what a default means for existing rows; opt-in."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import Direction
from miglint.locks.volatility import volatile_part
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, hazard
from miglint.rules.support.applied_operations import AppliedOperation, applied_operations, effective
from miglint.rules.support.sql_text import ident, qualified
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.objects import Key
from miglint.sql import operations as ops
from miglint.sql.operations import Expression

INFO = Severity.INFO
_SHOWN = 40
# Functions and keywords for the current time, as an expression's key begins with them.
_CLOCK_WORDS = ("current_timestamp", "current_date", "current_time", "localtimestamp", "localtime")
_CLOCK = frozenset({"now", "transaction_timestamp", "statement_timestamp"})


def _defaults(step: Step) -> Iterator[tuple[AppliedOperation, ops.AddColumn, Expression]]:
    """Yield the columns that the forward adds to tables in use with one value for all rows."""
    for applied, operation in effective(step, ops.AddColumn, forward_only=True):
        default = operation.column.default
        if default is None or operation.column.generated is not None or operation.kind != "table":
            continue
        if not applied.fresh(operation.table) and volatile_part(default, applied.before) is None:
            yield applied, operation, default


def _aside(operation: ops.AddColumn, default: Expression) -> str:
    on, column = qualified(operation.table), ident(operation.column.name)
    kind = f" {operation.column.type}" if operation.column.type is not None else ""
    return (
        f"Where NULL for unknown is right: `ALTER TABLE {on} ADD COLUMN {column}{kind};` and "
        f"`ALTER TABLE {on} ALTER COLUMN {column} SET DEFAULT {default.text};`"
    )


@hazard(
    "DAT037",
    "default-dates-old-rows",
    INFO,
    "A column is added with DEFAULT now(): existing rows get the time of the migration",
    on=(ops.AddColumn,),
    dialects=("postgres",),
    default=False,
    aliases=("pgfence:add-column-non-constant-default", "diesel-guard:AddColumnCheck"),
)
def default_dates_old_rows(step: Step) -> Iterator[Hit]:
    """Report columns that give all existing rows the same time."""
    for applied, operation, default in _defaults(step):
        if default.key.startswith(_CLOCK_WORDS) or any(name.name in _CLOCK for name in default.functions):
            yield applied.hit(
                f'every existing row of "{operation.table.name}" gets the time of this migration as its '
                f'"{operation.column.name}"',
                _aside(operation, default),
            )


@hazard(
    "DAT038",
    "default-fills-old-rows",
    INFO,
    "A column is added with a constant default: existing rows get a value that was never entered",
    on=(ops.AddColumn,),
    dialects=("postgres",),
    default=False,
    aliases=("pgfence:add-column-constant-default",),
)
def default_fills_old_rows(step: Step) -> Iterator[Hit]:
    """Report columns that give all existing rows the same value."""
    for applied, operation, default in _defaults(step):
        if default.literal is not None:
            value = default.text if len(default.text) <= _SHOWN else f"{default.text[:_SHOWN]}..."
            yield applied.hit(
                f'every existing row of "{operation.table.name}" gets {value} as its "{operation.column.name}", '
                "as if it had been entered",
                _aside(operation, default),
            )


@hazard(
    "DAT039",
    "default-for-new-rows-only",
    INFO,
    "SET DEFAULT with a volatile function leaves existing rows without a value",
    on=(ops.SetDefault,),
    dialects=("postgres",),
    default=False,
    aliases=("pg-migration-lint:PGM006",),
)
def default_for_new_rows_only(step: Step) -> Iterator[Hit]:
    """Report volatile defaults of columns in use that the forward does not fill."""
    for applied, operation in effective(step, ops.SetDefault, forward_only=True):
        if operation.default is None or applied.fresh(operation.table):
            continue
        source = volatile_part(operation.default, applied.before)
        if source is not None and not _filled(step, applied, operation):
            on, column = qualified(operation.table), ident(operation.column)
            yield applied.hit(
                f'{source}() applies to new rows: existing rows of "{operation.table.name}" keep their '
                f'"{operation.column}", or NULL',
                f"Fill existing rows in batches, each in a transaction of its own: `UPDATE {on} SET {column} = "
                f"{operation.default.text} WHERE {column} IS NULL AND ...;`",
            )


def _filled(step: Step, applied: AppliedOperation, operation: ops.SetDefault) -> bool:
    """Return whether the forward writes the column itself."""
    return (applied.script.direction, applied.key(operation.table), operation.column) in _written(step)


@cached_by_step
def _written(step: Step) -> frozenset[tuple[Direction, Key, str]]:
    """Return the columns that updates write, by script. Cached by identity of the step."""
    return frozenset(
        (applied.script.direction, applied.key(operation.table), column)
        for applied in applied_operations(step).all
        if isinstance(operation := applied.operation, ops.Update)
        for column, _ in operation.assignments
    )
