"""REF012: constraints with USING INDEX whose index PostgreSQL refuses."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.support.applied_operations import AppliedOperation, effective
from miglint.rules.support.reporting import in_doubt
from miglint.rules.support.sql_text import qualified
from miglint.schema.objects import Index
from miglint.sql import operations as ops
from miglint.sql.operations import Name


@rule(
    "REF012",
    "index-cannot-be-taken",
    Severity.ERROR,
    "ADD CONSTRAINT ... USING INDEX names an index that does not exist or does not fit",
    on=(ops.AddConstraint,),
    dialects=("postgres",),
    aliases=("pg-migration-lint:PGM016", "pg-migration-lint:PGM017"),
)
def index_cannot_be_taken(step: Step) -> Iterator[Hit]:
    """Report why PostgreSQL refuses the index; not where the index, or its table, may come from elsewhere."""
    for applied, operation in effective(step, ops.AddConstraint, forward_only=True):
        name = operation.constraint.using_index
        table = applied.table(operation.table)
        if name is None or table is None or table.assumed or name in table.constraints:
            continue
        why = _objection(applied, operation, name)
        if why is not None:
            words = "PRIMARY KEY" if operation.constraint.kind == "primary" else "UNIQUE"
            yield applied.hit(
                f'"{name}" {why}: PostgreSQL refuses it for {words}',
                "Create a fitting one in a migration of its own: "
                f"`CREATE UNIQUE INDEX CONCURRENTLY ... ON {qualified(operation.table)} (...);`",
                severity=in_doubt(step) or Severity.ERROR,
            )


def _objection(applied: AppliedOperation, operation: ops.AddConstraint, name: str) -> str | None:
    index = applied.before.find(applied.key(Name(operation.table.schema, name)))
    if index is None:
        return "does not exist" if applied.before.rooted and not applied.moment.failed else None
    if not isinstance(index, Index):
        return "is not an index"
    if index.assumed:
        return None
    if index.table is not None and applied.key(index.table) != applied.key(operation.table):
        return f'is an index of "{index.table.name}"'
    if not index.unique:
        return "is not unique"
    if index.method != "btree":
        return f"is a {index.method} index, not a btree"
    if index.where is not None:
        return "is a partial index"
    return _objection_to_elements(index)


def _objection_to_elements(index: Index) -> str | None:
    if any(element.column is None for element in index.elements):
        return "is on expressions"
    if any(element.descending or element.nulls_first for element in index.elements):
        return "does not have the default sort order"
    return None
