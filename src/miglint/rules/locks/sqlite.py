"""LCK040 to LCK042: SQLite, where a lock is on the whole file."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, hazard
from miglint.rules.support.applied_operations import effective
from miglint.rules.support.clauses import ident
from miglint.sql import operations as ops

WARNING, INFO = Severity.WARNING, Severity.INFO
# Settings that are written to the file and hold for everybody who opens it afterwards.
_PERSISTENT = frozenset({"journal_mode", "page_size", "auto_vacuum", "encoding"})


@hazard(
    "LCK040",
    "sqlite-vacuum",
    WARNING,
    "VACUUM writes the whole SQLite file anew while all others wait",
    on=(ops.Maintenance,),
    dialects=("sqlite",),
)
def sqlite_vacuum(step: Step) -> Iterator[Hit]:
    """Tell of `VACUUM`, which needs the file for itself, and room for a second one."""
    for applied, operation in effective(step, ops.Maintenance):
        if operation.kind == "vacuum":
            yield applied.hit(
                "VACUUM writes the whole file anew: nobody else writes meanwhile, and it needs as much room again",
                "Run it as maintenance, outside of migrations; `PRAGMA incremental_vacuum` gives space back by parts.",
            )


@hazard(
    "LCK041",
    "sqlite-persistent-pragma",
    WARNING,
    "A PRAGMA of a migration changes the file for everybody who opens it later",
    on=(ops.Pragma,),
    dialects=("sqlite",),
)
def sqlite_persistent_pragma(step: Step) -> Iterator[Hit]:
    """Tell of settings that no rollback takes back and that other environments do not have."""
    for applied, operation in effective(step, ops.Pragma):
        if operation.value is not None and operation.name.lower() in _PERSISTENT:
            yield applied.hit(
                f"PRAGMA {operation.name.lower()} is written to the file, and has to lock all of it",
                "Set it where the application makes or opens the database, so that every file has it.",
            )


@hazard(
    "LCK042",
    "sqlite-table-rebuild",
    INFO,
    "A table is copied into a new one: the whole SQLite file is locked while its rows are written",
    on=(ops.Drop, ops.Insert),
    dialects=("sqlite",),
    default=False,
)
def sqlite_table_rebuild(step: Step) -> Iterator[Hit]:
    """Tell of rebuilds: make a new table, copy, drop the old one, rename."""
    dropped = {
        (applied.script.direction, operation.name.name.lower())
        for applied, operation in effective(step, ops.Drop)
        if operation.kind == "table"
    }
    if not dropped:
        return
    for applied, operation in effective(step, ops.Insert):
        if operation.query is None or not applied.fresh(operation.table):
            continue
        for source in operation.query.relations:
            if (applied.script.direction, source.name.lower()) in dropped and not applied.fresh(source):
                yield applied.hit(
                    f"every row of {source.name} is written again while the file is locked",
                    f"Where {ident(source.name)} is big, copy it in parts, or change what `ALTER TABLE` can change.",
                )
