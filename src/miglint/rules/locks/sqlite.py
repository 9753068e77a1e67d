"""LCK040 to LCK042: SQLite, which locks the whole file."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, hazard
from miglint.rules.support.applied_operations import effective
from miglint.rules.support.sql_text import ident
from miglint.sql import operations as ops

WARNING, INFO = Severity.WARNING, Severity.INFO
# Settings that are stored in the file.
_PERSISTENT = frozenset({"journal_mode", "page_size", "auto_vacuum", "encoding"})


@hazard(
    "LCK040",
    "sqlite-vacuum",
    WARNING,
    "VACUUM rewrites the whole SQLite file, blocking all others",
    on=(ops.Maintenance,),
    dialects=("sqlite",),
)
def sqlite_vacuum(step: Step) -> Iterator[Hit]:
    """Report `VACUUM`, which needs exclusive access and space for a second copy of the file."""
    for applied, operation in effective(step, ops.Maintenance):
        if operation.kind == "vacuum":
            yield applied.hit(
                "VACUUM rewrites the whole file: it blocks all writers, and needs as much space again",
                "Run it as maintenance, outside of migrations; `PRAGMA incremental_vacuum` frees space in steps.",
            )


@hazard(
    "LCK041",
    "sqlite-persistent-pragma",
    WARNING,
    "A PRAGMA stores a setting in the file for everyone who opens it later",
    on=(ops.Pragma,),
    dialects=("sqlite",),
)
def sqlite_persistent_pragma(step: Step) -> Iterator[Hit]:
    """Report settings that no rollback reverses and that other environments lack."""
    for applied, operation in effective(step, ops.Pragma):
        if operation.value is not None and operation.name.lower() in _PERSISTENT:
            yield applied.hit(
                f"PRAGMA {operation.name.lower()} is stored in the file, and needs a lock on all of it",
                "Set it where the application creates or opens the database, so that every file has it.",
            )


@hazard(
    "LCK042",
    "sqlite-table-rebuild",
    INFO,
    "A table rebuild copies every row while the whole SQLite file is locked",
    on=(ops.Drop, ops.Insert),
    dialects=("sqlite",),
    default=False,
)
def sqlite_table_rebuild(step: Step) -> Iterator[Hit]:
    """Report table rebuilds: create a new table, copy, drop the old one, rename."""
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
                    f'every row of "{source.name}" is copied while the file is locked',
                    f"If {ident(source.name)} is large, copy it in parts, or use `ALTER TABLE` where it suffices.",
                )
