"""The types that the result columns of a query keep with their modifiers, through the views that it reads."""

from __future__ import annotations

from collections.abc import Mapping

from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Table, View
from miglint.sql.operations import Name, Type

_DEEPEST = 20


def kept_types(machine: Machine, text: str) -> tuple[Type | None, ...] | None:
    """Return for each result column the type that it keeps, None where it keeps no modifier; None if not known."""
    if not machine.postgres or not text:
        return None
    from miglint.sql.postgres.analysis.modifiers import output_types

    def look(name: Name, depth: int = 0) -> Mapping[str, Type | None] | None:
        _, found = machine.relation(name)
        if isinstance(found, Table):
            return None if found.assumed else {label: column.type for label, column in found.columns.items()}
        if not isinstance(found, View) or found.query is None or found.columns is None or depth > _DEEPEST:
            return None
        kinds = output_types(found.query.text, lambda inner: look(inner, depth + 1))
        if kinds is None or len(kinds) != len(found.columns):
            return None
        return dict(zip(found.columns, kinds, strict=True))

    return output_types(text, look)
