"""Queries on the catalogs in conditions of `IF`: which object, or which row, they look for."""

from __future__ import annotations

from collections.abc import Mapping

from miglint.base.identifiers import truncate
from miglint.base.structs import Struct
from miglint.sql.operations import IN_MARK, And, Condition, Exists, Name, Or, Unknown
from miglint.sql.postgres.canonical import walk
from miglint.sql.postgres.catalog import CATALOGS, COLUMN_FACTS, HARMLESS_COLUMNS, OBJECT_FACTS
from miglint.sql.postgres.constants import NotConstantError, evaluate
from miglint.sql.postgres.expressions import expression
from miglint.sql.postgres.facts import DISTINGUISHING_COLUMNS, Facts, constant_of, object_of
from miglint.sql.postgres.names import Node, constant_text, relation_name, sequence_name, type_of
from miglint.sql.postgres.scopes import Walk
from miglint.sql.postgres.selects import alias_of

_LOOKUPS = {
    "to_regclass": "relation",
    "to_regtype": "type",
    "to_regproc": "function",
    "to_regprocedure": "function",
    "to_regnamespace": "schema",
    "to_regrole": "role",
    "to_regcollation": "collation",
}
# Clauses that decide which rows there are beyond a condition on each of them.
_CHOOSING = ("groupClause", "havingClause", "limitOffset", "larg")
_SCHEMA_COLUMNS = ("nspname", "schema", "schemaname", "namespace")
_CURRENT_SCHEMA = frozenset({"current_schema", "current_schemas"})
_MOST_NAMES = 20
_OPPOSITES = {"=": "<>", "<": ">=", ">": "<=", "<=": ">", ">=": "<"}


class KnownVariables(Struct, frozen=True):
    """What is known of variables: constant texts, and the nodes that they were assigned."""

    texts: Mapping[str, str]
    nodes: Mapping[str, Node]


def looked_up(call: Node, known: KnownVariables) -> Exists | None:
    """Return the object that `to_regclass` or its like looks for."""
    kind = _LOOKUPS.get(constant_text(call["funcname"][-1]))
    text = constant_value(call["args"][0], known) if kind and call.get("args") else None
    name = sequence_name(text.partition("(")[0]) if text else None
    return Exists(kind, name) if kind and name else None


def constant_value(node: Node, known: KnownVariables) -> str | None:
    """Return the text that an expression certainly has, None where that is not known."""
    try:
        return evaluate(node, known.texts)
    except NotConstantError:
        return None


def conjuncts_of(select: Node) -> list[Node] | None:
    """Return the conditions of a query and its joins; None where it reads from something else than relations."""
    found: list[Node] = []
    tables: dict[str, str] = {}
    if not all(_tables(item, tables, found) for item in select.get("fromClause", ())):
        return None
    if "whereClause" in select:
        _flatten(select["whereClause"], found)
    return found


def rows_of(select: Node, known: KnownVariables, extra: tuple[Node, ...] = ()) -> Condition | None:
    """Return what it means that a query gives a row."""
    tables: dict[str, str] = {}
    conjuncts: list[Node] = list(extra)
    for item in select.get("fromClause", ()):
        if not _tables(item, tables, conjuncts):
            return None
    if not tables:
        return None
    if "whereClause" in select:
        _flatten(select["whereClause"], conjuncts)
    catalogs = [name for name in tables.values() if name in CATALOGS]
    if not catalogs:
        return _row_of(select) if len(tables) == 1 and not extra else None
    each = [_object_of(tables, catalogs, one, known) for one in _alternatives(conjuncts, catalogs)]
    found = [item for item in each if item is not None]
    if len(found) < len(each):
        return None
    return found[0] if len(found) == 1 else Or(tuple(found))


def _alternatives(conjuncts: list[Node], catalogs: list[str]) -> list[list[Node]]:
    """Return the conditions for each of the names that a query looks for: `relname IN ('a', 'b')`."""
    names = {CATALOGS[catalog].name for catalog in catalogs}
    for place, node in enumerate(conjuncts):
        body = node.get("A_Expr", {})
        items = body["rexpr"].get("List", {}).get("items", ()) if body.get("kind") == "AEXPR_IN" else ()
        if 1 < len(items) <= _MOST_NAMES and constant_text(body["name"][-1]) == "=" and _column(body["lexpr"]) in names:
            equal = ({"A_Expr": {**body, "kind": "AEXPR_OP", "rexpr": item}} for item in items)
            return [[*conjuncts[:place], one, *conjuncts[place + 1 :]] for one in equal]
    return [conjuncts]


