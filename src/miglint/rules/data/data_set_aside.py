"""DAT042: data that a migration set aside before it dropped or narrowed it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from miglint.base.findings import Severity
from miglint.base.model import Span
from miglint.replay.steps import ForwardPass
from miglint.rules.definition import Context, GatheredPass, Hit, rule
from miglint.rules.support.sql_text import qualified
from miglint.schema.set_aside import SET_ASIDE_PREFIX, SET_ASIDE_SCHEMA
from miglint.sql import operations as ops
from miglint.sql.operations import Name, Statement, flat


def _gather(step: ForwardPass, context: Context, first: bool) -> Any:
    """Return the places of data set aside that a forward drops, and those that it makes, with their spans."""
    dropped = [
        [operation.name.schema, operation.name.name]
        for statement in step.forward_statements
        for operation in flat(statement.operations)
        if isinstance(operation, ops.Drop) and operation.kind == "table" and _is_place(operation.name)
    ]
    made = [[one.name.schema, one.name.name, *one.span] for one in set_aside_by(step.forward_statements)]
    return [dropped, made] if dropped or made else None


@rule(
    "DAT042",
    "data-set-aside",
    Severity.WARNING,
    "Data that a migration set aside is still there",
    scope="history",
    gather=_gather,
)
def data_set_aside(steps: Sequence[GatheredPass]) -> Iterator[Hit]:
    """Report tables with data set aside that no later migration drops."""
    kept: dict[Name, tuple[GatheredPass, Span]] = {}
    for step in steps:
        dropped, made = step.facts
        for schema, table in dropped:
            kept.pop(Name(schema, table), None)
        for schema, table, start, end in made:
            kept[Name(schema, table)] = step, Span(start, end)
    for name, (step, span) in kept.items():
        forward = step.migration.forward
        if forward is not None:
            yield Hit(
                forward.file,
                span,
                f"{name} still has the data that {step.migration.version} set aside",
                f"When no rollback needs it, drop it in a migration: `DROP TABLE IF EXISTS {qualified(name)};`. "
                "It may be personal data that was meant to be deleted.",
                forward,
                version=step.migration.version,
            )


def set_aside_by(statements: tuple[Statement, ...]) -> list[ops.CreateTable]:
    """Return the operations of a script that create a table with data set aside."""
    return [
        operation
        for statement in statements
        for operation in flat(statement.operations)
        if isinstance(operation, ops.CreateTable) and _is_place(operation.name)
    ]


def _is_place(name: Name) -> bool:
    return name.schema == SET_ASIDE_SCHEMA or (name.schema is None and name.name.startswith(SET_ASIDE_PREFIX))
