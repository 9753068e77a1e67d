"""Conditions of `IF`: do they test whether an object exists?

A condition is converted to `Exists` if the query looks up an object by name in a catalog, combined by `And`, `Or` and
`Not`. Anything else becomes `Unknown`, with its text.
"""

from __future__ import annotations

from itertools import combinations

from miglint.base.digits import whole_number
from miglint.sql.operations import And, Compared, Condition, Exists, Not, Or, Unknown
from miglint.sql.postgres.canonical import walk
from miglint.sql.postgres.catalog_rows import KnownVariables, constant_value, looked_up, rows_of
from miglint.sql.postgres.key_guards import key_condition
from miglint.sql.postgres.names import Node, constant_text
from miglint.sql.postgres.plpgsql_variables import expression_of
from miglint.sql.postgres.scalars import compared, of_version, tested
from miglint.sql.postgres.scopes import Walk

_AT_LEAST_ONE = frozenset({(">", "0"), (">=", "1"), ("<>", "0"), ("=", "1")})
_NONE_AT_ALL = frozenset({("=", "0"), ("<", "1"), ("<=", "0")})
# What says of a count of several that there is one at least, or none.
_CERTAIN = (_AT_LEAST_ONE | _NONE_AT_ALL) - {("=", "1")}

# Of so many objects each selection is tried.
_FEW = 4
_NO_VARIABLES = KnownVariables({}, {})


def condition_of(text: str) -> Condition | None:
    """Return the condition of a boolean expression without variables, or None if it cannot be parsed."""
    node = expression_of(text)
    return None if node is None else condition(node, _NO_VARIABLES)


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
    counted = _counted(node, known) or _count_test(body, known)
    return counted or tested(body, lambda query, extra: rows_of(query, known, extra))


def _count_test(body: Node, known: KnownVariables) -> Condition | None:
    """Read `SELECT count(*) <> 0 FROM ...`, which a boolean variable is given."""
    targets = body.get("targetList", ())
    test = targets[0]["ResTarget"]["val"].get("A_Expr", {}) if len(targets) == 1 else {}
    if test.get("kind") != "AEXPR_OP" or "FuncCall" not in test.get("lexpr", {}):
        return None
    counting = {**body, "targetList": [{"ResTarget": {"val": test["lexpr"]}}]}
    return _of_count(_counted({"SelectStmt": counting}, known), test, known)


def _of_count(counted: Condition | None, test: Node, known: KnownVariables) -> Condition | None:
    """Return what the comparison of a count with a constant means; `counted` is that it is not zero."""
    sign = (constant_text(test["name"][-1]), constant_value(test["rexpr"], known) or "")
    if counted is None:
        return None
    if isinstance(counted, Or) and sign[1] == str(len(counted.conditions)):
        # As many as are looked for, each of which there is once.
        every = And(counted.conditions)
        return every if sign[0] in {"=", ">="} else Not(every) if sign[0] in {"<>", "<"} else None
    if isinstance(counted, Or) and sign not in _CERTAIN:
        return _some_of(counted, sign)
    if sign in _AT_LEAST_ONE or sign[1] in {"true", "t"}:
        return counted
    return Not(counted) if sign in _NONE_AT_ALL or sign[1] in {"false", "f"} else None


def _some_of(counted: Or, sign: tuple[str, str]) -> Condition | None:
    """Return what it means that just so many of a few objects are there."""
    every = counted.conditions
    if sign[0] != "=" or not sign[1].isdecimal() or whole_number(sign[1]) >= len(every) or len(every) > _FEW:
        return None
    chosen = combinations(range(len(every)), whole_number(sign[1]))
    return Or(tuple(And(tuple(one if n in places else Not(one) for n, one in enumerate(every))) for places in chosen))


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
        return looked_up((argument if "FuncCall" in argument else argument["TypeCast"]["arg"])["FuncCall"], known)
    if "SubLink" in argument and argument["SubLink"]["subLinkType"] == "EXPR_SUBLINK":
        return rows_of(argument["SubLink"]["subselect"].get("SelectStmt", {}), known)
    if "ColumnRef" in argument:
        assigned = known.nodes.get(constant_text(argument["ColumnRef"]["fields"][0]), {})
        if "SelectStmt" in assigned and "fromClause" in assigned["SelectStmt"]:
            return rows_of(assigned["SelectStmt"], known)
        if "FuncCall" in assigned or "TypeCast" in assigned:
            return _found_by(assigned, known)
    return None


def _comparison(body: Node, known: KnownVariables) -> Condition | None:
    """Read `(SELECT count(*) ...) = 0` and the like."""
    key = key_condition(body, known)
    if key is not None:
        return key
    if body["kind"] in {"AEXPR_DISTINCT", "AEXPR_NOT_DISTINCT"}:
        return _distinct(body, known)
    if body["kind"] != "AEXPR_OP" or "lexpr" not in body:
        return None
    counted = _counted(body["lexpr"], known)
    if counted is None:
        return of_version(body) or _compared(body, known)
    return _of_count(counted, body, known)


def _distinct(body: Node, known: KnownVariables) -> Condition | None:
    """Read `(SELECT data_type FROM ...) IS DISTINCT FROM 'text'`: true without a row, too."""
    equal = {**body, "kind": "AEXPR_OP", "name": [{"String": {"sval": "="}}]}
    found = _compared(equal, known)
    if not isinstance(found, Compared) or found.test is None or "A_Const" not in body["rexpr"]:
        return None
    both = And((found.rows, found.test))
    return both if body["kind"] == "AEXPR_NOT_DISTINCT" else Not(both)


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
    found = rows_of(body, known)
    # What is counted may be NULL in the rows that are there.
    return None if isinstance(found, Exists) and found.kind == "row" and not call.get("agg_star") else found
