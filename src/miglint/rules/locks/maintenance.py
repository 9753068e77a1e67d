"""LCK008, LCK019 and LCK049: VACUUM FULL and CLUSTER, which rewrite a table, and REPACK, which replaces them."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, hazard
from miglint.rules.support.applied_operations import AppliedOperation, effective, version_of
from miglint.rules.support.sql_text import qualified
from miglint.sql import operations as ops

WARNING, INFO = Severity.WARNING, Severity.INFO
_REPACK_SINCE = 19


@hazard(
    "LCK008",
    "rewrite-by-maintenance",
    WARNING,
    "VACUUM FULL and CLUSTER rewrite the table under ACCESS EXCLUSIVE",
    on=(ops.Maintenance,),
    dialects=("postgres",),
    aliases=(
        "pgls:banVacuumFull",
        "pg-migration-lint:PGM018",
        "pg-migration-lint:PGM021",
        "pgfence:vacuum-full",
        "pgsafe:vacuum-full-cluster",
    ),
)
def rewrite_by_maintenance(step: Step) -> Iterator[Hit]:
    """Report `VACUUM FULL` and `CLUSTER`."""
    for applied, operation in _rewrites(step):
        words = "CLUSTER" if operation.kind == "cluster" else "VACUUM FULL"
        about = operation.target.name if operation.target is not None else "every table"
        yield applied.hit(
            f"{words}: ACCESS EXCLUSIVE on {about}: blocks reads and writes while the table is rewritten",
            "Plain `VACUUM` frees space for new rows without blocking. To shrink a table in use, use `pg_repack`.",
        )


@hazard(
    "LCK019",
    "rewrite-instead-of-repack",
    INFO,
    "PostgreSQL 19 has REPACK, which replaces VACUUM FULL and CLUSTER",
    on=(ops.Maintenance,),
    dialects=("postgres",),
    aliases=("squawk:prefer-repack",),
)
def rewrite_instead_of_repack(step: Step, context: Context) -> Iterator[Hit]:
    """Report both where every target has REPACK."""
    if version_of(context) < _REPACK_SINCE:
        return
    for applied, operation in _rewrites(step):
        yield applied.hit(
            f"REPACK does what {operation.kind.upper()} does, and has a concurrent form",
            f"`REPACK (CONCURRENTLY){_on(operation)};`, outside of a transaction.",
        )


@hazard(
    "LCK049",
    "repack-may-be-there",
    INFO,
    "VACUUM FULL and CLUSTER block everything; PostgreSQL 19 has REPACK, and the target version is not configured",
    on=(ops.Maintenance,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:prefer-repack",),
)
def repack_may_be_there(step: Step, context: Context) -> Iterator[Hit]:
    """Report both where no target version is configured."""
    if context.targets.get("postgres"):
        return
    for applied, operation in _rewrites(step):
        yield applied.hit(
            f"REPACK in PostgreSQL 19 does what {operation.kind.upper()} does, and has a concurrent form",
            f"`REPACK (CONCURRENTLY){_on(operation)};` where the server has it. "
            'Otherwise set the lowest version in the configuration: `targets = ["postgres>=14"]`.',
        )


def _rewrites(step: Step) -> Iterator[tuple[AppliedOperation, ops.Maintenance]]:
    """Yield `VACUUM FULL` and `CLUSTER`, except of tables that this migration created."""
    for applied, operation in effective(step, ops.Maintenance):
        rewrites = operation.kind == "cluster" or (operation.kind == "vacuum" and "full" in operation.options)
        if rewrites and not (operation.target is not None and applied.fresh(operation.target)):
            yield applied, operation


def _on(operation: ops.Maintenance) -> str:
    return f" {qualified(operation.target)}" if operation.target is not None else ""
