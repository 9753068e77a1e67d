"""Equalities in a query on the catalogs: the object looked up, and its tested properties."""

from __future__ import annotations

from miglint.sql.operations import Exists, Name
from miglint.sql.postgres.catalog import (
    CATALOGS,
    COLUMN_FACTS,
    CONSTRAINT_KINDS,
    JOINED,
    KIND_COLUMNS,
    PROCEDURE_KINDS,
    RELATION_KINDS,
)
from miglint.sql.postgres.names import Node, constant_text

# Of the columns that exclude nothing, those whose value identifies the object.
TELLING = frozenset({"prokind", "routine_type", "contype", "constraint_type"})


class Facts:
    """The equalities of one WHERE, by the catalog of the column."""

    def __init__(self, tables: dict[str, str]) -> None:
        self.tables = tables
        self.values: dict[str, Name] = {}
        self.rest: list[str] = []

    def owner(self, fields: list[Node]) -> str:
        """Return the catalog of a qualified column, or an empty string."""
        return self.tables.get(constant_text(fields[-2]), "") if len(fields) > 1 else ""


def said(node: Node) -> str | None:
    """Return the value tested by `attnotnull`, `NOT attnotnull` or `column_default IS NULL`; None for anything else."""
    if "ColumnRef" in node:
        return "true"
    if "NullTest" in node and "ColumnRef" in node["NullTest"]["arg"]:
        return "NO" if node["NullTest"]["nulltesttype"] == "IS_NULL" else "YES"
    body = node.get("BoolExpr", {})
    return "false" if body.get("boolop") == "NOT_EXPR" and "ColumnRef" in body["args"][0] else None


def object_of(facts: Facts, catalogs: list[str]) -> Exists | None:
    """Return the object that the equalities identify: of the first catalog whose name column has a value."""
    ordered = sorted(catalogs, key=lambda name: name in JOINED)
    for catalog in ordered:
        entry = CATALOGS[catalog]
        name = _take(facts, catalog, entry.name)
        sort = _take(facts, catalog, "constraint_type") or _take(facts, catalog, "contype")
        told: list[tuple[str, str]] = []
        if name is None and entry.kind == "constraint" and sort is not None and sort.name in CONSTRAINT_KINDS:
            name, told = Name(None, ""), [("constraint_type", CONSTRAINT_KINDS[sort.name])]
        if name is None:
            continue
        if entry.kind == "column":
            told = _column_facts(facts, catalog)
        schema = _schema(facts, catalog, entry.schema)
        kind = entry.kind
        for column in KIND_COLUMNS:
            value = _take(facts, catalog, column)
            kind = RELATION_KINDS.get(value.name, kind) if value is not None else kind
        for column in ("prokind", "routine_type"):
            value = _take(facts, catalog, column)
            kind = PROCEDURE_KINDS.get(value.name, kind) if value is not None else kind
        table: Name | None = None
        if entry.table is not None:
            table = _take(facts, catalog, entry.table)
            if table is None:
                other = "pg_type" if catalog == "pg_enum" else "pg_class"
                table = _take(facts, other, JOINED[other]) if other in catalogs else None
            if table is not None:
                table = Name(table.schema or (schema.name if schema else None), table.name)
                schema = None
        for key, value in facts.values.items():
            facts.rest.append(f"({key.partition(':')[2]} = '{value.name}')")
        if not name.name and table is None:
            return None
        return Exists(kind, Name(schema.name if schema else None, name.name), table, tuple(told))
    return None


def _column_facts(facts: Facts, catalog: str) -> list[tuple[str, str]]:
    """Return the properties of a column, other than its name, that the equalities test."""
    told: list[tuple[str, str]] = []
    for column, fact in COLUMN_FACTS.items():
        value = _take(facts, catalog, column)
        if value is not None and column == "attnotnull":
            told.append((fact, "NO" if value.name in {"true", "t"} else "YES"))
        elif value is not None:
            told.append((fact, value.name))
    return told


def _schema(facts: Facts, catalog: str, column: str | None) -> Name | None:
    schema = _take(facts, catalog, column) if column is not None else None
    return schema or _take(facts, "pg_namespace", "nspname")


def _take(facts: Facts, catalog: str, column: str) -> Name | None:
    """Return and remove the value that a catalog's column is compared to."""
    for key in (f"{catalog}:{column}", f":{column}"):
        if key in facts.values:
            return facts.values.pop(key)
    return None
