"""Canonical form of expressions: the same text for all spellings that PostgreSQL stores alike.

One traversal of the parse tree writes that text and collects the names used. `NODES` maps each kind of node to the
function that writes it; other kinds are written by `generic`, which is correct for any node, if verbose. The
normalization follows `pg_get_expr` and `pg_get_constraintdef`, which add the parser's casts, write `IN` as `= ANY
(ARRAY[...])` and `BETWEEN` as two comparisons, and negative numbers as casts of strings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from miglint.sql.any_arguments import ANY_ARGUMENTS
from miglint.sql.operations import Name
from miglint.sql.postgres.casts import folded_cast, with_own_cast
from miglint.sql.postgres.names import Node, qualified, relation_name, type_of
from miglint.sql.postgres.scopes import Walk, is_alone, use_all, use_plain, use_qualified
from miglint.sql.shown_names import shown_name

_ARITHMETIC = frozenset({"+", "-", "*", "/", "%"})
_SEQUENCE_FUNCTIONS = frozenset({"nextval", "currval", "setval", "pg_get_serial_sequence"})


Writer = Callable[[Walk, Node], str]


def walk(state: Walk, node: Node) -> str:
    """Return the canonical text of a node."""
    for name, body in node.items():
        writer = NODES.get(name)
        return writer(state, body) if writer is not None else generic(state, name, body)
    return ""


def walk_list(state: Walk, nodes: list[Node] | None) -> str:
    """Return the canonical texts of nodes, separated by commas."""
    return ", ".join([walk(state, node) for node in nodes]) if nodes else ""


def generic(state: Walk, name: str, body: Node) -> str:
    """Write any node: its type and all its fields except locations."""
    parts = [f"{key}={field(state, key, value)}" for key, value in body.items() if key != "location"]
    return f"{name}({', '.join(parts)})"


def field(state: Walk, key: str, value: Any) -> str:
    """Write the value of a field: a node, a bare struct, a list, or a plain value."""
    if type(value) is dict:
        if key in BARE:
            return BARE[key](state, value)
        first = next(iter(value), "")
        return walk(state, value) if first[:1].isupper() else generic(state, key, value)
    if type(value) is list:
        return "[" + ", ".join([field(state, key, item) for item in value]) + "]"
    return quote(value) if type(value) is str else str(value)


def quote(text: str) -> str:
    """Write a string literal."""
    return "'" + text.replace("'", "''") + "'"


def operator(nodes: list[Node]) -> str:
    """Return an operator's name, without `pg_catalog`."""
    name = qualified(nodes)
    return name.name if name.schema is None else f"{name.schema}.{name.name}"


def _column(state: Walk, body: Node) -> str:
    fields = body["fields"]
    last = fields[-1]
    if "String" not in last:
        use_all(state, fields[-2]["String"]["sval"] if len(fields) > 1 else None)
        return ".".join([shown_name(part["String"]["sval"]) for part in fields[:-1]] + ["*"])
    column: str = last["String"]["sval"]
    if len(fields) == 1:
        if state.scopes:
            use_plain(state, column)
        else:
            state.columns[column] = None
        return shown_name(column)
    qualifier: str = fields[-2]["String"]["sval"]
    if state.scopes:
        use_qualified(state, qualifier, column)
        if is_alone(state, qualifier):
            return shown_name(column)
    elif qualifier == state.own:
        state.columns[column] = None
        return shown_name(column)
    elif state.own is None or qualifier in state.rows:
        state.columns[column] = None
    return ".".join([shown_name(part["String"]["sval"]) for part in fields])


def _constant(state: Walk, body: Node) -> str:
    if "ival" in body:
        return str(body["ival"].get("ival", 0))
    if "sval" in body:
        return quote(body["sval"].get("sval", ""))
    if "boolval" in body:
        return "true" if body["boolval"].get("boolval") else "false"
    if "fval" in body:
        return str(body["fval"]["fval"])
    if "bsval" in body:
        return f"bit {quote(body['bsval'].get('bsval', ''))}"
    return "null"


def _cast(state: Walk, body: Node) -> str:
    spelled = type_of(body["typeName"])
    name = spelled.name
    state.types[Name(spelled.schema, name)] = None
    argument = body["arg"]
    text = walk(state, argument)
    if text == "null":
        return text
    if not spelled.args:
        folded = folded_cast(state, text, argument, spelled)
        if folded is not None:
            return folded
    return f"{text}::{spelled}"