def _object_of(
    tables: dict[str, str], catalogs: list[str], conjuncts: list[Node], known: KnownVariables
) -> Condition | None:
    facts = Facts(tables)
    for node in conjuncts:
        _note(node, facts, known)
    found = object_of(facts, catalogs)
    if found is None:
        return None
    return And((found, *map(Unknown, facts.rest))) if facts.rest else found


def _row_of(select: Node) -> Exists | None:
    """Return the test whether a table has a row, for a query on it alone."""
    table = select["fromClause"][0].get("RangeVar")
    if table is None or any(clause in select for clause in _CHOOSING):
        return None
    where = select.get("whereClause")
    return Exists("row", relation_name(table), where=None if where is None else expression(where, "", table["relname"]))


def _tables(item: Node, tables: dict[str, str], conjuncts: list[Node]) -> bool:
    ((kind, body),) = item.items()
    if kind == "RangeVar":
        name = str(relation_name(body))
        tables[alias_of(body) or body["relname"]] = name
        return True
    if kind == "JoinExpr" and body["jointype"] in {"JOIN_INNER", "JOIN_LEFT"}:
        if "quals" in body:
            _flatten(body["quals"], conjuncts)
        return _tables(body["larg"], tables, conjuncts) and _tables(body["rarg"], tables, conjuncts)
    return False


def _flatten(node: Node, conjuncts: list[Node]) -> None:
    body = node.get("BoolExpr")
    if body is not None and body["boolop"] == "AND_EXPR":
        for item in body["args"]:
            _flatten(item, conjuncts)
    else:
        conjuncts.append(node)


def _note(node: Node, facts: Facts, known: KnownVariables) -> None:
    """Record one conjunct; one that cannot be read remains in the text of the rest."""
    left, right = _equality(node)
    if left is None or right is None:
        column = _column(node)
        signed = _signed(node, known)
        if column in COLUMN_FACTS and signed is not None:
            facts.values[f":{column} {signed[0]}"] = Name(None, signed[1])
        elif column in COLUMN_FACTS | OBJECT_FACTS and (value := constant_of(node)) is not None:
            facts.values[f":{column}"] = Name(None, value)
        elif column is None or column not in HARMLESS_COLUMNS:
            facts.rest.append(walk(Walk(), node))
        return
    if _column(left) is None:
        left, right = right, left
    column = _column(left)
    if column is None:
        facts.rest.append(walk(Walk(), node))
    elif column not in HARMLESS_COLUMNS or column in DISTINGUISHING_COLUMNS:
        _note_equality(node, left, column, right, facts, known)


def _signed(node: Node, known: KnownVariables) -> tuple[str, str] | None:
    """Return the sign of a comparison that is none of equality, and the constant that a column is compared with.

    The constants of `IN` are one text, with `IN_MARK` between them.
    """
    opposite = node.get("BoolExpr", {}).get("boolop") == "NOT_EXPR"
    body = (node["BoolExpr"]["args"][0] if opposite else node).get("A_Expr", {})
    if "ColumnRef" not in body.get("lexpr", {}):
        return None
    sign = constant_text(body["name"][-1])
    if body["kind"] == "AEXPR_IN":
        texts = [constant_value(item, known) for item in body["rexpr"]["List"]["items"]]
        listed = IN_MARK.join(text for text in texts if text is not None)
        return None if None in texts else ("in" if (sign == "=") is not opposite else "not in", listed)
    text = constant_value(body["rexpr"], known) if body["kind"] == "AEXPR_OP" else None
    if opposite:
        sign = _OPPOSITES.get(sign, "")
    return (sign, text) if sign in {"<>", "<", ">", "<=", ">="} and text is not None else None


def _note_equality(node: Node, left: Node, column: str, right: Node, facts: Facts, known: KnownVariables) -> None:
    """Record that a column has a value; one that is compared with no constant remains in the text of the rest."""
    fields = _fields(left)
    key = f"{facts.owner(fields)}:{column}" if len(fields) > 1 else f":{column}"
    value = _value(right, known)
    if value is not None and not _is_text(left) and not _is_like(node) and _is_untyped(right):
        # A constant beside a name is a name, and no longer than names are.
        value = Name(value.schema, truncate(value.name))
    if value is not None:
        facts.values[key] = value
    elif not (_joins(column, _column(right)) if "ColumnRef" in right else _is_current_schema(right)):
        facts.rest.append(walk(Walk(), node))
    elif "ColumnRef" not in right and column.endswith(_SCHEMA_COLUMNS):
        facts.in_path = True


