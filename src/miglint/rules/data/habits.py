"""DAT040 and DAT041: late unique constraints, and CASCADE without a need; opt-in."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, hazard
from miglint.rules.support.applied_operations import effective, undoes
from miglint.rules.support.rows_written import filled_here
from miglint.rules.support.sql_text import ident, qualified
from miglint.sql import operations as ops

INFO = Severity.INFO
_KINDS = ("table", "foreign table", "view", "materialized view", "type", "domain")


@hazard(
    "DAT040",
    "unique-after-rows",
    INFO,
    "A table is filled before its unique constraint is added: duplicates are found late",
    on=(ops.AddConstraint,),
    default=False,
    aliases=("pgsafe:add-unique-constraint",),
)
def unique_after_rows(step: Step) -> Iterator[Hit]:
    """Report unique constraints of new tables after the statement that fills them."""
    for applied, operation in effective(step, ops.AddConstraint, forward_only=True):
        constraint = operation.constraint
        if constraint.kind != "unique" or constraint.using_index is not None or not applied.fresh(operation.table):
            continue
        if filled_here(step, applied, operation.table):
            listed = ", ".join(map(ident, constraint.columns))
            yield applied.hit(
                f'"{operation.table.name}" has rows by now: duplicates of {listed} fail here, '
                "not at the statement that inserted them",
                f"Put `UNIQUE ({listed})` into the CREATE TABLE of {qualified(operation.table)}.",
            )


@hazard(
    "DAT041",
    "cascade-without-need",
    INFO,
    "CASCADE where nothing is known to depend on the object",
    on=(ops.Drop,),
    dialects=("postgres",),
    default=False,
    aliases=("pg-migration-lint:PGM202",),
)
def cascade_without_need(step: Step) -> Iterator[Hit]:
    """Report `CASCADE` without known dependent objects; DAT027 reports those with."""
    for applied, operation in effective(step, ops.Drop):
        if (
            not operation.cascade
            or operation.kind not in _KINDS
            or applied.fresh(operation.name)
            or undoes(step, applied)
        ):
            continue
        found = applied.before.find(applied.key(operation.name))
        known = found is not None and not getattr(found, "assumed", False)
        if known and not any(note.kind == "cascade" for note in applied.moment.notes):
            yield applied.hit(
                f'nothing is known to depend on "{operation.name.name}": CASCADE can only drop what is not known',
                "Leave CASCADE out: then it fails if something depends on it.",
            )