_COMPARISONS = {"AEXPR_OP", "AEXPR_LIKE", "AEXPR_ILIKE", "AEXPR_SIMILAR"}


def _expression(state: Walk, body: Node) -> str:
    kind = body["kind"]
    left = walk(state, body["lexpr"]) if "lexpr" in body else ""
    if kind in _COMPARISONS:
        right = walk(state, body["rexpr"])
        name = body["name"]
        sign = name[0]["String"]["sval"] if len(name) == 1 else operator(name)
        if sign in _ARITHMETIC:
            left, right = left and with_own_cast(body["lexpr"], left), with_own_cast(body["rexpr"], right)
        return f"({left} {sign} {right})" if left else f"({sign} {right})"
    right_node = body["rexpr"]
    sign = operator(body["name"])
    if kind == "AEXPR_IN":
        items = right_node["List"]["items"]
        if len(items) == 1:
            return f"({left} {sign} {walk(state, items[0])})"
        word = "any" if sign == "=" else "all"
        return f"({left} {sign} {word} (array[{walk_list(state, items)}]))"
    if kind in {"AEXPR_OP_ANY", "AEXPR_OP_ALL"}:
        return f"({left} {sign} {kind[9:].lower()} ({walk(state, right_node)}))"
    if "BETWEEN" in kind:
        low, high = (walk(state, item) for item in right_node["List"]["items"])
        return _between(kind, left, low, high)
    right = walk(state, right_node)
    if kind == "AEXPR_DISTINCT":
        return f"({left} is distinct from {right})"
    if kind == "AEXPR_NOT_DISTINCT":
        return f"(not ({left} is distinct from {right}))"
    return f"{kind[6:].lower()}({left}, {right})"


def _between(kind: str, left: str, low: str, high: str) -> str:
    if kind == "AEXPR_BETWEEN":
        return f"(({left} >= {low}) and ({left} <= {high}))"
    if kind == "AEXPR_NOT_BETWEEN":
        return f"(({left} < {low}) or ({left} > {high}))"
    if kind == "AEXPR_BETWEEN_SYM":
        return f"((({left} >= {low}) and ({left} <= {high})) or (({left} >= {high}) and ({left} <= {low})))"
    return f"((({left} < {low}) or ({left} > {high})) and (({left} < {high}) or ({left} > {low})))"


def _boolean(state: Walk, body: Node) -> str:
    kind = body["boolop"]
    arguments = body["args"]
    if kind == "NOT_EXPR":
        return f"(not {walk(state, arguments[0])})"
    word = " and " if kind == "AND_EXPR" else " or "
    return "(" + word.join([_operand(state, kind, node) for node in arguments]) + ")"


def _operand(state: Walk, kind: str, node: Node) -> str:
    """Write an operand of AND or OR; nested ones of the same kind are flattened, as in deparsing."""
    text = walk(state, node)
    inner = node.get("BoolExpr")
    if (inner is not None and inner["boolop"] == kind) or (
        kind == "AND_EXPR" and node.get("A_Expr", {}).get("kind") == "AEXPR_BETWEEN"
    ):
        return text[1:-1]
    return text


def _null_test(state: Walk, body: Node) -> str:
    word = "is null" if body["nulltesttype"] == "IS_NULL" else "is not null"
    return f"({walk(state, body['arg'])} {word})"


def _boolean_test(state: Walk, body: Node) -> str:
    return f"({walk(state, body['arg'])} {body['booltesttype'].lower().replace('_', ' ')})"


def function_name(state: Walk, nodes: list[Node]) -> Name:
    """Return a function's name, and record it."""
    name = qualified(nodes)
    state.functions[name] = None
    return name


