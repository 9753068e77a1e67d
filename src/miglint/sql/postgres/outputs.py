"""Names of a query's result columns, by PostgreSQL's own rules."""

from __future__ import annotations

from collections.abc import Sequence

from miglint.sql.operations import Name
from miglint.sql.postgres.names import Node
from miglint.sql.postgres.selects import alias_of


def outputs(body: Node) -> tuple[tuple[str | None, ...], tuple[Name, ...]]:
    """Return the names of a query's result columns as in PostgreSQL, and the relations of its stars."""
    ctes: set[str] = set()
    while True:
        for node in body.get("withClause", {}).get("ctes", ()):
            ctes.add(node["CommonTableExpr"]["ctename"])
        if "larg" not in body:
            break
        body = body["larg"]
    if "valuesLists" in body:
        width = len(body["valuesLists"][0]["List"]["items"])
        return tuple(f"column{number}" for number in range(1, width + 1)), ()
    names: list[str | None] = []
    stars: dict[Name, None] = {}
    for node in body.get("targetList", ()):
        target = node["ResTarget"]
        if "name" in target:
            names.append(target["name"])
            continue
        value = target["val"]
        fields = value.get("ColumnRef", {}).get("fields", ())
        if fields and "A_Star" in fields[-1]:
            names.append("*")
            wanted = fields[-2]["String"]["sval"] if len(fields) > 1 else None
            stars.update(dict.fromkeys(_from_relations(body.get("fromClause", ()), wanted, ctes)))
        else:
            names.append(column_name(value))
    return tuple(names), tuple(stars)


def _from_relations(nodes: Sequence[Node], wanted: str | None, ctes: set[str]) -> list[Name]:
    found = []
    for node in nodes:
        ((kind, body),) = node.items()
        if kind == "RangeVar":
            name = Name(body.get("schemaname"), body["relname"])
            alias = alias_of(body) or name.name
            if wanted in {None, alias} and not (name.schema is None and name.name in ctes):
                found.append(name)
        elif kind == "JoinExpr":
            found += _from_relations([body["larg"], body["rarg"]], wanted, ctes)
    return found


_BY_KIND = {
    "CaseExpr": "case",
    "CoalesceExpr": "coalesce",
    "A_ArrayExpr": "array",
    "RowExpr": "row",
    "GroupingFunc": "grouping",
    "MergeSupportFunc": "merge_action",
    "XmlSerialize": "xmlserialize",
    "JsonParseExpr": "json",
    "JsonScalarExpr": "json_scalar",
    "JsonSerializeExpr": "json_serialize",
    "JsonObjectConstructor": "json_object",
    "JsonArrayConstructor": "json_array",
    "JsonArrayQueryConstructor": "json_array",
    "JsonObjectAgg": "json_objectagg",
    "JsonArrayAgg": "json_arrayagg",
}


def column_name(node: Node) -> str:
    """Return PostgreSQL's name for a result column without an alias."""
    return label_of(node) or "?column?"


def label_of(node: Node) -> str | None:
    """Return the name of an expression itself, None if it has none."""
    return _figure(node)[0]


# Nodes whose name is their operator's, and what stands around it in the parser's word: IS_GREATEST, JSON_EXISTS_OP.
_BY_OPERATOR = {
    "SQLValueFunction": ("SVFOP_", "_n"),
    "MinMaxExpr": ("IS_", ""),
    "XmlExpr": ("IS_", ""),
    "JsonFuncExpr": ("", "_op"),
}


def _figure(node: Node) -> tuple[str | None, int]:
    """Return a name and its strength: 0 none, 1 of a cast or CASE, 2 a real one. Mirrors `FigureColnameInternal`."""
    ((kind, body),) = node.items()
    if kind in {"ColumnRef", "FuncCall"}:
        return body["fields" if kind == "ColumnRef" else "funcname"][-1]["String"]["sval"], 2
    if kind == "TypeCast":
        return _or_weakly(body["arg"], body["typeName"]["names"][-1]["String"]["sval"])
    if kind == "CaseExpr":
        return _or_weakly(body.get("defresult"), "case")
    if kind == "A_Indirection":
        for step in reversed(body["indirection"]):
            if "String" in step:
                return step["String"]["sval"], 2
        return _figure(body["arg"])
    if kind == "CollateClause":
        return _figure(body["arg"])
    if kind in _BY_OPERATOR:
        before, behind = _BY_OPERATOR[kind]
        return body["op"].removeprefix(before).lower().removesuffix(behind), 2
    if kind == "A_Expr":
        return ("nullif", 2) if body["kind"] == "AEXPR_NULLIF" else (None, 0)
    if kind == "SubLink":
        return _figure_sublink(body)
    return (_BY_KIND[kind], 2) if kind in _BY_KIND else (None, 0)


def _or_weakly(node: Node | None, other: str) -> tuple[str | None, int]:
    """Return the name of an expression if it is a real one, or else another."""
    name, strength = (None, 0) if node is None else _figure(node)
    return (name, strength) if strength > 1 else (other, 1)


def _figure_sublink(body: Node) -> tuple[str | None, int]:
    kind = body["subLinkType"]
    if kind == "EXISTS_SUBLINK":
        return "exists", 2
    if kind == "ARRAY_SUBLINK":
        return "array", 2
    if kind != "EXPR_SUBLINK":
        return None, 0
    targets = body["subselect"]["SelectStmt"].get("targetList")
    if not targets:
        return None, 0
    first = targets[0]["ResTarget"]
    return (first["name"], 2) if "name" in first else _figure(first["val"])
