"""LIT009: rows of other tables that a rebuild deletes, because foreign keys act when the old table is dropped."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import Dialect
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.sqlite.rebuild import rebuilds
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.sql_text import ident
from miglint.schema.depends import relation_key
from miglint.schema.objects import Key, Table
from miglint.schema.outcome import OperationTrace
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Constraint

_OFF = frozenset({"off", "0", "false", "no"})
_DONE = {"cascade": "deletes the rows of {0} that reference it", "set null": "sets {0}.{1} to NULL"}


@rule(
    "LIT009",
    "rebuild-deletes-referring-rows",
    Severity.WARNING,
    "A table is rebuilt while foreign keys may be enforced: dropping the old table deletes or changes other rows",
    on=(ops.Drop,),
    dialects=("sqlite",),
)
def rebuild_deletes_referring_rows(step: Step) -> Iterator[Hit]:
    """Report foreign keys that act when the old table is dropped, where the script has not disabled them before."""
    moments = step.forward.moments
    for rebuild in rebuilds(step):
        number = next((number for number, moment in enumerate(moments) if moment.operation is rebuild.drop), None)
        if number is None or any(_switches_off(moment) for moment in moments[:number]):
            continue
        schema = moments[number].before
        assert isinstance(rebuild.drop, ops.Drop)
        for table, constraint in _referring(schema, relation_key(rebuild.drop.name, Dialect.SQLITE)):
            if _is_gone_or_filled(step, table, moments[number + 1 :]):
                continue
            what = _DONE[constraint.on_delete].format(ident(table.name.name), ", ".join(map(ident, constraint.columns)))
            name = ident(rebuild.drop.name.name)
            yield hit_in(
                rebuild.script,
                rebuild.drop.span,
                f"where foreign keys are enforced, dropping {name} {what}",
                "Put first: `PRAGMA foreign_keys = OFF;`, outside of any transaction (inside one it has no effect). "
                "Put last: `PRAGMA foreign_key_check;` and `PRAGMA foreign_keys = ON;`",
            )


def _switches_off(moment: OperationTrace) -> bool:
    match moment.operation:
        case ops.Pragma() as pragma if pragma.name.lower() == "foreign_keys":
            return (pragma.value or "").lower() in _OFF
    return False


def _referring(schema: Schema, key: Key) -> Iterator[tuple[Table, Constraint]]:
    """Yield the foreign keys to a table that act when its rows are deleted, those of its successor among them."""
    for place in schema.on(key):
        table = schema.table(place)
        if table is None or place == key:
            continue
        for constraint in table.constraints.values():
            to = constraint.table
            if to is not None and relation_key(to, Dialect.SQLITE) == key and constraint.on_delete in _DONE:
                yield table, constraint


def _is_gone_or_filled(step: Step, table: Table, later: tuple[OperationTrace, ...]) -> bool:
    """Return whether the referencing table is dropped too, or gets its rows back after the drop."""
    name = table.name.name.lower()
    for moment in later:
        match moment.operation:
            case ops.Insert() as insert if insert.table.name.lower() == name:
                return True
            case ops.Drop() as drop if drop.name.name.lower() == name:
                return step.after.table(relation_key(table.name, Dialect.SQLITE)) is None
    return False
