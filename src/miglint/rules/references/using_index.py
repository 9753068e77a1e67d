"""REF012: constraints that are to take an index which the server does not give them."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.support.applied_operations import AppliedOperation, effective
from miglint.rules.support.clauses import in_doubt, qualified
from miglint.schema.objects import Index
from miglint.sql import operations as ops
from miglint.sql.operations import Name


@rule(
    "REF012",
    "index-cannot-be-taken",
    Severity.ERROR,
    "A constraint is to take an index with USING INDEX that is not there or not fit for it",
    on=(ops.AddConstraint,),
    dialects=("postgres",),
    aliases=("pg-migration-lint:PGM016", "pg-migration-lint:PGM017"),
)
def index_cannot_be_taken(step: Step) -> Iterator[Hit]:
    """Tell why the server refuses the index; not where the index, or its table, may come from elsewhere."""
    for applied, operation in effective(step, ops.AddConstraint, forward_only=True):
        name = operation.constraint.using_index
        table = applied.table(operation.table)
        if name is None or table is None or table.assumed or applied.moment.failed:
            continue
        why = _objection(applied, operation, name)
        if why is not None:
            words = "PRIMARY KEY" if operation.constraint.kind == "primary" else "UNIQUE"
            yield applied.hit(
                f'"{name}" {why}: PostgreSQL refuses it for {words}',
                "Build one that is, in a migration of its own: "
                f"`CREATE UNIQUE INDEX CONCURRENTLY ... ON {qualified(operation.table)} (...);`",
                severity=in_doubt(step) or Severity.ERROR,
            )


def _objection(applied: AppliedOperation, operation: ops.AddConstraint, name: str) -> str | None:
    index = applied.before.find(applied.key(Name(operation.table.schema, name)))
    if index is None:
        return "does not exist" if applied.before.rooted else None
    if not isinstance(index, Index):
        return "is no index"
    if index.assumed:
        return None
    if index.table is not None and applied.key(index.table) != applied.key(operation.table):
        return f"is an index of {index.table.name}"
    if not index.unique:
        return "is not unique"
    if index.method != "btree":
        return f"is a {index.method} index, and not a btree"
    if index.where is not None:
        return "holds only a part of the rows"
    if any(element.column is None for element in index.elements):
        return "holds expressions"
    if any(element.descending or element.nulls_first for element in index.elements):
        return "is not sorted as a constraint sorts"
    return None
