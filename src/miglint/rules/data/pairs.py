"""DAT001, DAT002 and DAT004 to DAT006: rows and values that a forward or a rollback destroys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from miglint.base.findings import Severity
from miglint.base.model import Direction
from miglint.replay.steps import Step
from miglint.rules.data.losses import (
    by_statement,
    copied,
    deletions,
    dropped_columns,
    dropped_tables,
    in_place,
    kept,
    rebuilt,
    rollback_dropped_columns,
    rollback_dropped_tables,
)
from miglint.rules.definition import Hit, rule
from miglint.rules.support.free_names import free_name
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.scripts import script_of
from miglint.rules.support.sql_text import ident, qualified
from miglint.schema.objects import Table
from miglint.sql import operations as ops
from miglint.sql.operations import Name, Operation

_FORWARD, _ROLLBACK = Direction.FORWARD, Direction.ROLLBACK
# Names in a message, before it gives the number of the others.
_SHOWN = 2
# A longer condition is not repeated in a help text.
_LONGEST = 160


@rule(
    "DAT001",
    "forward-drops-rows",
    Severity.WARNING,
    "The forward drops a table, and no rollback can restore its rows",
    on=(ops.Drop,),
    aliases=("squawk:ban-drop-table", "pgls:banDropTable", "atlas:DS102", "pg-migration-lint:PGM201"),
)
def forward_drops_rows(step: Step) -> Iterator[Hit]:
    """Report dropped tables whose rows are lost."""
    script = step.migration.forward
    if script is None or step.migration.irreversible is not None:
        return
    for losses in by_statement(step):
        dropped = dropped_tables(step, losses)
        gone = [(loss, table) for loss, table in dropped if not kept(step, _FORWARD, loss, table, None)]
        moved = [item for item in dropped if item not in gone and not rebuilt(step.after, item[0].event)]
        if gone:
            first, table = gone[0]
            aside = free_name(table, "_old", step.migration.dialect, step.before, step.after)
            yield hit_in(
                script,
                first.operation.span,
                f"the rows of {_listed([name.name for _, name in gone])} are lost: "
                "a rollback can create the table again, but not its rows",
                f"Rename it instead: `ALTER TABLE {qualified(table)} RENAME TO {aside};` Drop it in a "
                "later migration, or declare it: `-- miglint: irreversible (why)`.",
            )
        elif moved:
            first, table = moved[0]
            yield hit_in(
                script,
                first.operation.span,
                f"the rows of {_listed([name.name for _, name in moved])} were copied elsewhere, "
                "but the rollback does not copy them back",
                f"Have the rollback fill it again: `INSERT INTO {qualified(table)} ... SELECT ...`.",
                severity=Severity.INFO,
            )


def _listed(names: list[str]) -> str:
    quoted = [f'"{name}"' for name in dict.fromkeys(names)]
    if len(quoted) > _SHOWN + 1:
        return f"{', '.join(quoted[:_SHOWN])} and {len(quoted) - _SHOWN} more"
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


@rule(
    "DAT002",
    "forward-drops-values",
    Severity.WARNING,
    "The forward drops a column, and no rollback can restore its values",
    on=(ops.DropColumn,),
    aliases=(
        "squawk:ban-drop-column",
        "pgls:banDropColumn",
        "atlas:DS103",
        "pg-migration-lint:PGM009",
        "django-migration-linter:DROP_COLUMN",
    ),
)
def forward_drops_values(step: Step) -> Iterator[Hit]:
    """Report dropped columns whose values are lost."""
    script = step.migration.forward
    if script is None or step.migration.irreversible is not None:
        return
    for losses in by_statement(step):
        dropped = dropped_columns(step, losses)
        gone = [drop for loss, drop in dropped if not copied(step, drop)]
        moved = [drop for loss, drop in dropped if drop not in gone and not in_place(step, loss.event, drop)]
        columns = gone or moved
        if not columns:
            continue
        listed = _listed([f"{item.table.name}.{item.column}" for item in columns])
        first = columns[0]
        if gone:
            yield hit_in(
                script,
                first.span,
                f"the values of {listed} are lost: a rollback can add the column again, but not its values",
                f"Save `{ident(first.column)}` with the table's key until no rollback is needed, and have the rollback "
                "write it back. Or declare it: `-- miglint: irreversible (why)`.",
            )
        else:
            yield hit_in(
                script,
                first.span,
                f"the values of {listed} were copied elsewhere, but the rollback does not copy them back",
                f"Have the rollback fill it again: `UPDATE {qualified(first.table)} SET {ident(first.column)} = ...`.",
                severity=Severity.INFO,
            )


@rule(
    "DAT004",
    "forward-deletes-rows",
    Severity.WARNING,
    "The forward deletes rows that the rollback does not restore",
    on=(ops.Delete, ops.Truncate),
    aliases=("pg-migration-lint:PGM203", "pg-migration-lint:PGM303"),
)
def forward_deletes_rows(step: Step) -> Iterator[Hit]:
    """Report `DELETE` and `TRUNCATE`; as information when only some rows are deleted."""
    script = step.migration.forward
    if script is None or step.migration.irreversible is not None:
        return
    for operation in deletions(step):
        table = operation.table
        some = isinstance(operation, ops.Delete) and operation.where is not None
        # Its condition may name what the WITH clause defines.
        alone = script.text[operation.span.start - script.span.start :][:4].upper() != "WITH"
        yield hit_in(
            script,
            operation.span,
            f'{"rows" if some else "all rows"} of "{table.name}" are deleted, and the rollback restores none',
            f"Put before it: `{_save_deleted(step, operation, alone=alone)}` Have the rollback write the rows back, or "
            "declare it: `-- miglint: irreversible (why)`.",
            severity=Severity.INFO if some else None,
        )


def _save_deleted(step: Step, operation: ops.Delete | ops.Truncate, *, alone: bool) -> str:
    """Return the statement that saves the rows that a statement deletes; with a gap if its condition needs more."""
    where = operation.where if isinstance(operation, ops.Delete) else None
    text = "" if where is None else " ".join(where.text.split())
    # With other relations, or another name for the table, the condition does not stand alone.
    alone = alone and not (isinstance(operation, ops.Delete) and operation.joined)
    alone = alone and "." not in text and "`" not in text
    condition = f" WHERE {text if alone and len(text) <= _LONGEST else '...'}" if text else ""
    return _save(step, operation.table, "*", condition)


def _save(step: Step, table: Name, columns: str, condition: str = "") -> str:
    # SQLite keeps names that begin with `sqlite_` for itself.
    named = Name(table.schema, table.name.removeprefix("sqlite_"))
    saved = free_name(named, "_saved", step.migration.dialect, step.before, step.after)
    place = saved if table.schema is None else f"{ident(table.schema)}.{saved}"
    return f"CREATE TABLE {place} AS SELECT {columns} FROM {qualified(table)}{condition};"


@rule(
    "DAT005",
    "rollback-drops-rows",
    Severity.INFO,
    "The rollback drops a table with all rows written since the forward",
    on=(ops.Drop,),
)
def rollback_drops_rows(step: Step) -> Iterable[Hit]:
    """Report, once per rollback, which tables are dropped with the rows written since."""
    found = rollback_dropped_tables(step)
    names = [operation.name.name for operation in found]
    return _rollback_loses(step, found, names, _save(step, found[0].name, "*") if found else "", "rows of")


@rule(
    "DAT006",
    "rollback-drops-values",
    Severity.INFO,
    "The rollback drops a column with all values written since the forward",
    on=(ops.DropColumn,),
)
def rollback_drops_values(step: Step) -> Iterable[Hit]:
    """Report, once per rollback, which columns are dropped with the values written since."""
    found = rollback_dropped_columns(step)
    names = [f"{operation.table.name}.{operation.column}" for operation in found]
    first = next((item for item in found if not _is_perhaps_there(step, item.table)), None)
    save = "" if first is None else _save(step, first.table, f"{_key_of(step, first)}, {ident(first.column)}")
    return _rollback_loses(step, found, names, save, "values of")


def _is_perhaps_there(step: Step, table: Name) -> bool:
    """Return whether the forward changed a table under a condition that is not known."""
    return any(key.name == table.name for key in step.forward.undecided)


def _key_of(step: Step, drop: ops.DropColumn) -> str:
    """Return the columns that identify the rows of the table that loses a column, or a gap."""
    tables = (value for _, value in step.after.named(drop.table.name) if isinstance(value, Table))
    for table in tables:
        for constraint in table.constraints.values():
            if constraint.kind == "primary" and drop.column not in constraint.columns:
                return ", ".join(map(ident, constraint.columns))
    return "..."


def _rollback_loses(step: Step, found: Sequence[Operation], names: list[str], save: str, what: str) -> Iterable[Hit]:
    script = script_of(step, _ROLLBACK)
    if not found or script is None:
        return ()
    first = f"put before it: `{save}`" if save else "save them first."
    return [
        hit_in(
            script,
            found[0].span,
            f"the rollback loses the {what} {_listed(names)} that were written since the forward",
            f"If they matter, {first} Have the forward read them back.",
        )
    ]