def _call(state: Walk, body: Node) -> str:
    name = function_name(state, body["funcname"])
    arguments = body.get("args")
    if name.name in _SEQUENCE_FUNCTIONS and arguments:
        texts = [_without_cast(state, arguments[0]), *[walk(state, node) for node in arguments[1:]]]
    else:
        texts = [walk(state, node) for node in arguments] if arguments else []
        if arguments and name.name in ANY_ARGUMENTS:
            texts = [with_own_cast(node, text) for node, text in zip(arguments, texts, strict=True)]
    if body.get("agg_star"):
        texts.append("*")
    prefix = "distinct " if body.get("agg_distinct") else "variadic " if body.get("func_variadic") else ""
    text = f"{name}({prefix}{', '.join(texts)}"
    if len(body) > 3:
        if "agg_order" in body:
            text += f" order by {walk_list(state, body['agg_order'])}"
        if body.get("agg_within_group"):
            text += " within group"
        if "agg_filter" in body:
            text += f") filter (where {walk(state, body['agg_filter'])}"
        if "over" in body:
            text += f") over ({generic(state, 'window', body['over'])}"
    return text + ")"


def _without_cast(state: Walk, node: Node) -> str:
    cast = node.get("TypeCast")
    return walk(state, cast["arg"] if cast is not None else node)


def _value_function(state: Walk, body: Node) -> str:
    name = body["op"][6:].lower()
    if name.endswith("_n"):
        return f"{name[:-2]}({body.get('typmod', 0)})"
    return str(name)


def _case(state: Walk, body: Node) -> str:
    text = "case"
    if "arg" in body:
        text += " " + walk(state, body["arg"])
    for node in body["args"]:
        branch = node["CaseWhen"]
        text += f" when {walk(state, branch['expr'])} then {walk(state, branch['result'])}"
    if "defresult" in body:
        default = walk(state, body["defresult"])
        if default != "null":
            text += f" else {default}"
    return f"({text} end)"


def _array(state: Walk, body: Node) -> str:
    return f"array[{walk_list(state, body.get('elements'))}]"


def _row(state: Walk, body: Node) -> str:
    return f"row({walk_list(state, body.get('args'))})"


def _coalesce(state: Walk, body: Node) -> str:
    return f"coalesce({walk_list(state, body.get('args'))})"


def _extreme(state: Walk, body: Node) -> str:
    return f"{body['op'][3:].lower()}({walk_list(state, body.get('args'))})"


def _collate(state: Walk, body: Node) -> str:
    name = qualified(body["collname"])
    argument = walk(state, body["arg"]) if "arg" in body else ""
    return f'({argument} collate "{name.name}")'


def _indirection(state: Walk, body: Node) -> str:
    text = f"({walk(state, body['arg'])})"
    for node in body["indirection"]:
        if "String" in node:
            text += "." + node["String"]["sval"]
        elif "A_Star" in node:
            text += ".*"
        else:
            index = node["A_Indices"]
            parts = [walk(state, index[side]) if side in index else "" for side in ("lidx", "uidx")]
            text += f"[{':'.join(parts) if index.get('is_slice') else parts[1]}]"
    return text


def _string(state: Walk, body: Node) -> str:
    return quote(body.get("sval", ""))


def _star(state: Walk, body: Node) -> str:
    return "*"


def _list(state: Walk, body: Node) -> str:
    return f"({walk_list(state, body.get('items'))})"


def type_text(state: Walk, body: Node) -> str:
    """Write a type, and record its name."""
    spelled = type_of(body)
    state.types[Name(spelled.schema, spelled.name)] = None
    return str(spelled)


def note_relation(state: Walk, body: Node) -> Name:
    """Return the relation of a `RangeVar`; record it unless it is a name of the query itself."""
    name = relation_name(body)
    if name.schema is None and any(name.name in scope.ctes for scope in state.scopes):
        return name
    state.relations[name] = None
    return name


def _relation(state: Walk, body: Node) -> str:
    return str(note_relation(state, body))


NODES: dict[str, Writer] = {
    "ColumnRef": _column,
    "A_Const": _constant,
    "TypeCast": _cast,
    "A_Expr": _expression,
    "BoolExpr": _boolean,
    "NullTest": _null_test,
    "BooleanTest": _boolean_test,
    "FuncCall": _call,
    "SQLValueFunction": _value_function,
    "CaseExpr": _case,
    "A_ArrayExpr": _array,
    "RowExpr": _row,
    "CoalesceExpr": _coalesce,
    "MinMaxExpr": _extreme,
    "CollateClause": _collate,
    "A_Indirection": _indirection,
    "String": _string,
    "A_Star": _star,
    "List": _list,
    "TypeName": type_text,
    "RangeVar": _relation,
}
BARE: dict[str, Writer] = {
    "typeName": type_text,
    "argType": type_text,
    "returnType": type_text,
    "relation": _relation,
}
