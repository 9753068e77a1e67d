"""Equalities in a query on the catalogs: the object looked up, and its tested properties."""

from __future__ import annotations

from miglint.sql.operations import Exists, Name
from miglint.sql.postgres.catalog import (
    CATALOGS,
    COLUMN_FACTS,
    CONSTRAINT_KINDS,
    JOINED,
    KIND_COLUMNS,
    OBJECT_FACTS,
    PROCEDURE_KINDS,
    RELATION_KINDS,
    Catalog,
)
from miglint.sql.postgres.names import Node, constant_text
from miglint.sql.type_input import truth_of

# Of the columns that exclude nothing, those whose value identifies the object.
DISTINGUISHING_COLUMNS = frozenset({"prokind", "routine_type", "contype", "constraint_type"})


_SIGNS = ("<>", "<", ">", "<=", ">=", "in", "not in")


_RELATIONS = frozenset({"table", "foreign table", "view", "materialized view", "index", "sequence", "relation"})


class Facts:
    """The equalities of one WHERE, by the catalog of the column."""

    def __init__(self, tables: dict[str, str]) -> None:
        self.tables = tables
        self.values: dict[str, Name] = {}
        self.rest: list[str] = []
        # Whether the schema is to be the current one, or one of the search path.
        self.in_path = False

    def owner(self, fields: list[Node]) -> str:
        """Return the catalog of a qualified column, or an empty string."""
        return self.tables.get(constant_text(fields[-2]), "") if len(fields) > 1 else ""


def constant_of(node: Node) -> str | None:
    """Return the value tested by `attnotnull`, `NOT attnotnull` or `column_default IS NULL`; None for anything else."""
    if "ColumnRef" in node:
        return "true"
    if "NullTest" in node and "ColumnRef" in node["NullTest"]["arg"]:
        return "NO" if node["NullTest"]["nulltesttype"] == "IS_NULL" else "YES"
    body = node.get("BoolExpr", {})
    return "false" if body.get("boolop") == "NOT_EXPR" and "ColumnRef" in body["args"][0] else None


def object_of(facts: Facts, catalogs: list[str]) -> Exists | None:
    """Return the object that the equalities identify: of the first catalog whose name column has a value."""
    for catalog in sorted(catalogs, key=lambda name: name in JOINED):
        entry = CATALOGS[catalog]
        name, conditions = _name(facts, catalog, entry)
        if name is None:
            continue
        if entry.kind == "column":
            conditions = _column_facts(facts, catalog)
        elif entry.kind in ("constraint", "index", "relation"):
            conditions = [*conditions, *_object_facts(facts, catalogs)]
        schema = _schema(facts, catalog, entry.schema)
        kind = _kind(facts, catalog, entry.kind)
        table = _table(facts, catalog, entry, catalogs)
        if table is not None:
            table = Name(table.schema or (schema.name if schema else None), table.name)
            schema = None
        for key, value in facts.values.items():
            facts.rest.append(f"({key.partition(':')[2]} = '{value.name}')")
        if not name.name and table is None:
            return None
        own = Name(schema.name if schema else None, name.name)
        anywhere = own.schema is None and kind in _RELATIONS and not facts.in_path
        return Exists(kind, own, table, tuple(conditions), anywhere=anywhere)
    return None


def _name(facts: Facts, catalog: str, entry: Catalog) -> tuple[Name | None, list[tuple[str, str]]]:
    """Return the name to look for, empty for any constraint of a kind, and further conditions."""
    name = _take(facts, catalog, entry.name)
    sort = _take(facts, catalog, "constraint_type") or _take(facts, catalog, "contype")
    if name is None and entry.kind == "constraint" and sort is not None and sort.name in CONSTRAINT_KINDS:
        return Name(None, ""), [("constraint_type", CONSTRAINT_KINDS[sort.name])]
    if entry.kind == "constraint" and sort is not None and sort.name in CONSTRAINT_KINDS:
        return name, [("constraint_type", CONSTRAINT_KINDS[sort.name])]
    return name, []


def _kind(facts: Facts, catalog: str, kind: str) -> str:
    """Return the kind of object that the equalities narrow a catalog's kind to."""
    for columns, kinds in ((KIND_COLUMNS, RELATION_KINDS), (("prokind", "routine_type"), PROCEDURE_KINDS)):
        for column in columns:
            value = _take(facts, catalog, column)
            if value is not None:
                kind = kinds.get(value.name, kind)
    return kind


def _table(facts: Facts, catalog: str, entry: Catalog, catalogs: list[str]) -> Name | None:
    """Return the table that the object belongs to, named in the catalog itself or in one that is joined to it."""
    if entry.table is None:
        return None
    table = _take(facts, catalog, entry.table)
    other = "pg_type" if catalog == "pg_enum" else "pg_class"
    return _take(facts, other, JOINED[other]) if table is None and other in catalogs else table


def _column_facts(facts: Facts, catalog: str) -> list[tuple[str, str]]:
    """Return the properties of a column, other than its name, that the equalities test."""
    facts_known: list[tuple[str, str]] = []
    for column, fact in COLUMN_FACTS.items():
        value = _take(facts, catalog, column)
        if value is not None and column == "attnotnull":
            facts_known.append((fact, "NO" if truth_of(value.name) else "YES"))
        elif value is not None and column == "attidentity":
            facts_known.append((fact, "YES" if value.name else "NO"))
        elif value is not None:
            facts_known.append((fact, value.name))
        for sign in _SIGNS:
            other = _take(facts, catalog, f"{column} {sign}")
            if other is not None:
                facts_known.append((f"{fact} {sign}", other.name))
    return facts_known


def _object_facts(facts: Facts, catalogs: list[str]) -> list[tuple[str, str]]:
    """Return the properties of an index or a constraint that the equalities test."""
    found = ((fact, _take_any(facts, catalogs, column)) for column, fact in OBJECT_FACTS.items())
    return [(fact, value.name.lower()) for fact, value in found if value is not None]


def _take_any(facts: Facts, catalogs: list[str], column: str) -> Name | None:
    return next((value for catalog in catalogs if (value := _take(facts, catalog, column)) is not None), None)


def _schema(facts: Facts, catalog: str, column: str | None) -> Name | None:
    schema = _take(facts, catalog, column) if column is not None else None
    return schema or _take(facts, "pg_namespace", "nspname")


def _take(facts: Facts, catalog: str, column: str) -> Name | None:
    """Return and remove the value that a catalog's column is compared to."""
    for key in (f"{catalog}:{column}", f":{column}"):
        if key in facts.values:
            return facts.values.pop(key)
    return None