def _is_untyped(node: Node) -> bool:
    return "A_Const" in node or ("TypeCast" in node and type_of(node["TypeCast"]["typeName"]).name == "name")


def _is_text(node: Node) -> bool:
    """Whether a column is compared as a text, to the letter."""
    if "TypeCast" in node:
        return type_of(node["TypeCast"]["typeName"]).name in ("text", "varchar")
    return "FuncCall" in node


def _is_like(node: Node) -> bool:
    return node.get("A_Expr", {}).get("kind") in {"AEXPR_LIKE", "AEXPR_ILIKE"}


def _joins(left: str, right: str | None) -> bool:
    """Return whether two columns are equal because one table references the other."""
    return right is not None and ("oid" in {left, right} or left == right)


def _equality(node: Node) -> tuple[Node | None, Node | None]:
    body = node.get("A_Expr")
    if body is None:
        return None, None
    sign = constant_text(body["name"][-1])
    if body["kind"] == "AEXPR_OP" and sign == "=" and "lexpr" in body:
        return body["lexpr"], body["rexpr"]
    if body["kind"] == "AEXPR_IN" and sign == "=" and len(body["rexpr"]["List"]["items"]) == 1:
        return body["lexpr"], body["rexpr"]["List"]["items"][0]
    if body["kind"] == "AEXPR_OP_ANY" and sign == "=" and _is_current_schema(body["rexpr"]):
        return body["lexpr"], body["rexpr"]
    if body["kind"] in {"AEXPR_LIKE", "AEXPR_ILIKE"} and sign in {"~~", "~~*"}:
        pattern = body["rexpr"].get("A_Const", {}).get("sval", {}).get("sval", "%")
        # A name that is written out matches itself, whatever else its `_` may stand for.
        if "%" not in pattern:
            return body["lexpr"], body["rexpr"]
    return None, None


def _is_current_schema(node: Node) -> bool:
    body = node.get("FuncCall") or node.get("SQLValueFunction")
    if body is None:
        return "TypeCast" in node and _is_current_schema(node["TypeCast"]["arg"])
    if "op" in body:
        return body["op"] in {"SVFOP_CURRENT_SCHEMA", "SVFOP_CURRENT_CATALOG"}
    return constant_text(body["funcname"][-1]) in _CURRENT_SCHEMA | {"current_database"}


def _fields(node: Node) -> list[Node]:
    while True:
        ((kind, body),) = node.items()
        if kind == "ColumnRef":
            fields: list[Node] = body["fields"]
            return fields
        if kind in {"TypeCast", "CollateClause"}:
            node = body["arg"]
        elif kind in {"FuncCall", "BoolExpr"} and len(body.get("args", ())) == 1:
            node = body["args"][0]  # lower(x), NOT x
        elif kind == "A_Expr" and "lexpr" in body:
            node = body["lexpr"]
        elif kind in {"NullTest", "BooleanTest"}:
            node = body["arg"]
        else:
            return []


def _column(node: Node) -> str | None:
    fields = _fields(node)
    return constant_text(fields[-1]) if fields else None


def _value(node: Node, known: KnownVariables) -> Name | None:
    """Return a constant as a name: `'t'::regclass` is read as the engine reads it, a text to the letter."""
    if "SubLink" in node and node["SubLink"]["subLinkType"] == "EXPR_SUBLINK":
        found = rows_of(node["SubLink"]["subselect"].get("SelectStmt", {}), known)
        return found.name if isinstance(found, Exists) else None
    wanted = looked_up(node["FuncCall"], known) if "FuncCall" in node else None
    if wanted is not None:
        return wanted.name
    text = constant_value(node, known)
    if text is None:
        return None
    inner = node
    while "TypeCast" in inner:
        if constant_text(inner["TypeCast"]["typeName"]["names"][-1]).startswith("reg"):
            return sequence_name(text.partition("(")[0])
        inner = inner["TypeCast"]["arg"]
    return Name(None, text)
