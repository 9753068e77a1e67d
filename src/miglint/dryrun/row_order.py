"""Order in which tables are filled, so that referenced rows exist."""

from __future__ import annotations

from miglint.base.model import Dialect
from miglint.schema.objects import Index, Table
from miglint.schema.value import Schema
from miglint.sql.operations import Constraint, Name


def _same(name: Name, dialect: Dialect) -> Name:
    """Return a name for comparison: case-insensitive in SQLite."""
    return Name(None, name.name.lower()) if dialect is Dialect.SQLITE else Name(name.schema or "public", name.name)


def foreign_keys(table: Table) -> list[Constraint]:
    """Return the foreign keys, composite ones first: they are more restrictive."""
    keys = [constraint for constraint in table.constraints.values() if constraint.kind == "foreign"]
    return sorted(keys, key=lambda key: -len(key.columns))


def in_order(schema: Schema) -> list[Table]:
    """Return the tables, each after those that it references; cycles are broken where they are detected."""
    tables = {_same(value.name, schema.dialect): value for _, value in schema.items() if isinstance(value, Table)}
    done: dict[Name, None] = {}

    def visit(name: Name, above: tuple[Name, ...]) -> None:
        if name in done or name in above or name not in tables:
            return
        for key in foreign_keys(tables[name]):
            if key.table is not None:
                visit(_same(key.table, schema.dialect), (*above, name))
        done[name] = None

    for name in sorted(tables, key=lambda item: (item.schema or "", item.name)):
        visit(name, ())
    return [tables[name] for name in done]


def with_parents(schema: Schema, wanted: set[Name]) -> set[Name]:
    """Return the names of tables with those that their foreign keys reference."""
    tables = {_same(value.name, schema.dialect): value for _, value in schema.items() if isinstance(value, Table)}
    pending = [_same(name, schema.dialect) for name in wanted]
    found: set[Name] = set()
    while pending:
        name = pending.pop()
        if name in found or name not in tables:
            continue
        found.add(name)
        pending += [_same(key.table, schema.dialect) for key in foreign_keys(tables[name]) if key.table is not None]
    return {tables[name].name for name in found}


def unique_indexes(schema: Schema, table: Table) -> list[tuple[str, ...]]:
    """Return the columns of the table's unique indexes."""
    mine = _same(table.name, schema.dialect)
    return [
        tuple(column for element in value.elements for column in _columns(element.column, element.expression))
        for _, value in schema.items()
        if isinstance(value, Index) and value.unique and value.table is not None
        if _same(value.table, schema.dialect) == mine
    ]


def _columns(column: str | None, expression: object) -> tuple[str, ...]:
    if column is not None:
        return (column,)
    text = getattr(expression, "text", "")
    # `lower(email)` needs different emails.
    return tuple(word.strip('"') for word in text.replace("(", " ").replace(")", " ").replace("::", " ").split())
