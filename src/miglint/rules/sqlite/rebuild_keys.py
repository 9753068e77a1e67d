"""LIT009: rows of other tables that a rebuild deletes, because foreign keys act when the old table is dropped."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import Dialect, Script
from miglint.replay.runners import TransactionOwner
from miglint.replay.steps import Step
from miglint.replay.transaction_owner import placed_operations, transaction_owner
from miglint.rules.definition import Hit, rule
from miglint.rules.sqlite.rebuild import Rebuild, rebuilds, rebuilds_of_rollback
from miglint.rules.support.referenced import mismatched
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.sql_text import ident
from miglint.schema.depends import relation_key
from miglint.schema.objects import Key, Table
from miglint.schema.outcome import OperationTrace
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Constraint, Statement

_OFF = frozenset({"off", "0", "false", "no"})
_DONE = {"cascade": "deletes the rows of {0} that reference it", "set null": "sets {0}.{1} to NULL"}
_FAILS = "fails where rows of {0} reference it"


@rule(
    "LIT009",
    "rebuild-deletes-referring-rows",
    Severity.WARNING,
    "A table is rebuilt while foreign keys may be enforced: dropping the old table deletes or changes other rows",
    on=(ops.Drop,),
    dialects=("sqlite",),
)
def rebuild_deletes_referring_rows(step: Step) -> Iterator[Hit]:
    """Report foreign keys that act, or prevent the drop, when the old table is dropped while they are enforced."""
    yield from _acting(step, rebuilds(step), step.forward.moments, step.forward_statements)
    if step.rollback is not None:
        yield from _acting(step, rebuilds_of_rollback(step), step.rollback.moments, step.rollback_statements)


def _acting(
    step: Step, found: tuple[Rebuild, ...], moments: tuple[OperationTrace, ...], statements: tuple[Statement, ...]
) -> Iterator[Hit]:
    for rebuild in found:
        number = next((number for number, moment in enumerate(moments) if moment.operation is rebuild.drop), None)
        if number is None or _is_off(step, rebuild.script, statements, rebuild.drop):
            continue
        schema = moments[number].before
        assert isinstance(rebuild.drop, ops.Drop)
        inside = transaction_owner(step, rebuild.script) is TransactionOwner.TOOL
        refilled = _is_filled(moments[number + 1 :], rebuild.drop.name.name)
        for table, constraint in _referring(schema, relation_key(rebuild.drop.name, Dialect.SQLITE)):
            if _is_gone_or_filled(moments, table, number + 1):
                continue
            waits = refilled and constraint.on_delete in (None, "no action")
            if _is_evaded(moments[:number], rebuild.drop, constraint, begun=inside, waits=waits):
                continue
            columns = ", ".join(map(ident, constraint.columns))
            what = _DONE.get(constraint.on_delete, _FAILS).format(ident(table.name.name), columns)
            yield hit_in(
                rebuild.script,
                rebuild.drop.span,
                f"where foreign keys are enforced, dropping {ident(rebuild.drop.name.name)} {what}",
                "Put first: `PRAGMA foreign_keys = OFF;`, outside of any transaction (inside one it has no effect). "
                + _at_the_end(moments[-1].after),
            )


def _at_the_end(schema: Schema) -> str:
    """Return what ends a script that leaves a schema: SQLite refuses to check keys of which one refers to no key."""
    left = next(mismatched(schema), None)
    if left is None:
        return "Put last: `PRAGMA foreign_key_check;` and `PRAGMA foreign_keys = ON;`"
    table, target, columns = left
    key = f"{ident(target.name.name)} ({', '.join(map(ident, columns))})" if columns else ident(target.name.name)
    return (
        f"Put last: `PRAGMA foreign_keys = ON;` The script leaves a foreign key of {ident(table.name.name)} to {key}, "
        "which is no key then: every change of a row fails with a mismatch, and so does `PRAGMA foreign_key_check`."
    )


def _is_off(step: Step, script: Script, statements: tuple[Statement, ...], drop: ops.Operation) -> bool:
    """Whether a script has disabled foreign keys before an operation, outside of any transaction."""
    inside = transaction_owner(step, script) is TransactionOwner.TOOL
    for _, operation, begun in placed_operations(statements):
        if operation.span.start >= drop.span.start:
            return False
        if not isinstance(operation, ops.Pragma) or operation.name.lower() != "foreign_keys":
            continue
        if begun is None and not inside and (operation.value or "").lower() in _OFF:
            return True
    return False


def _referring(schema: Schema, key: Key) -> Iterator[tuple[Table, Constraint]]:
    """Yield the foreign keys to a table that act when its rows are deleted, those of its successor among them."""
    for place in schema.on(key):
        table = schema.table(place)
        if table is None or place == key:
            continue
        for constraint in table.constraints.values():
            to = constraint.table
            if to is not None and relation_key(to, Dialect.SQLITE) == key and constraint.on_delete != "set default":
                yield table, constraint


def _is_gone_or_filled(moments: tuple[OperationTrace, ...], table: Table, start: int) -> bool:
    """Return whether the referencing table is dropped too, or gets its rows back after the drop."""
    name = table.name.name.lower()
    for moment in moments[start:]:
        match moment.operation:
            case ops.Insert() as insert if insert.table.name.lower() == name:
                return True
            case ops.Drop() as drop if drop.name.name.lower() == name:
                return moments[-1].after.table(relation_key(table.name, Dialect.SQLITE)) is None
    return False


def _is_filled(moments: tuple[OperationTrace, ...], name: str) -> bool:
    """Return whether rows are inserted into a table under its name: those of a renamed one do not count as back."""
    inserts = (moment.operation for moment in moments if isinstance(moment.operation, ops.Insert))
    return any(insert.table.name.lower() == name.lower() for insert in inserts)


def _changes_key(update: ops.Update, constraint: Constraint) -> bool:
    changed = {column.lower() for column, _ in update.assignments}
    wanted = {column.lower() for column in constraint.referenced}
    return not wanted or not wanted.isdisjoint(changed)


def _is_evaded(
    moments: tuple[OperationTrace, ...], drop: ops.Drop, constraint: Constraint, *, begun: bool, waits: bool
) -> bool:
    """Return whether the drop does no harm: all rows have got other keys before it, so that none is referred to.

    Foreign keys are checked at the end of the transaction then (`defer_foreign_keys`), when the rows are back, which is
    enough by itself for one that `waits`.
    """
    deferred = False
    for moment in moments:
        match moment.operation:
            case ops.Transaction() as control:
                # Outside of a transaction the pragma lasts for one statement.
                begun = control.action in ("begin", "savepoint") or (begun and control.action != "commit")
            case ops.Pragma() as pragma if pragma.name.lower() == "defer_foreign_keys":
                deferred = (pragma.value or "").lower() not in _OFF
                if deferred and waits and begun:
                    return True
            case ops.Update() as update if deferred and update.where is None:
                if update.table.name.lower() == drop.name.name.lower() and constraint.on_update in (None, "no action"):
                    return _changes_key(update, constraint)
            case _:
                pass
    return False
