"""Conditions of `IF`: do they test whether an object exists?

A condition is converted to `Exists` if the query looks up an object by name in a catalog, combined by `And`, `Or` and
`Not`. Anything else becomes `Unknown`, with its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from miglint.base.identifiers import truncate
from miglint.sql.operations import And, Condition, Exists, Name, Not, Or, Unknown
from miglint.sql.postgres.canonical import walk
from miglint.sql.postgres.catalog import CATALOGS, COLUMN_FACTS, HARMLESS_COLUMNS
from miglint.sql.postgres.constants import NotConstantError, evaluate
from miglint.sql.postgres.facts import DISTINGUISHING_COLUMNS, Facts, constant_of, object_of
from miglint.sql.postgres.names import Node, constant_text, relation_name, sequence_name, type_of
from miglint.sql.postgres.scalars import compared, of_version, tested
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
_SCHEMA_COLUMNS = ("nspname", "schema", "schemaname", "namespace")
_CURRENT_SCHEMA = frozenset({"current_schema", "current_schemas"})
_AT_LEAST_ONE = frozenset({(">", "0"), (">=", "1"), ("<>", "0"), ("=", "1")})
_NONE_AT_ALL = frozenset({("=", "0"), ("<", "1"), ("<=", "0")})


class KnownVariables(NamedTuple):
    """What is known of variables: constant texts, and the nodes that they were assigned."""

    texts: Mapping[str, str]
    nodes: Mapping[str, Node]


def condition(node: Node, known: KnownVariables) -> Condition:
    """Return the condition of a boolean expression."""
    ((kind, body),) = node.items()
    if kind == "BoolExpr":
        parts = tuple(condition(item, known) for item in body["args"])
        if body["boolop"] == "NOT_EXPR":
            return negated(parts[0])
        return And(parts) if body["boolop"] == "AND_EXPR" else Or(parts)
    found = _simple_condition(kind, body, known)
    return found if found is not None else Unknown(walk(Walk(), node))


def _simple_condition(kind: str, body: Node, known: KnownVariables) -> Condition | None:
    """Return the condition of an expression without AND and OR; None if it is not understood."""
    match kind:
        case "SubLink":
            return _sublink(body, known)
        case "NullTest":
            return _null_test(body, known)
        case "A_Expr":
            return _comparison(body, known)
        case "ColumnRef" if len(body["fields"]) == 1:
            assigned = known.nodes.get(constant_text(body["fields"][0]))
            return _assigned(assigned, known) if assigned is not None else None
        case "A_Const" if "boolval" in body:
            return And(()) if body["boolval"].get("boolval") else Or(())
        case "BooleanTest" if body["booltesttype"] in {"IS_TRUE", "IS_FALSE", "IS_NOT_TRUE"}:
            inner = condition(body["arg"], known)
            return inner if body["booltesttype"] == "IS_TRUE" else negated(inner)
        case _:
            return None


def negated(inner: Condition) -> Condition:
    """Return the opposite of a condition."""
    if isinstance(inner, Not):
        return inner.condition
    return inner if isinstance(inner, Unknown) and inner.text.startswith("not ") else Not(inner)


def _assigned(node: Node, known: KnownVariables) -> Condition | None:
    """Return the condition that a boolean variable holds: `found`, or the result of `SELECT EXISTS (...) INTO v`."""
    if "Found" in node:
        return rows_of(node["Found"], known)
    body = node.get("SelectStmt")
    if body is None:
        return condition(node, known)
    targets = body.get("targetList", ())
    if len(targets) == 1 and "fromClause" not in body:
        return condition(targets[0]["ResTarget"]["val"], known)
    # `SELECT true INTO v FROM pg_class WHERE ...` is NULL, and so not true, without a row.
    if len(targets) == 1 and _is_true(targets[0]["ResTarget"]["val"]):
        return rows_of(body, known)
    counted = _counted(node, known)
    return counted or tested(body, lambda query, extra: rows_of(query, known, extra))


def _is_true(node: Node) -> bool:
    return bool(node.get("A_Const", {}).get("boolval", {}).get("boolval", False))


def _sublink(body: Node, known: KnownVariables) -> Condition | None:
    kind = body["subLinkType"]
    select = body["subselect"].get("SelectStmt", {})
    if kind == "EXISTS_SUBLINK":
        return rows_of(select, known)
    if kind == "ANY_SUBLINK" and "operName" not in body:
        # 'x' IN (SELECT relname FROM pg_class WHERE ...)
        targets = select.get("targetList", ())
        if len(targets) == 1:
            equal = {"A_Expr": {"kind": "AEXPR_OP", "name": [{"String": {"sval": "="}}]}}
            equal["A_Expr"].update(lexpr=targets[0]["ResTarget"]["val"], rexpr=body["testexpr"])
            return rows_of(select, known, (equal,))
    if kind == "EXPR_SUBLINK":
        return _assigned({"SelectStmt": select}, known)
    return None


def _null_test(body: Node, known: KnownVariables) -> Condition | None:
    found = _found_by(body["arg"], known)
    if found is None:
        return None
    return Not(found) if body["nulltesttype"] == "IS_NULL" else found


def _found_by(argument: Node, known: KnownVariables) -> Condition | None:
    """Return the object or the rows that exist where an expression is not null, or None."""
    if "FuncCall" in argument or ("TypeCast" in argument and "FuncCall" in argument["TypeCast"]["arg"]):
        return _lookup((argument if "FuncCall" in argument else argument["TypeCast"]["arg"])["FuncCall"], known)
    if "SubLink" in argument and argument["SubLink"]["subLinkType"] == "EXPR_SUBLINK":
        return rows_of(argument["SubLink"]["subselect"].get("SelectStmt", {}), known)
    if "ColumnRef" in argument:
        assigned = known.nodes.get(constant_text(argument["ColumnRef"]["fields"][0]), {})
        if "SelectStmt" in assigned and "fromClause" in assigned["SelectStmt"]:
            return rows_of(assigned["SelectStmt"], known)
        if "FuncCall" in assigned or "TypeCast" in assigned:
            return _found_by(assigned, known)
    return None


def _lookup(call: Node, known: KnownVariables) -> Exists | None:
    """Return the object that `to_regclass` or its like looks for."""
    kind = _LOOKUPS.get(constant_text(call["funcname"][-1]))
    text = _text(call["args"][0], known) if kind and call.get("args") else None
    name = sequence_name(text.partition("(")[0]) if text else None
    return Exists(kind, name) if kind and name else None


def _comparison(body: Node, known: KnownVariables) -> Condition | None:
    """Read `(SELECT count(*) ...) = 0` and the like."""
    if body["kind"] != "AEXPR_OP" or "lexpr" not in body:
        return None
    counted = _counted(body["lexpr"], known)
    if counted is None:
        return of_version(body) or _compared(body, known)
    sign = (constant_text(body["name"][-1]), _text(body["rexpr"], known) or "")
    if sign in _AT_LEAST_ONE or sign[1] in {"true", "t"}:
        return counted
    return Not(counted) if sign in _NONE_AT_ALL or sign[1] in {"false", "f"} else None


def _compared(body: Node, known: KnownVariables) -> Condition | None:
    """Read `(SELECT data_type FROM ...) = 'text'`, and the same of a variable that has the value of a query."""
    node = body["lexpr"]
    if "ColumnRef" in node:
        node = known.nodes.get(constant_text(node["ColumnRef"]["fields"][0]), {})
    elif "SubLink" in node and node["SubLink"]["subLinkType"] == "EXPR_SUBLINK":
        node = node["SubLink"]["subselect"]
    select = node.get("SelectStmt")
    return None if select is None else compared(body, select, lambda query, extra: rows_of(query, known, extra))


def _counted(node: Node, known: KnownVariables) -> Condition | None:
    """Return what it means that the count which a node gives is not zero."""
    if "ColumnRef" in node:
        assigned = known.nodes.get(constant_text(node["ColumnRef"]["fields"][0]))
        return _counted(assigned, known) if assigned is not None else None
    if "SubLink" in node and node["SubLink"]["subLinkType"] == "EXPR_SUBLINK":
        node = node["SubLink"]["subselect"]
    body = node.get("SelectStmt", {})
    targets = body.get("targetList", ())
    if len(targets) != 1:
        return None
    call = targets[0]["ResTarget"]["val"].get("FuncCall", {})
    if not call or constant_text(call["funcname"][-1]) != "count" or "groupClause" in body:
        return None
    return rows_of(body, known)


def _text(node: Node, known: KnownVariables) -> str | None:
    try:
        return evaluate(node, known.texts)
    except NotConstantError:
        return None


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
        names = list(tables.values())
        schema, _, name = names[0].rpartition(".")
        return Exists("row", Name(schema or None, name)) if len(names) == 1 else None
    facts = Facts(tables)
    for node in conjuncts:
        _note(node, facts, known)
    found = object_of(facts, catalogs)
    if found is None:
        return None
    return And((found, *map(Unknown, facts.rest))) if facts.rest else found


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
        elif column in COLUMN_FACTS and (value := constant_of(node)) is not None:
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
    """Return the sign of a comparison that is none of equality, and the constant that a column is compared with."""
    body = node.get("A_Expr", {})
    if body.get("kind") != "AEXPR_OP" or "ColumnRef" not in body.get("lexpr", {}):
        return None
    sign, text = constant_text(body["name"][-1]), _text(body["rexpr"], known)
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
    looked_up = _lookup(node["FuncCall"], known) if "FuncCall" in node else None
    if looked_up is not None:
        return looked_up.name
    text = _text(node, known)
    if text is None:
        return None
    inner = node
    while "TypeCast" in inner:
        if constant_text(inner["TypeCast"]["typeName"]["names"][-1]).startswith("reg"):
            return sequence_name(text.partition("(")[0])
        inner = inner["TypeCast"]["arg"]
    return Name(None, text)
