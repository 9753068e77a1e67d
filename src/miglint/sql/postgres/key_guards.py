"""Guards over the names of columns, or the labels of an enum, as one value.

`(SELECT array_agg(attname) ...) = ARRAY[...]`, `ARRAY(SELECT enumlabel ...) <> ARRAY[...]`.
"""

from __future__ import annotations

from collections.abc import Mapping

from miglint.sql.operations import Condition, Exists, KeyColumns, Name, Not
from miglint.sql.postgres.catalog_rows import KnownVariables, conjuncts_of, constant_value, looked_up, rows_of
from miglint.sql.postgres.names import Node, constant_text, sequence_name

_AGGREGATES = frozenset({"array_agg", "string_agg"})
_NAMES = frozenset({"attname", "enumlabel"})
_OBJECTS = frozenset({"indexrelid", "indrelid", "conrelid", "attrelid", "enumtypid"})
_ORDERS = {"attname": "name", "attnum": "position", "enumlabel": "name", "enumsortorder": "position"}


def key_condition(body: Node, known: KnownVariables) -> KeyColumns | Not | None:
    """Read a comparison of the joined names of columns or labels with a constant; None for any other."""
    sign = constant_text(body["name"][-1])
    if body["kind"] != "AEXPR_OP" or sign not in {"=", "<>"} or "lexpr" not in body:
        return None
    select = _select(_plain(body["lexpr"]), known)
    targets: list[Node] = [] if select is None else select.get("targetList", [])
    if select is None or len(targets) != 1 or "groupClause" in select:
        return None
    value = targets[0]["ResTarget"]["val"]
    joined: tuple[Node, str | None] | None
    if _is_array(body["lexpr"]):
        # Its order is that of the query.
        joined = ({"agg_order": select.get("sortClause", ())}, None) if _last_field(value) in _NAMES else None
    else:
        joined = _joined(value, known)
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


def _is_array(node: Node) -> bool:
    """Return whether an expression is `ARRAY(SELECT ...)`."""
    plain = _plain(node)
    return "SubLink" in plain and plain["SubLink"]["subLinkType"] == "ARRAY_SUBLINK"


def _select(node: Node, known: KnownVariables) -> Node | None:
    if "ColumnRef" in node:
        node = known.nodes.get(constant_text(node["ColumnRef"]["fields"][0]), {})
    elif "SubLink" in node and node["SubLink"]["subLinkType"] in {"EXPR_SUBLINK", "ARRAY_SUBLINK"}:
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
    return (call, separator) if _last_field(arguments[0]) in _NAMES else None


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
    """Return whose columns or labels a query joins: of a `relation`, an `index`, a `primary` key, or an `enum`."""
    conjuncts = conjuncts_of(select)
    if conjuncts is None:
        return None
    named: dict[str, Name] = {}
    primary = False
    for node in conjuncts:
        body = node.get("A_Expr", {})
        left = _last_field(body["lexpr"]) if body.get("kind") == "AEXPR_OP" and "lexpr" in body else None
        value = constant_value(body["rexpr"], known) if left is not None else None
        if left in _OBJECTS and constant_text(body["name"][-1]) == "=":
            name = _name(body["rexpr"], value, known)
            if name is not None:
                named[left] = name
        primary = primary or _last_field(node) == "indisprimary" or (left == "contype" and value == "p")
    if "enumtypid" in named and len(conjuncts) > 1:
        return None  # Some labels may be left out.
    return _named_object(named, primary=primary)


def _name(node: Node, value: str | None, known: KnownVariables) -> Name | None:
    """Return the object whose number is compared: `'t'::regclass`, `to_regtype('t')`, `(SELECT oid FROM ...)`."""
    if value is not None:
        return sequence_name(value)
    found: Condition | None = looked_up(node["FuncCall"], known) if "FuncCall" in node else None
    if "SubLink" in node and node["SubLink"]["subLinkType"] == "EXPR_SUBLINK":
        found = rows_of(node["SubLink"]["subselect"].get("SelectStmt", {}), known)
    return found.name if isinstance(found, Exists) else None


def _named_object(named: Mapping[str, Name], *, primary: bool) -> tuple[str, Name] | None:
    if "indexrelid" in named:
        return "index", named["indexrelid"]
    table = named.get("indrelid") or named.get("conrelid")
    if table is not None:
        return ("primary", table) if primary else None
    if "enumtypid" in named:
        return "enum", named["enumtypid"]
    return ("relation", named["attrelid"]) if "attrelid" in named else None
