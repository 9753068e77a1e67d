"""DAT040 and DAT041: what would better be said where a table is made, and what CASCADE is for: opt-in."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.registry import Context, Hit, rule
from miglint.rules.support.applied_operations import Act, done, survey, tell, undoes
from miglint.rules.support.clauses import ident, qualified
from miglint.sql import operations as ops
from miglint.sql.operations import Name

INFO = Severity.INFO
_KINDS = ("table", "foreign table", "view", "materialized view", "type", "domain")


@rule(
    "DAT040",
    "unique-after-rows",
    INFO,
    "A table is filled before it gets its unique constraint: rows that are there twice are found out too late",
    on=(ops.AddConstraint,),
    default=False,
    aliases=("pgsafe:add-unique-constraint",),
)
def unique_after_rows(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of unique constraints of new tables behind the statement that fills them."""
    for act, operation in done(step, ops.AddConstraint, forward_only=True):
        constraint = operation.constraint
        if constraint.kind != "unique" or constraint.using_index is not None or not act.fresh(operation.table):
            continue
        if filled_here(step, act, operation.table):
            listed = ", ".join(map(ident, constraint.columns))
            yield tell(
                act,
                INFO,
                f'"{operation.table.name}" has been filled by now: two rows of the same {listed} make this fail, '
                "and not the statement that brought the second",
                f"Say `UNIQUE ({listed})` where {qualified(operation.table)} is made.",
            )


def filled_here(step: Step, act: Act, table: Name) -> bool:
    """Return whether the script put rows into a table before an act of it, and left them there."""
    key, filled = act.key(table), False
    for earlier in survey(step).acts:
        if earlier.script is not act.script or earlier.number >= act.number or earlier.idle:
            continue
        match earlier.operation:
            case ops.CreateTable() as made if made.query is not None and made.with_data:
                filled = filled or made.name.name.lower() == key.name.lower()
            case ops.Insert() as insert:
                filled = filled or earlier.key(insert.table) == key
            case ops.OtherData() as data if data.table is not None:
                filled = filled or earlier.key(data.table) == key
            case ops.Truncate() as emptied:
                filled = filled and earlier.key(emptied.table) != key
            case ops.Delete() as emptied if emptied.where is None:
                filled = filled and earlier.key(emptied.table) != key
    return filled


@rule(
    "DAT041",
    "cascade-without-need",
    INFO,
    "CASCADE where nothing is known to depend on what is dropped: it can only take along what nobody thought of",
    on=(ops.Drop,),
    dialects=("postgres",),
    default=False,
    aliases=("pg-migration-lint:PGM202",),
)
def cascade_without_need(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of `CASCADE` that the migrations give no reason for; DAT027 tells where they do."""
    for act, operation in done(step, ops.Drop):
        if not operation.cascade or operation.kind not in _KINDS or act.fresh(operation.name) or undoes(step, act):
            continue
        found = act.before.find(act.key(operation.name))
        known = found is not None and not getattr(found, "assumed", False)
        if known and not any(note.kind == "cascade" for note in act.moment.notes):
            yield tell(
                act,
                INFO,
                f'nothing is known to depend on "{operation.name.name}": CASCADE would take along what is not known',
                "Leave CASCADE out: then it fails when there is something.",
            )
