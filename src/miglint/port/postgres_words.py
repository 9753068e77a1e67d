"""What PostgreSQL writes in other words than SQLite, in the trees of sqlglot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from miglint.port.trees import Node, TranslationError

# A random identifier of version 4 in its usual form.
_RANDOM_UUID = (
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || "
    "substr('89ab', 1 + (abs(random()) % 4), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
)
_RANDOM = frozenset({"gen_random_uuid", "uuid_generate_v4"})
_NOW = frozenset({"now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "localtimestamp"})
_TEXTS = exp.DataType.TEXT_TYPES | {exp.DataType.Type.UUID, exp.DataType.Type.INET, exp.DataType.Type.XML}
_INTEGERS = exp.DataType.INTEGER_TYPES
_REALS = exp.DataType.REAL_TYPES
_DOCUMENTS = frozenset({exp.DataType.Type.JSON, exp.DataType.Type.JSONB})
_TIMES = exp.DataType.TEMPORAL_TYPES


def rewrite(node: Node) -> Node:
    """Return what SQLite has for a node of a tree. Raises `TranslationError`."""
    change = _REWRITES.get(type(node))
    return node if change is None else change(node)


def _cast_constant(inner: exp.Literal, word: object) -> Node | None:
    """Return a constant of a type that SQLite stores in another form; None for other types."""
    if word == exp.DataType.Type.BOOLEAN:
        truth = inner.name.strip().lower()
        return exp.Boolean(this=truth in ("1", "t", "true", "y", "yes", "on"))
    if inner.is_string and word in _INTEGERS | _REALS:
        return _number(inner)
    return _bytes(inner) if word == exp.DataType.Type.VARBINARY else None


def _cast(node: Node) -> Node:
    inner, kind = node.this, node.args["to"]
    if not isinstance(kind, exp.DataType):
        raise TranslationError(f"a cast to {kind} has no equivalent")
    word = kind.this
    if word == exp.DataType.Type.ARRAY:
        return _array_of(inner)
    constant = isinstance(inner, (exp.Literal, exp.Null, exp.Boolean))
    if isinstance(inner, exp.Literal) and (value := _cast_constant(inner, word)) is not None:
        return value
    if constant or word in _DOCUMENTS | _TIMES or word == exp.DataType.Type.USERDEFINED:
        # Constants are stored as they are written, times and documents as text.
        return inner
    if word in _TEXTS:
        if isinstance(inner, exp.Uuid) or inner.name.lower() in _RANDOM:
            return inner
        return exp.Cast(this=inner, to=exp.DataType.build("text"))
    if word in _INTEGERS or word == exp.DataType.Type.BOOLEAN:
        return exp.Cast(this=inner, to=exp.DataType.build("int", dialect="sqlite"))
    if word in _REALS:
        return exp.Cast(this=inner, to=exp.DataType.build("real", dialect="sqlite"))
    raise TranslationError(f"a cast to {kind.sql('postgres')} has no equivalent")


def _bytes(inner: exp.Literal) -> Node:
    digits = inner.name.removeprefix("\\x")
    if digits == inner.name and inner.name:
        raise TranslationError("a bytea constant that is not in hexadecimal has no equivalent")
    return exp.HexString(this=digits)


def _number(inner: exp.Literal) -> Node:
    text = inner.name.strip()
    try:
        float(text)
    except ValueError:
        return inner
    negative = text.startswith("-")
    number = exp.Literal.number(text.lstrip("+-"))
    return exp.Neg(this=number) if negative else number


def _array_of(inner: Node) -> Node:
    """Return an array as a document."""
    import json

    if isinstance(inner, exp.Array):
        return _array(inner)
    text = inner.name if isinstance(inner, exp.Literal) and inner.is_string else None
    if text is not None and text[:1] == "{" and text[-1:] == "}" and not set('\\"{}') & set(text[1:-1]):
        parts = [part.strip() for part in text[1:-1].split(",")] if text[1:-1].strip() else []
        return exp.Literal.string(json.dumps(parts))
    raise TranslationError("an array has no equivalent")


def _array(node: Node) -> Node:
    import json

    parts = []
    for item in node.expressions:
        if not isinstance(item, exp.Literal):
            raise TranslationError("an array of expressions has no equivalent")
        parts.append(item.name if item.is_string else float(item.name) if "." in item.name else int(item.name))
    return exp.Literal.string(json.dumps(parts))


def _equal(node: Node) -> Node:
    """Return `a IN (...)` for `a = ANY (ARRAY[...])`."""
    right = node.expression
    if not isinstance(right, exp.Any):
        return node
    inner = right.this.unnest() if isinstance(right.this, exp.Paren) else right.this
    # Children are rewritten after their parents: the array is as it was written.
    while isinstance(inner, exp.Cast):
        inner = inner.this
        inner = inner.unnest() if isinstance(inner, exp.Paren) else inner
    if isinstance(inner, exp.Array):
        return exp.In(this=node.this, expressions=inner.expressions)
    if isinstance(inner, exp.Literal) and inner.is_string:
        import json

        values = json.loads(_array_of(inner).name)
        return exp.In(this=node.this, expressions=[exp.Literal.string(str(value)) for value in values])
    raise TranslationError("= ANY over an array has no equivalent")


def _zone(node: Node) -> Node:
    zone = node.args.get("zone")
    if zone is not None and zone.name.lower() in ("utc", "gmt", "z"):
        return node.this
    raise TranslationError("AT TIME ZONE has no equivalent")


def _escaped(node: Node) -> Node:
    """Return an `E''` constant with its escapes resolved."""
    text = node.this if isinstance(node.this, str) else node.this.name
    plain = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
    found, place = [], 0
    while place < len(text):
        if text[place] == "\\" and place + 1 < len(text):
            follower = text[place + 1]
            if follower.isdigit() or follower in "xuU":
                raise TranslationError("a numeric escape in a string has no equivalent")
            found.append(plain.get(follower, follower))
            place += 2
        else:
            found.append(text[place])
            place += 1
    return exp.Literal.string("".join(found))


def _subtracted(node: Node) -> Node:
    return _moved(node, "-")


def _added(node: Node) -> Node:
    return _moved(node, "+")


def _moved(node: Node, sign: str) -> Node:
    """Return `datetime(a, '-1 day')` for `a - interval '1 day'`."""
    right = node.expression
    if isinstance(right, exp.Cast) and right.args["to"].this == exp.DataType.Type.INTERVAL:
        right = exp.Interval(this=right.this)
    if not isinstance(right, exp.Interval):
        return node
    amount = right.this.name if right.this is not None else ""
    unit = right.args.get("unit")
    words = f"{amount} {unit.name if unit is not None else ''}".lower().split()
    if len(words) == 2 and words[0].lstrip("+-").isdigit():
        words[1] = words[1].rstrip("s")
        if words[1] == "week":
            words = [str(7 * int(words[0])), "day"]
        if words[1] in ("second", "minute", "hour", "day", "month", "year"):
            moved = exp.Literal.string(f"{sign}{words[0]} {words[1]}s")
            return exp.Anonymous(this="datetime", expressions=[node.this, moved])
    raise TranslationError(f"interval {amount!r} has no equivalent")


def _interval(node: Node) -> Node:
    raise TranslationError("an interval has no equivalent")


def _anonymous(node: Node) -> Node:
    word = node.name.lower()
    if word in _NOW:
        return exp.CurrentTimestamp()
    if word in _RANDOM:
        return _random()
    if word in ("nextval", "currval", "setval", "lastval"):
        raise TranslationError("SQLite has no sequences")
    if word in ("char_length", "character_length"):
        return exp.Length(this=node.expressions[0])
    if word == "jsonb_array_length" and len(node.expressions) == 1:
        return exp.Anonymous(this="json_array_length", expressions=node.expressions)
    return node


def _random() -> Node:
    import sqlglot

    return sqlglot.parse_one(_RANDOM_UUID, read="sqlite")


def _uuid(node: Node) -> Node:
    return _random()


def _time(node: Node) -> Node:
    return exp.CurrentTimestamp()


def _extract(node: Node) -> Node:
    if node.name.lower() == "epoch":
        return exp.Anonymous(this="unixepoch", expressions=[node.expression])
    form = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S"}
    found = form.get(node.name.lower())
    if found is None:
        raise TranslationError(f"extract({node.name}) has no equivalent")
    text = exp.Anonymous(this="strftime", expressions=[exp.Literal.string(found), node.expression])
    return exp.Cast(this=text, to=exp.DataType.build("int", dialect="sqlite"))


def _like(node: Node) -> Node:
    # LIKE of SQLite does not tell upper from lower case.
    return exp.Like(this=node.this, expression=node.expression)


def _no_pattern(node: Node) -> Node:
    raise TranslationError("SQLite has no regular expressions")


def _truncate(node: Node) -> Node:
    names = node.expressions
    if len(names) != 1:
        raise TranslationError("TRUNCATE of several tables has no equivalent")
    return exp.Delete(this=names[0])


def _ordered(node: Node) -> Node:
    return exp.Ordered(this=node.this, desc=node.args.get("desc"), nulls_first=not node.args.get("desc"))


def _conflict(node: Node) -> Node:
    # The keys of a conflict have no order.
    keys = [item.this if isinstance(item, exp.Ordered) else item for item in node.args.get("conflict_keys") or ()]
    node.set("conflict_keys", keys or None)
    if node.args.get("constraint") is not None:
        raise TranslationError("ON CONFLICT ON CONSTRAINT has no equivalent")
    return node


def _delete(node: Node) -> Node:
    if node.args.get("using"):
        raise TranslationError("DELETE ... USING has no equivalent")
    return node


def _common_table(node: Node) -> Node:
    if isinstance(node.this, (exp.Insert, exp.Update, exp.Delete, exp.Merge)):
        raise TranslationError("a WITH query that changes rows has no equivalent")
    return node


_REWRITES: dict[type[Any], Callable[[Node], Node]] = {
    exp.CTE: _common_table,
    exp.Cast: _cast,
    exp.Array: _array,
    exp.EQ: _equal,
    exp.AtTimeZone: _zone,
    exp.ByteString: _escaped,
    exp.Sub: _subtracted,
    exp.Add: _added,
    exp.Interval: _interval,
    exp.Anonymous: _anonymous,
    exp.Uuid: _uuid,
    exp.CurrentTimestamp: _time,
    exp.Localtimestamp: _time,
    exp.Extract: _extract,
    exp.ILike: _like,
    exp.RegexpLike: _no_pattern,
    exp.RegexpILike: _no_pattern,
    exp.SimilarTo: _no_pattern,
    exp.TruncateTable: _truncate,
    exp.OnConflict: _conflict,
    exp.Delete: _delete,
}
