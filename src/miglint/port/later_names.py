"""Statements on rows that come before a rename, in the names that come after it.

Towards PostgreSQL, renames are written first, and what a script does to rows after what it does to the schema.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from miglint.base.model import Dialect
from miglint.port.expressions import parsed
from miglint.port.trees import Node
from miglint.replay.steps import Step
from miglint.schema.depends import relation_key
from miglint.sql import operations as op
from miglint.sql.operations import Name, Statement


class LaterNames:
    """The renames of a forward, and the statements before them in the names that they lead to."""

    def __init__(self, step: Step) -> None:
        place = {id(statement): number for number, statement in enumerate(step.forward_statements)}
        self._tables: list[tuple[int, str, str]] = []
        self._columns: list[tuple[int, str, str, str]] = []
        for moment in step.forward.moments:
            operation, number = moment.operation, place.get(id(moment.statement), 0)
            if isinstance(operation, op.Rename) and operation.kind == "table" and _is_lasting(step, operation):
                self._tables.append((number, operation.name.name.lower(), operation.new))
            elif isinstance(operation, op.RenameColumn) and operation.kind == "table":
                self._columns.append((number, operation.table.name.lower(), operation.column.lower(), operation.new))
        self._place = place

    def of(self, statement: Statement, text: str, names: Sequence[Name]) -> tuple[str, list[Name]]:
        """Return a statement about some tables, and the names of these, after the renames that follow it.

        The text stays as it is where a renamed column may be that of another table. Raises `TranslationError`.
        """
        at = self._place.get(id(statement), 0)
        there = {name.name.lower() for name in names}
        tables = {old: new for place, old, new in self._tables if place > at and old in there}
        columns = {
            old: new for place, table, old, new in self._columns if place > at and (table in there or table in tables)
        }
        if not tables and (not columns or len(there) > 1):
            return text, [*names]
        made = _renamed(parsed(text, Dialect.SQLITE), tables, columns if len(there) == 1 else {})
        return made, [Name(name.schema, tables.get(name.name.lower(), name.name)) for name in names]


def _is_lasting(step: Step, operation: op.Rename) -> bool:
    """Return whether a table has another name after a forward than before it: a rebuild leaves it its own."""
    old, new = (relation_key(name, Dialect.SQLITE) for name in (operation.name, Name(None, operation.new)))
    after = step.forward.schema
    return step.before.table(old) is not None and after.table(new) is not None and after.table(old) is None


def _renamed(tree: Node, tables: Mapping[str, str], columns: Mapping[str, str]) -> str:
    from sqlglot import exp

    for node in [*tree.find_all(exp.Identifier)]:
        parent = node.parent
        if isinstance(parent, (exp.Table, exp.Column)) and node.arg_key in ("this", "table"):
            is_table = isinstance(parent, exp.Table) or node.arg_key == "table"
            new = (tables if is_table else columns).get(node.name.lower())
        else:
            new = columns.get(node.name.lower()) if isinstance(parent, (exp.Schema, exp.OnConflict)) else None
        if new is not None:
            node.set("this", new)
    return str(tree.sql(dialect="sqlite", normalize_functions="lower"))
