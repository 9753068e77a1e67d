"""What PostgreSQL writes in other words than SQLite, in the trees of sqlglot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from miglint.base.digits import whole_number
from miglint.port.json_values import extracted, extracted_text, json_path
from miglint.port.like_patterns import escape, exact_like, folding_like
from miglint.port.random_values import number_below_one, random_uuid
from miglint.port.text_functions import formatted, left, right, shortened, split_part, substring
from miglint.port.trees import Node, TranslationError
from miglint.sql.type_input import truth_of

_RANDOM = frozenset({"gen_random_uuid", "uuid_generate_v4"})
_NOW = frozenset({"now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "localtimestamp"})
_TEXTS = exp.DataType.TEXT_TYPES | {exp.DataType.Type.UUID, exp.DataType.Type.INET, exp.DataType.Type.XML}
_INTEGERS = exp.DataType.INTEGER_TYPES
_REALS = exp.DataType.REAL_TYPES
_DOCUMENTS = frozenset({exp.DataType.Type.JSON, exp.DataType.Type.JSONB})
_TIMES = exp.DataType.TEMPORAL_TYPES
_LIMITED = frozenset({exp.DataType.Type.VARCHAR, exp.DataType.Type.CHAR})
_FUNCTIONS = {
    "jsonb_array_length": "json_array_length",
    **dict.fromkeys(("jsonb_build_object", "json_build_object"), "json_object"),
    **dict.fromkeys(("jsonb_build_array", "json_build_array"), "json_array"),
    **dict.fromkeys(("jsonb_agg", "json_agg"), "json_group_array"),
    "jsonb_typeof": "json_type",
}


def rewrite(node: Node) -> Node:
    """Return what SQLite has for a node of a tree. Raises `TranslationError`."""
    change = _REWRITES.get(type(node))
    return node if change is None else change(node)


def _cast_constant(inner: exp.Literal, word: object) -> Node | None:
    """Return a constant of a type that SQLite stores in another form; None for other types."""
    if word == exp.DataType.Type.BOOLEAN:
        return exp.Boolean(this=bool(truth_of(inner.name) if inner.is_string else inner.name.strip("0")))
    if not inner.is_string and word in _INTEGERS and "." in inner.name:
        return exp.Literal.number(str(int(float(inner.name) + 0.5)))
    if inner.is_string and word in _INTEGERS | _REALS:
        return _number(inner)
    return _bytes(inner) if word == exp.DataType.Type.VARBINARY else None


def _cast(node: Node) -> Node:
    inner, kind = node.this, node.args["to"]
    if not isinstance(kind, exp.DataType):
        raise TranslationError(f"a cast to {kind} has no equivalent")
    word = kind.this
    if word == exp.DataType.Type.ARRAY:
        return _array_of(inner, next(iter(kind.expressions), None))
    constant = isinstance(inner, (exp.Literal, exp.Null, exp.Boolean))
    if isinstance(inner, exp.Literal) and inner.is_string and word in _LIMITED:
        return shortened(inner, kind)
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


def _element(text: str, *, of_numbers: bool) -> object:
    """Return an element of an array that is written as a string."""
    if text.upper() == "NULL":
        return None
    if not of_numbers:
        return text
    try:
        return whole_number(text)
    except ValueError:
        return float(text)


def _array_of(inner: Node, kind: Node | None = None) -> Node:
    """Return an array as a document; `kind` is the type of its elements."""
    of_numbers = kind is not None and kind.this in _INTEGERS | _REALS | {exp.DataType.Type.DECIMAL}
    import json

    if isinstance(inner, exp.Array):
        return _array(inner)
    text = inner.name if isinstance(inner, exp.Literal) and inner.is_string else None
    if text is not None and text[:1] == "{" and text[-1:] == "}" and not set('\\"{}') & set(text[1:-1]):
        parts = [part.strip() for part in text[1:-1].split(",")] if text[1:-1].strip() else []
        return exp.Literal.string(json.dumps([_element(part, of_numbers=of_numbers) for part in parts]))
    raise TranslationError("an array has no equivalent")


def _array(node: Node) -> Node:
    import json

    parts = []
    for item in node.expressions:
        if not isinstance(item, exp.Literal):
            raise TranslationError("an array of expressions has no equivalent")
        parts.append(item.name if item.is_string else float(item.name) if "." in item.name else whole_number(item.name))
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


def _unequal(node: Node) -> Node:
    """Return `NOT a IN (...)` for `a <> ALL (ARRAY[...])`."""
    right = node.expression
    if not isinstance(right, exp.Anonymous) or right.name.lower() != "all":
        return node
    inner = right.expressions[0] if len(right.expressions) == 1 else None
    found = exp.EQ(this=node.this.copy(), expression=exp.Any(this=inner)) if inner is not None else node
    made = _equal(found)
    return exp.Not(this=made) if isinstance(made, exp.In) else node


def _parameter(node: Node) -> Node:
    raise TranslationError(f"{node.sql('postgres')} has no equivalent")


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
            if follower.isdecimal() or follower in "xuU":
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
    if len(words) == 2 and words[0].lstrip("+-").isdecimal():
        words[1] = words[1].rstrip("s")
        if words[1] == "week":
            words = [str(7 * whole_number(words[0])), "day"]
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
        return random_uuid()
    if word in ("nextval", "currval", "setval", "lastval"):
        raise TranslationError("SQLite has no sequences")
    if word in ("char_length", "character_length"):
        return exp.Length(this=node.expressions[0])
    if word in _FUNCTIONS and node.name != _FUNCTIONS[word]:
        return exp.Anonymous(this=_FUNCTIONS[word], expressions=node.expressions)
    if word == "jsonb_set" and len(node.expressions) == 3:
        document, path, value = node.expressions
        made = exp.Anonymous(this="json", expressions=[value])
        return exp.Anonymous(this="json_set", expressions=[document, json_path(path), made])
    return node


def _concat(node: Node) -> Node:
    """Return `a || b`, where concat() of PostgreSQL takes NULL for an empty string."""
    parts = [
        part if isinstance(part, exp.Literal) else exp.Coalesce(this=part, expressions=[exp.Literal.string("")])
        for part in (item.this if isinstance(item, exp.Coalesce) else item for item in node.expressions)
    ]
    found: Node = parts[0]
    for part in parts[1:]:
        found = exp.DPipe(this=found, expression=part)
    return exp.Paren(this=found)


def _unicode(node: Node) -> Node:
    raise TranslationError("a string with Unicode escapes has no equivalent")


def _unix_time(node: Node) -> Node:
    return exp.Anonymous(this="datetime", expressions=[node.this, exp.Literal.string("unixepoch")])


def _truncated_time(node: Node) -> Node:
    unit = node.args["unit"].name.lower()
    if unit in ("day", "month", "year"):
        return exp.Anonymous(this="datetime", expressions=[node.this, exp.Literal.string(f"start of {unit}")])
    form = {"hour": "%Y-%m-%d %H:00:00", "minute": "%Y-%m-%d %H:%M:00", "second": "%Y-%m-%d %H:%M:%S"}.get(unit)
    if form is None:
        raise TranslationError(f"date_trunc({unit!r}) has no equivalent")
    return exp.Anonymous(this="strftime", expressions=[exp.Literal.string(form), node.this])


def _uuid(node: Node) -> Node:
    return random_uuid()


def _time(node: Node) -> Node:
    return exp.CurrentTimestamp()


def _extract(node: Node) -> Node:
    if node.name.lower() == "epoch":
        seconds = exp.Anonymous(this="strftime", expressions=[exp.Literal.string("%s"), node.expression])
        return exp.Cast(this=seconds, to=exp.DataType.build("int", dialect="sqlite"))
    form = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S"}
    form |= {"dow": "%w", "doy": "%j"}
    found = form.get(node.name.lower())
    if found is None:
        raise TranslationError(f"extract({node.name}) has no equivalent")
    text = exp.Anonymous(this="strftime", expressions=[exp.Literal.string(found), node.expression])
    return exp.Cast(this=text, to=exp.DataType.build("int", dialect="sqlite"))


def _no_pattern(node: Node) -> Node:
    raise TranslationError("SQLite has no regular expressions")


def _truncate(node: Node) -> Node:
    names = node.expressions
    if len(names) != 1:
        raise TranslationError("TRUNCATE of several tables has no equivalent")
    return exp.Delete(this=names[0])


def _conflict(node: Node) -> Node:
    # The keys of a conflict have no order.
    keys = [item.this if isinstance(item, exp.Ordered) else item for item in node.args.get("conflict_keys") or ()]
    node.set("conflict_keys", keys or None)
    if node.args.get("constraint") is not None:
        raise TranslationError("ON CONFLICT ON CONSTRAINT has no equivalent")
    return node


def _delete(node: Node) -> Node:
    """Return `WHERE EXISTS` for `USING`."""
    using = node.args.get("using")
    if not using:
        return node
    if any(isinstance(item, exp.Returning) and item.expressions for item in node.args.values()):
        raise TranslationError("DELETE ... USING with RETURNING has no equivalent")
    made = node.copy()
    query = exp.Select(expressions=[exp.Literal.number("1")])
    query.set("from_" if "from_" in exp.Select.arg_types else "from", exp.From(this=made.args["using"][0]))
    for other in made.args["using"][1:]:
        query.append("joins", exp.Join(this=other))
    query.set("where", made.args.get("where"))
    made.set("using", None)
    made.set("where", exp.Where(this=exp.Exists(this=query)))
    return made


def _insert(node: Node) -> Node:
    """Return an INSERT whose conflict clause is not taken for the condition of a join."""
    query = node.expression
    if node.args.get("conflict") is not None and isinstance(query, exp.Select) and query.args.get("where") is None:
        query.set("where", exp.Where(this=exp.true()))
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
    exp.ILike: folding_like,
    exp.Like: exact_like,
    exp.Escape: escape,
    exp.Left: left,
    exp.Right: right,
    exp.Substring: substring,
    exp.SplitPart: split_part,
    exp.Format: formatted,
    exp.Parameter: _parameter,
    exp.NEQ: _unequal,
    exp.Concat: _concat,
    exp.Rand: number_below_one,
    exp.UnicodeString: _unicode,
    exp.UnixToTime: _unix_time,
    exp.TimestampTrunc: _truncated_time,
    exp.JSONBExtractScalar: extracted,
    exp.JSONExtractScalar: extracted_text,
    exp.Insert: _insert,
    exp.RegexpLike: _no_pattern,
    exp.RegexpILike: _no_pattern,
    exp.SimilarTo: _no_pattern,
    exp.TruncateTable: _truncate,
    exp.OnConflict: _conflict,
    exp.Delete: _delete,
}
