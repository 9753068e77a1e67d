"""Guards over the names of columns as one value: `(SELECT array_agg(attname) ...) = ARRAY[...]`."""

from __future__ import annotations

from collections.abc import Mapping

from miglint.sql.operations import KeyColumns, Name, Not
from miglint.sql.postgres.catalog_rows import KnownVariables, conjuncts_of, constant_value
from miglint.sql.postgres.names import Node, constant_text, sequence_name

_AGGREGATES = frozenset({"array_agg", "string_agg"})
_OBJECTS = frozenset({"indexrelid", "indrelid", "conrelid", "attrelid"})
_ORDERS = {"attname": "name", "attnum": "position"}


def key_condition(body: Node, known: KnownVariables) -> KeyColumns | Not | None:
    """Read a comparison of the joined names of columns with a constant; None for any other."""
    sign = constant_text(body["name"][-1])
    if body["kind"] != "AEXPR_OP" or sign not in {"=", "<>"} or "lexpr" not in body:
        return None
    select = _select(_plain(body["lexpr"]), known)
    targets: list[Node] = [] if select is None else select.get("targetList", [])
    if select is None or len(targets) != 1 or "groupClause" in select:
        return None
    joined = _joined(targets[0]["ResTarget"]["val"], known)
    if joined is None:
        return None
    call, separator = joined
    columns = _columns(body["rexpr"], separator, known)
    whose = _object(select, known)
    if columns is None or whose is None:
        return None
    of, name = whose
    test = KeyColumns(of, name, columns, _order(call, of))
    return test if sign == "=" else Not(test)


def _plain(node: Node) -> Node:
    """Return what is in `COALESCE(..., '')` and casts."""
    while True:
        if "TypeCast" in node:
            node = node["TypeCast"]["arg"]
        elif "CoalesceExpr" in node and len(node["CoalesceExpr"]["args"]) == 2:
            node = node["CoalesceExpr"]["args"][0]
        else:
            return node


def _select(node: Node, known: KnownVariables) -> Node | None:
    if "ColumnRef" in node:
        node = known.nodes.get(constant_text(node["ColumnRef"]["fields"][0]), {})
    elif "SubLink" in node and node["SubLink"]["subLinkType"] == "EXPR_SUBLINK":
        node = node["SubLink"]["subselect"]
    found: Node | None = node.get("SelectStmt")
    return found


def _joined(node: Node, known: KnownVariables) -> tuple[Node, str | None] | None:
    """Return the call that joins names of columns, and what it puts between them, None for an array."""
    node = _plain(node)
    call: Node = node.get("FuncCall", {})
    name = constant_text(call["funcname"][-1]) if call else ""
    arguments: list[Node] = call.get("args", [])
    if name == "array_to_string" and len(arguments) == 2:
        inner = _plain(arguments[0]).get("FuncCall", {})
        separator = constant_value(arguments[1], known)
        if not inner or constant_text(inner["funcname"][-1]) != "array_agg" or separator is None:
            return None
        call, name, arguments = inner, "array_agg", inner["args"]
    else:
        separator = constant_value(arguments[1], known) if name == "string_agg" and len(arguments) == 2 else None
    if name not in _AGGREGATES or (name == "string_agg" and separator is None):
        return None
    return (call, separator) if _last_field(arguments[0]) == "attname" else None


def _last_field(node: Node) -> str | None:
    fields = _plain(node).get("ColumnRef", {}).get("fields", ())
    return constant_text(fields[-1]) if fields and "String" in fields[-1] else None


def _order(call: Node, of: str) -> str:
    """Return the order of the names; empty where the server gives none."""
    items = call.get("agg_order", ())
    if not items:
        return "position" if of == "relation" else ""
    return _ORDERS.get(_last_field(items[0]["SortBy"]["node"]) or "", "") if len(items) == 1 else ""


def _columns(node: Node, separator: str | None, known: KnownVariables) -> tuple[str, ...] | None:
    """Return the names that a constant lists."""
    node = _plain(node)
    if "FuncCall" in node and constant_text(node["FuncCall"]["funcname"][-1]) == "text":
        node = node["FuncCall"]["args"][0]
    if "A_ArrayExpr" in node:
        texts = [constant_value(item, known) for item in node["A_ArrayExpr"].get("elements", ())]
        found = tuple(text for text in texts if text is not None)
        return found if separator is None and len(found) == len(texts) else None
    text = constant_value(node, known)
    if text is None:
        return None
    if separator is not None:
        return tuple(text.split(separator))
    inner = text.strip()
    plain = inner.startswith("{") and inner.endswith("}") and '"' not in inner
    return tuple(part.strip() for part in inner[1:-1].split(",")) if plain else None


def _object(select: Node, known: KnownVariables) -> tuple[str, Name] | None:
    """Return whose columns a query on `pg_attribute` joins: those of a `relation`, an `index`, a `primary` key."""
    conjuncts = conjuncts_of(select)
    if conjuncts is None:
        return None
    named: dict[str, Name] = {}
    primary = False
    for node in conjuncts:
        body = node.get("A_Expr", {})
        left = _last_field(body["lexpr"]) if body.get("kind") == "AEXPR_OP" and "lexpr" in body else None
        value = constant_value(body["rexpr"], known) if left is not None else None
        if left in _OBJECTS and value is not None and constant_text(body["name"][-1]) == "=":
            name = sequence_name(value)
            if name is not None:
                named[left] = name
        primary = primary or _last_field(node) == "indisprimary" or (left == "contype" and value == "p")
    return _named_object(named, primary=primary)


def _named_object(named: Mapping[str, Name], *, primary: bool) -> tuple[str, Name] | None:
    if "indexrelid" in named:
        return "index", named["indexrelid"]
    table = named.get("indrelid") or named.get("conrelid")
    if table is not None:
        return ("primary", table) if primary else None
    return ("relation", named["attrelid"]) if "attrelid" in named else None
