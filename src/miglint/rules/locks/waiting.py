"""How much a wait for the rows of a table matters beside what its transaction does anyway."""

from __future__ import annotations

from collections import defaultdict

from miglint.base.findings import Severity
from miglint.base.model import Span
from miglint.locks import Work
from miglint.replay.steps import Step
from miglint.rules.definition import Context
from miglint.rules.support.applied_operations import AppliedOperation, applied_operations
from miglint.rules.support.step_cache import cached_by_step
from miglint.schema.objects import Key
from miglint.sql import operations as ops
from miglint.sql.operations import Name


def severity_of(applied: AppliedOperation, table: Name) -> Severity | None:
    """Return the severity of a wait for the rows of a table; None for that of its rule.

    Where the same transaction deletes all rows, the application waits for that already.
    """
    return Severity.INFO if applied.rows_deleted(table) else None


def severity_of_index(step: Step, applied: AppliedOperation, table: Name, context: Context) -> Severity | None:
    """Return the severity of an index build; an info where the same statement rewrites the table with its indexes."""
    rewritten = _rewritten(step, context.targets.get("postgres", ()))
    if applied.key(table) in rewritten.get((applied.script.direction.value, applied.moment.statement.span), ()):
        return Severity.INFO
    return severity_of(applied, table)


@cached_by_step
def _rewritten(step: Step, version: tuple[int, ...]) -> dict[tuple[str, Span], set[Key]]:
    """Return the tables that each statement rewrites, by direction and position of the statement."""
    context = Context(targets={"postgres": version} if version else {})
    found: dict[tuple[str, Span], set[Key]] = defaultdict(set)
    for applied in applied_operations(step).all:
        if isinstance(applied.operation, ops.TableOperation):
            tables = (effect.table for effect in applied.effects(context) if Work.REWRITE in effect.work)
            found[applied.script.direction.value, applied.moment.statement.span].update(map(applied.key, tables))
    return found
