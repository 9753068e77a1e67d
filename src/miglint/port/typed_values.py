"""What PostgreSQL computes from typed values, and SQLite from texts and numbers: in trees of sqlglot.

SQLite keeps times, documents and arrays as texts, truth values as numbers, and divides whole numbers as such whatever
the column's type is. Where an operator would give another result than in PostgreSQL, its operands are converted, or
it is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from miglint.port.choices import ARRAY
from miglint.port.json_values import built, member, text_of_value
from miglint.port.trees import Node, TranslationError, inserted_values
from miglint.port.truth_values import truth_case, truth_word
from miglint.port.value_kinds import (
    BOOLEAN,
    BYTES,
    CLOCK,
    CONVERTED,
    DATE,
    DOCUMENT,
    EXACT,
    INTEGER,
    INTERVAL,
    LABEL,
    NUMBERS,
    REAL,
    TEXT,
    TIME,
    ValueKinds,
)
from miglint.sql.type_input import truth_of

_KINDS: dict[Any, str] = {
    exp.DataType.Type.BOOLEAN: BOOLEAN,
    **dict.fromkeys(exp.DataType.INTEGER_TYPES, INTEGER),
    **dict.fromkeys(exp.DataType.TEXT_TYPES, TEXT),
    **dict.fromkeys(exp.DataType.REAL_TYPES, REAL),
    exp.DataType.Type.DECIMAL: EXACT,
    exp.DataType.Type.TIMESTAMP: TIME,
    exp.DataType.Type.TIMESTAMPTZ: TIME,
    exp.DataType.Type.DATE: DATE,
    exp.DataType.Type.TIME: CLOCK,
    exp.DataType.Type.TIMETZ: CLOCK,
    exp.DataType.Type.INTERVAL: INTERVAL,
    exp.DataType.Type.JSON: DOCUMENT,
    exp.DataType.Type.JSONB: DOCUMENT,
    exp.DataType.Type.VARBINARY: BYTES,
    exp.DataType.Type.ARRAY: ARRAY,
}
_TIMES = frozenset({TIME, DATE, CLOCK})
_COLLECTIONS = frozenset({DOCUMENT, ARRAY, NUMBERS})
_NOW = (exp.CurrentTimestamp, exp.Localtimestamp)


def with_types(tree: Node, kinds: ValueKinds) -> Node:
    """Return a tree of PostgreSQL in which operators on typed values are such of SQLite. Raises `TranslationError`."""
    for node in [*tree.find_all(exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ)]:
        _compared(node, kinds)
    for node in [*tree.find_all(exp.Insert)]:
        _inserted(node, kinds)
    for node in [*tree.find_all(exp.Update)]:
        _assigned(node, kinds)
    holder = exp.Paren(this=tree)
    # From the leaves: the kind of a node is that of what it is made from, before that is rewritten.
    nodes = [*holder.dfs()][1:]
    known = {id(node): kind_of(node, kinds) for node in nodes}
    for node in reversed(nodes):
        change = _CHANGES.get(type(node))
        if change is not None:
            new = change(node, lambda one: known.get(id(one)))
            if new is not node:
                known[id(new)] = known.get(id(node))
                node.replace(new)
    return holder.this.pop()


def kind_of(node: Node, kinds: ValueKinds) -> str | None:
    """Return the kind of the values of an expression of PostgreSQL; None if it is not known."""
    while isinstance(node, (exp.Paren, exp.Neg, exp.Alias, exp.Max, exp.Min)):
        node = node.this
    found: str | None = None
    if isinstance(node, exp.Column):
        found = kinds.of(node.name)
    elif isinstance(node, exp.Cast):
        to = node.args.get("to")
        found = _KINDS.get(to.this) if isinstance(to, exp.DataType) else None
    elif isinstance(node, (exp.Predicate, exp.Connector, exp.Not, exp.Boolean)):
        found = BOOLEAN
    elif isinstance(node, exp.Interval):
        found = INTERVAL
    elif isinstance(node, (*_NOW, exp.TimestampTrunc, exp.UnixToTime, exp.AtTimeZone)) or node.name.lower() == "now":
        found = TIME
    elif isinstance(node, exp.CurrentDate):
        found = DATE
    elif isinstance(node, exp.JSONExtract):
        found = DOCUMENT
    elif isinstance(node, (exp.JSONExtractScalar, exp.JSONBExtractScalar, exp.DPipe)):
        found = TEXT
    elif isinstance(node, exp.Array):
        found = ARRAY
    elif isinstance(node, exp.Literal) and not node.is_string:
        found = EXACT if "." in node.name else INTEGER
    elif isinstance(node, exp.Coalesce):
        found = kind_of(node.this, kinds)
    elif isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Div)):
        found = _of_arithmetic(kind_of(node.this, kinds), kind_of(node.expression, kinds))
    return found


def _of_arithmetic(left: str | None, right: str | None) -> str | None:
    if left in _TIMES or right in _TIMES:
        return INTEGER if left == right == DATE else left if right == INTERVAL else None
    return next((kind for kind in (REAL, EXACT, INTEGER) if kind in (left, right)), None)


_KindOf = Callable[[Node], str | None]


def _converted(node: Node, kind: str | None) -> None:
    """Give a constant the type that PostgreSQL gives it, so that it is stored in the form of SQLite."""
    if kind is None or kind not in CONVERTED or not isinstance(node, exp.Literal) or not node.is_string:
        return
    if kind == BOOLEAN and truth_of(node.name) is None:
        return
    node.replace(exp.Cast(this=node.copy(), to=exp.DataType.build(CONVERTED[kind], dialect="postgres")))


def _compared(node: Node, kinds: ValueKinds) -> None:
    """Convert a constant that is compared with a column, or that a column is set to."""
    for one, other in ((node.this, node.expression), (node.expression, node.this)):
        if isinstance(one, exp.Column):
            _converted(other, kinds.of(one.name))


def _assigned(node: Node, kinds: ValueKinds) -> None:
    """Round what a column of whole numbers is set to, as PostgreSQL does."""
    for item in node.expressions:
        if isinstance(item, exp.EQ) and isinstance(item.this, exp.Column) and kinds.of(item.this.name) == INTEGER:
            value = item.expression
            if kind_of(value, kinds) in (EXACT, REAL):
                whole = exp.DataType.build("bigint", dialect="postgres")
                value.replace(exp.Cast(this=exp.Paren(this=value.copy()), to=whole))


def _inserted(node: Node, kinds: ValueKinds) -> None:
    for column, value in [*inserted_values(node, kinds.tables)]:
        _converted(value, kinds.of(column))


def _subtraction(node: Node, kind: _KindOf) -> Node:
    left, right = kind(node.this), kind(node.expression)
    if left in _COLLECTIONS:
        key = node.expression
        if left == DOCUMENT and isinstance(key, exp.Literal) and key.is_string and '"' not in key.name:
            path = exp.Literal.string(f'$."{key.name}"')
            return exp.Anonymous(this="json_remove", expressions=[node.this.copy(), path])
        raise TranslationError(f"- on {_called(left)} has no equivalent")
    if left == right == DATE:
        days = [exp.Anonymous(this="julianday", expressions=[one.copy()]) for one in (node.this, node.expression)]
        return exp.Cast(this=exp.Sub(this=days[0], expression=days[1]), to=exp.DataType.build("int"))
    return _moved_time(node, left, right, "-")


def _addition(node: Node, kind: _KindOf) -> Node:
    return _moved_time(node, kind(node.this), kind(node.expression), "+")


def _moved_time(node: Node, left: str | None, right: str | None, sign: str) -> Node:
    if left not in _TIMES and right not in _TIMES:
        return node
    days = node.expression
    if left == DATE and isinstance(days, exp.Literal) and not days.is_string and days.name.isdecimal():
        moved = exp.Literal.string(f"{sign}{days.name} days")
        return exp.Anonymous(this="date", expressions=[node.this.copy(), moved])
    if right == INTERVAL and isinstance(node.expression, (exp.Interval, exp.Cast)):
        # A constant interval, which is written as a modifier.
        return node
    raise TranslationError(f"{sign} on times has no equivalent")


def _concatenation(node: Node, kind: _KindOf) -> Node:
    found = next((one for one in (kind(node.this), kind(node.expression)) if one in _COLLECTIONS | {BYTES}), None)
    if found is not None:
        raise TranslationError(f"|| on {_called(found)} has no equivalent")
    for part in (node.this, node.expression):
        if kind(part) == BOOLEAN:
            part.replace(exp.Paren(this=truth_word(part)))
    return node


def _called(kind: str) -> str:
    return {DOCUMENT: "documents", BYTES: "byte strings"}.get(kind, "arrays")


def _division(node: Node, kind: _KindOf) -> Node:
    """Return a division that keeps the fraction where PostgreSQL does."""
    found = kind(node.this), kind(node.expression)
    if not {EXACT, REAL} & set(found):
        return node
    number = exp.Cast(this=node.this.copy(), to=exp.DataType.build("real", dialect="postgres"))
    return exp.Div(this=number, expression=node.expression.copy(), typed=True, safe=False)


def _remainder(node: Node, kind: _KindOf) -> Node:
    if {EXACT, REAL} & {kind(node.this), kind(node.expression)}:
        raise TranslationError("% on numbers with a fraction has no equivalent")
    return node


def _ranked(node: Node, kind: _KindOf) -> Node:
    """Refuse what depends on the order of labels, which are texts in SQLite."""
    parts = (node.this, node.args.get("expression"), node.args.get("low"))
    if any(part is not None and kind(part) == LABEL for part in parts):
        raise TranslationError("the order of an enum's labels has no equivalent")
    return node


def _cast(node: Node, kind: _KindOf) -> Node:
    """Return a cast whose value is not that of the column as SQLite keeps it."""
    to = node.args.get("to")
    if not isinstance(to, exp.DataType) or isinstance(node.this, (exp.Literal, exp.Null, exp.Boolean)):
        return node
    source, target = kind(node.this), _KINDS.get(to.this)
    inner = node.this.copy()
    for form in (_time_as, _number_as, _truth_as):
        made = form(inner, source, target, to)
        if made is not None:
            return made
    if target == TEXT and to.expressions and source == TEXT:
        length = to.expressions[0].this.copy()
        return exp.Anonymous(this="substr", expressions=[inner, exp.Literal.number("1"), length])
    return node


def _time_as(inner: Node, source: str | None, target: str | None, to: Node) -> Node | None:
    """Return a part of a time as text, whatever the zone is that it is written with: date() knows few forms."""
    if source == TIME and target in (DATE, CLOCK):
        place = (1, 10) if target == DATE else (12, 8)
        return exp.Anonymous(this="substr", expressions=[inner, *map(exp.Literal.number, place)])
    if source in (None, TEXT) and target == DATE and isinstance(inner, (exp.Column, exp.Func)):
        return exp.Anonymous(this="substr", expressions=[inner, *map(exp.Literal.number, (1, 10))])
    if source == DATE and target == TIME:
        return exp.DPipe(this=inner, expression=exp.Literal.string(" 00:00:00"))
    return None


def _number_as(inner: Node, source: str | None, target: str | None, to: Node) -> Node | None:
    """Return a number that is rounded as PostgreSQL does."""
    if source in (EXACT, REAL) and target == INTEGER:
        return exp.Cast(this=exp.Anonymous(this="round", expressions=[inner]), to=to.copy())
    if source in (EXACT, REAL, INTEGER) and target == EXACT and len(to.expressions) == 2:
        return exp.Anonymous(this="round", expressions=[inner, to.expressions[1].this.copy()])
    return None


def _truth_as(inner: Node, source: str | None, target: str | None, to: Node) -> Node | None:
    """Return a truth value, or the word for one."""
    if source == target == BOOLEAN:
        return inner
    if target == BOOLEAN and source == INTEGER:
        return exp.NEQ(this=inner, expression=exp.Literal.number("0"))
    if target == BOOLEAN and source == TEXT:
        return truth_case(inner)
    return truth_word(inner) if target == TEXT and source == BOOLEAN else None


def _contained(node: Node, kind: _KindOf) -> Node:
    raise TranslationError("the operators of documents and arrays have no equivalent")


def _key_there(node: Node, kind: _KindOf) -> Node:
    """Return the condition that a document has a key."""
    key = node.expression
    if isinstance(key, exp.Literal) and key.is_string and '"' not in key.name and kind(node.this) == DOCUMENT:
        found = exp.Anonymous(this="json_type", expressions=[node.this.copy(), exp.Literal.string(f'$."{key.name}"')])
        return exp.Paren(this=exp.Not(this=exp.Is(this=found, expression=exp.Null())))
    return _contained(node, kind)


_CHANGES: dict[type[Any], Callable[[Node, _KindOf], Node]] = {
    exp.Sub: _subtraction,
    exp.Add: _addition,
    exp.DPipe: _concatenation,
    exp.Div: _division,
    exp.Cast: _cast,
    exp.Mod: _remainder,
    **dict.fromkeys((exp.LT, exp.GT, exp.LTE, exp.GTE, exp.Between, exp.Max, exp.Min, exp.Ordered), _ranked),
    exp.JSONExtractScalar: text_of_value,
    exp.JSONBExtractScalar: text_of_value,
    exp.Anonymous: built,
    exp.JSONArray: built,
    exp.JSONKeyValue: member,
    exp.JSONBContains: _contained,
    exp.ArrayContainsAll: _contained,
    exp.ArrayContainedBy: _contained,
    exp.ArrayOverlaps: _contained,
    exp.JSONBContainsTopKey: _key_there,
    exp.JSONBContainsAnyTopKeys: _contained,
    exp.JSONBContainsAllTopKeys: _contained,
}
