"""Expressions and queries as values, with their original text."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.sql.operations import Expression, Name, Query, Type
from miglint.sql.postgres import selects  # noqa: F401 - it registers how queries are written
from miglint.sql.postgres.canonical import quote, walk
from miglint.sql.postgres.casts import NUMBER, TEXT_TYPES
from miglint.sql.postgres.lexer import bracket_end, bracket_ends, clause_end
from miglint.sql.postgres.names import Node, constant_text, sequence_name, type_of, uncast
from miglint.sql.postgres.outputs import outputs
from miglint.sql.postgres.place import Place
from miglint.sql.postgres.scopes import VisibleRelations, Walk
from miglint.sql.type_input import truth_of

_LEFT_SIDES = {
    "A_Expr": "lexpr",
    "NullTest": "arg",
    "BooleanTest": "arg",
    "A_Indirection": "arg",
    "CollateClause": "arg",
    "SubLink": "testexpr",
    "JsonIsPredicate": "expr",
}


def expression(node: Node, text: str, own: str | None = None) -> Expression:
    """Return the expression of a node; `own` is the table that it belongs to."""
    constant = node.get("A_Const")
    if constant is not None:
        return Expression(walk(Walk(), node), text, literal=literal_of(node))
    state = Walk(own)
    key = walk(state, node)
    return Expression(
        key,
        text,
        tuple(state.columns),
        tuple(state.functions),
        tuple(state.types),
        tuple(state.relations),
        literal_of(node) if "TypeCast" in node else None,
        _sequence(node),
    )


def default_expression(node: Node, text: str, column_type: Type | None, own: str | None = None) -> Expression | None:
    """Return a column's default: None for NULL, which PostgreSQL does not store.

    A string constant takes the column's type, so that its cast to that type is redundant; one that spells an integer is
    that integer.
    """
    found = expression(node, text, own)
    if found.key == "null":
        return None
    value = found.literal
    if value is None:
        return found
    inner, cast = node, None
    while "TypeCast" in inner:
        cast = cast or type_of(inner["TypeCast"]["typeName"])
        inner = inner["TypeCast"]["arg"]
    if "sval" not in inner.get("A_Const", {}) or not _is_redundant_cast(cast, column_type):
        return found
    key = value if NUMBER.match(value) and (value == "0" or not value.startswith("0")) else quote(value)
    spelled = column_type or cast
    if spelled is not None and spelled.name == "bool" and not spelled.dimensions:
        key = {True: "true", False: "false", None: key}[truth_of(value)]
    return Expression(key, text, (), (), found.types, (), value, None)


def _is_redundant_cast(cast: Type | None, column_type: Type | None) -> bool:
    if cast is None or column_type is None:
        return True
    if cast.name in TEXT_TYPES and column_type.name in TEXT_TYPES:
        return True
    return cast.name == column_type.name and cast.dimensions == column_type.dimensions


def literal_of(node: Node) -> str | None:
    """Return the value of a constant, without casts; None for NULL and for other expressions."""
    node = uncast(node)
    constant = node.get("A_Const")
    return None if constant is None or constant.get("isnull") else constant_text(node)


def _sequence(node: Node) -> Name | None:
    call = node.get("FuncCall")
    if call is None or call["funcname"][-1]["String"]["sval"] != "nextval" or not call.get("args"):
        return None
    argument = call["args"][0]
    if "TypeCast" in argument and type_of(argument["TypeCast"]["typeName"]).name in TEXT_TYPES:
        # It is looked up when the default is computed.
        return None
    text = literal_of(argument)
    return sequence_name(text) if text else None


def leftmost(node: Node) -> int:
    """Return the byte at which an expression starts, without outer parentheses."""
    best = -1
    while True:
        ((kind, body),) = node.items()
        at = body.get("location", -1)
        if kind == "FuncCall" and body.get("funcformat") == "COERCE_SQL_SYNTAX":
            at = _first_place(at, *map(leftmost, body.get("args", ())))
        elif kind == "TypeCast":
            at = _first_place(at, body["typeName"].get("location", -1))
        if at >= 0 and (best < 0 or at < best):
            best = at
        if kind == "TypeCast":
            node = body["arg"]
        elif kind == "BoolExpr":
            # Of `a NOT IN (SELECT ...)` the operand comes first.
            node = body["args"][0]
        elif kind in _LEFT_SIDES and _LEFT_SIDES[kind] in body:
            node = body[_LEFT_SIDES[kind]]
        else:
            return best


def _first_place(*places: int) -> int:
    return min((place for place in places if place >= 0), default=-1)


def enclosed(place: Place, node: Node, floor: int = 0) -> str:
    """Return the text of an expression in its own parentheses, such as that of a CHECK.

    `floor` is the place behind the parenthesis of a list that it is in.
    """
    start = _outermost(place, node, floor)
    if start is None:
        return ""
    text = place.text
    if text[start] != "(":
        return text[start : clause_end(text, start, place.end)]
    return unwrapped(text[start : bracket_end(text, start, place.end)])


def trailing(place: Place, node: Node) -> str:
    """Return the text of an expression that extends to the end of its clause, such as that of a WHERE."""
    start = _outermost(place, node)
    return "" if start is None else place.text[start : clause_end(place.text, start, place.end, stop_at_comma=False)]


def _outermost(place: Place, node: Node, floor: int = 0) -> int | None:
    byte = leftmost(node)
    if byte < 0:
        return None
    start = here = place.char(byte)
    text = place.text
    while here > max(place.start, floor):
        here -= 1
        if text[here] == "(":
            start = here
        elif not text[here].isspace():
            break
    return start


def unwrapped(text: str) -> str:
    """Return the text without parentheses around the whole."""
    text = text.strip()
    start, end = 0, len(text)
    ends = bracket_ends(text, 0, end) if text.startswith("(") else {}
    while start < end and text[start] == "(" and ends.get(start) == end:
        start, end = start + 1, end - 1
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
    return text[start:end]


def query(node: Node, text: str, outer: Iterable[str] = ()) -> Query:
    """Return the query of a `SelectStmt` (the node with its name); `outer` are the names of outer CTEs."""
    state = Walk()
    if outer:
        scope = VisibleRelations()
        scope.ctes.update(outer)
        state.scopes.append(scope)
    key = walk(state, node)
    body = node.get("SelectStmt")
    names, stars = outputs(body) if body is not None else ((), ())
    return Query(
        key,
        text,
        tuple(state.relations),
        tuple(state.uses),
        tuple(state.functions),
        tuple(state.types),
        names,
        stars,
    )
