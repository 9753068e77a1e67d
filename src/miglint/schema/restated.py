"""Objects that are equal by their canonical texts, and yet written in other ways.

A canonical text is without casts that matter little: `s = 5` and `s = 5::smallint` have one, and are stored in two
ways.
"""

from __future__ import annotations

from collections.abc import Iterator

from miglint.schema.objects import Domain, Index, Policy, RewriteRule, SchemaObject, Table, Trigger, View
from miglint.schema.parts import restored
from miglint.sql.operations import Column, Constraint, Expression


def is_restated(one: SchemaObject | Constraint | Column, two: SchemaObject | Constraint | Column) -> bool:
    """Return whether two equal objects have texts that are not written alike."""
    if isinstance(one, Table) and isinstance(two, Table):
        return any(is_restated(was, now) for _, was, now in restored(one.constraints, two.constraints)) or any(
            is_restated(was, now) for _, was, now in restored(one.columns, two.columns)
        )
    return any(was and now and was != now for was, now in zip(_texts(one), _texts(two), strict=False))


def _texts(value: SchemaObject | Constraint | Column) -> Iterator[str]:
    """Yield the texts of an object as they are written, empty ones for those that it does not have."""
    match value:
        case Constraint():
            yield from (_text(value.expression), _text(value.where))
        case Column():
            yield _text(value.default)
        case Index():
            yield from (_text(element.expression) for element in value.elements)
            yield _text(value.where)
        case Domain():
            yield _text(value.default)
            for constraint in value.constraints.values():
                yield from _texts(constraint)
        case Policy():
            yield from (value.using_text or "", value.check_text or "")
        case Trigger() | RewriteRule():
            yield value.source
        case View():
            yield "" if value.query is None else value.query.text


def _text(expression: Expression | None) -> str:
    return "" if expression is None else expression.text
