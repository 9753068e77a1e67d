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
from miglint.rules.support.clauses import subject
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.scripts import script_of
from miglint.rules.support.sql_text import ident, qualified
from miglint.sql import operations as ops
from miglint.sql.operations import Operation

_FORWARD, _ROLLBACK = Direction.FORWARD, Direction.ROLLBACK
# Names in a message, before it gives the number of the others.
_SHOWN = 5


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
            yield hit_in(
                script,
                first.operation.span,
                f"the rows of {_listed([name.name for _, name in gone])} are lost: "
                "a rollback can create the table again, but not its rows",
                f"Rename it instead (`ALTER TABLE {qualified(table)} RENAME TO {ident(table.name + '_old')}`) and drop "
                "it in a later migration, or declare it: `-- miglint: irreversible (why)`.",
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
        yield hit_in(
            script,
            operation.span,
            f'{"rows" if some else "all rows"} of "{table.name}" are deleted, and the rollback restores none',
            f"Save them before (`CREATE TABLE ... AS SELECT * FROM {qualified(table)} ...`) and have the rollback "
            "write them back, or declare it: `-- miglint: irreversible (why)`.",
            severity=Severity.INFO if some else None,
        )


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
    names = [subject(operation)[0] for operation in found]
    return _rollback_loses(step, found, names, names[0] if names else "", "rows of")


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
    columns = [subject(operation) for operation in found]
    names = [f"{table}.{column}" for table, column in columns]
    return _rollback_loses(step, found, names, columns[0][0] if columns else "", "values of")


def _rollback_loses(step: Step, found: Sequence[Operation], names: list[str], table: str, what: str) -> Iterable[Hit]:
    script = script_of(step, _ROLLBACK)
    if not found or script is None:
        return ()
    return [
        hit_in(
            script,
            found[0].span,
            f"the {what} {_listed(names)} that were written since the forward are lost with the rollback",
            "If they matter, copy them first into a table that the rollback keeps: "
            f"`INSERT INTO ... SELECT ... FROM {ident(table)}`, and have the forward read them back.",
        )
    ]
