"""What SQLite writes in other words than PostgreSQL, in the trees of sqlglot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from miglint.port.trees import Node, TranslationError

_UNITS = frozenset({"second", "minute", "hour", "day", "month", "year"})


# Functions that PostgreSQL does not have, or has with another meaning.
_ONLY_SQLITE = frozenset(
    f"{kind}_{word}"
    for kind in ("json", "jsonb")
    for word in (
        "set",
        "insert",
        "replace",
        "remove",
        "patch",
        "valid",
        "type",
        "quote",
        "group_object",
        "each",
        "tree",
    )
) | frozenset(
    {"typeof", "total", "unicode", "char", "soundex", "glob", "like", "likely", "unlikely", "likelihood"}
    | {"sqlite_version", "sqlite_source_id", "total_changes", "zeroblob", "timediff"}
)


def rewrite(node: Node) -> Node:
    """Return what PostgreSQL has for a node of a tree. Raises `TranslationError`."""
    if isinstance(node, exp.Func):
        word = node.name.lower() if isinstance(node, exp.Anonymous) else node.sql_name().lower()
        if word in _ONLY_SQLITE:
            raise TranslationError(f"{word}() has no equivalent")
    change = _REWRITES.get(type(node))
    return node if change is None else change(node)


def _anonymous(node: Node) -> Node:
    word = node.name.lower()
    arguments = node.expressions
    if word in ("randomblob", "zeroblob", "hex", "unhex", "quote", "printf", "last_insert_rowid", "changes", "instr"):
        if word == "hex" and _is_random(node):
            return exp.Anonymous(this="gen_random_uuid")
        raise TranslationError(f"{word}() has no equivalent")
    if word in ("datetime", "strftime", "unixepoch", "julianday"):
        return _time_of(word, arguments)
    if word == "ifnull" and len(arguments) == 2:
        return exp.Coalesce(this=arguments[0], expressions=[arguments[1]])
    if word == "json_array_length":
        return exp.Anonymous(this="jsonb_array_length", expressions=arguments)
    return node


_SECONDS: tuple[tuple[str, list[str]], ...] = (
    ("unixepoch", []),
    ("unixepoch", ["now"]),
    ("strftime", ["%s"]),
    ("strftime", ["%s", "now"]),
)


def _time_of(word: str, arguments: list[Node]) -> Node:
    texts = [item.name for item in arguments if isinstance(item, exp.Literal) and item.is_string]
    if len(texts) != len(arguments):
        raise TranslationError(f"{word}() over a column has no equivalent")
    if word == "datetime" and texts in ([], ["now"]):
        return exp.CurrentTimestamp()
    if word == "datetime" and texts[0] == "now":
        return _moved(exp.CurrentTimestamp(), texts[1:])
    if (word, texts) in _SECONDS:
        return exp.Cast(
            this=exp.Extract(this=exp.var("epoch"), expression=exp.CurrentTimestamp()),
            to=exp.DataType.build("bigint", dialect="postgres"),
        )
    if word == "strftime" and len(texts) == 2 and texts[1] == "now":
        return exp.CurrentTimestamp()
    raise TranslationError(f"{word}({', '.join(map(repr, texts))}) has no equivalent")


def _moved(node: Node, modifiers: list[str]) -> Node:
    """Return a time that is moved by modifiers: `-1 day`."""
    for text in modifiers:
        words = text.strip().lower().split()
        if len(words) != 2 or not words[0].lstrip("+-").isdecimal() or words[1].rstrip("s") not in _UNITS:
            raise TranslationError(f"the modifier {text!r} of a time has no equivalent")
        amount = exp.Interval(this=exp.Literal.string(f"{words[0].lstrip('+-')} {words[1]}"))
        node = (exp.Sub if words[0].startswith("-") else exp.Add)(this=node, expression=amount)
    return node


def _cast(node: Node) -> Node:
    """Return a cast to whole numbers of 64 bits, as SQLite has them."""
    kind = node.args["to"]
    if not isinstance(kind, exp.DataType) or kind.this != exp.DataType.Type.INT:
        return node
    changed = node.copy()
    changed.set("to", exp.DataType.build("bigint", dialect="postgres"))
    return changed


def _conflict(node: Node) -> Node:
    """Return a conflict clause whose columns say that they are the table's: EXCLUDED has the same ones."""
    insert = node.parent
    while insert is not None and not isinstance(insert, exp.Insert):
        insert = insert.parent
    target = None if insert is None else insert.this.this if isinstance(insert.this, exp.Schema) else insert.this
    # The keys of a conflict have no order.
    keys = [item.this if isinstance(item, exp.Ordered) else item for item in node.args.get("conflict_keys") or ()]
    node.set("conflict_keys", keys or None)
    if target is None:
        return node
    name = target.alias or target.name
    sides = [item.expression for item in node.expressions if isinstance(item, exp.EQ)]
    for side in (*sides, node.args.get("where")):
        for column in () if side is None else [*side.find_all(exp.Column)]:
            if not column.table and column.find_ancestor(exp.Select) is None:
                column.set("table", exp.to_identifier(name))
    return node


def _written_time(node: Node) -> Node:
    """Return the present time for `strftime(..., 'now')`, which the reader takes for a time as text."""
    inner, form = node.this, node.args.get("format")
    while isinstance(inner, (exp.Cast, exp.TsOrDsToTimestamp)):
        inner = inner.this
    if not isinstance(inner, exp.Literal) or inner.name.lower() != "now" or form is None:
        raise TranslationError("strftime() over a column has no equivalent")
    return _time_of("strftime", [form.copy(), exp.Literal.string("now")])


def _is_random(node: Node) -> bool:
    inner = node.expressions[0] if node.expressions else None
    return isinstance(inner, exp.Anonymous) and inner.name.lower() == "randomblob"


def _hex(node: Node) -> Node:
    raise TranslationError("hex() has no equivalent")


def _unhex(node: Node) -> Node:
    """Return the bytes of a constant; of other texts, SQLite makes NULL where PostgreSQL raises an error."""
    value = node.this
    digits = value.name if isinstance(value, exp.Literal) and value.is_string and node.expression is None else ""
    if not digits or len(digits) % 2 or not all(char in "0123456789abcdefABCDEF" for char in digits):
        raise TranslationError("unhex() has no equivalent")
    return _blob(value)


def _lower(node: Node) -> Node:
    """Return a random identifier for the usual way in which SQLite makes one."""
    if "randomblob" in node.sql(dialect="sqlite").lower():
        return exp.Cast(this=exp.Anonymous(this="gen_random_uuid"), to=exp.DataType.build("text"))
    return node


def _substring(node: Node) -> Node:
    """Return `right()` for a part that is counted from the end."""
    start = node.args.get("start")
    if not isinstance(start, exp.Neg):
        return node
    if node.args.get("length") is not None:
        raise TranslationError("substr() from the end has no equivalent")
    return exp.Anonymous(this="right", expressions=[node.this, start.this])


def _document(node: Node) -> Node:
    """Return `json_build_object()`: PostgreSQL has json_object() with pairs since 16 only."""
    parts: list[Node] = []
    for item in node.expressions:
        if not isinstance(item, exp.JSONKeyValue):
            raise TranslationError("json_object() of this form has no equivalent")
        parts += [item.this, item.expression]
    return exp.Anonymous(this="json_build_object", expressions=parts)


def _random(node: Node) -> Node:
    raise TranslationError("random() has no equivalent")


def _like(node: Node) -> Node:
    """Return ILIKE: LIKE of SQLite is case-insensitive."""
    pattern = node.expression
    if isinstance(pattern, exp.Literal) and not any(char.lower() != char.upper() for char in pattern.name):
        return node
    return exp.ILike(this=node.this, expression=pattern)


def _division(node: Node) -> Node:
    """Return a division by a number as it is, which sqlglot guards against zero."""
    if isinstance(node.expression, exp.Literal) and node.expression.name.strip("0.") and node.args.get("safe"):
        return exp.Div(this=node.this, expression=node.expression, typed=True, safe=False)
    return node


def _glob(node: Node) -> Node:
    raise TranslationError("GLOB has no equivalent")


def _blob(node: Node) -> Node:
    return exp.Cast(this=exp.Literal.string("\\x" + node.name), to=exp.DataType.build("bytea", dialect="postgres"))


def _insert(node: Node) -> Node:
    """Return `ON CONFLICT DO NOTHING` for `INSERT OR IGNORE`."""
    action = node.args.get("alternative")
    if action is None:
        return node
    if str(action).upper() != "IGNORE":
        raise TranslationError(f"INSERT OR {str(action).upper()} has no equivalent")
    changed = node.copy()
    changed.set("alternative", None)
    changed.set("conflict", exp.OnConflict(action=exp.var("DO NOTHING")))
    return changed


_REWRITES: dict[type[Any], Callable[[Node], Node]] = {
    exp.Anonymous: _anonymous,
    exp.Lower: _lower,
    exp.LowerHex: _lower,
    exp.Hex: _hex,
    exp.Unhex: _unhex,
    exp.TimeToStr: _written_time,
    exp.Glob: _glob,
    exp.Substring: _substring,
    exp.Rand: _random,
    exp.JSONObject: _document,
    exp.Like: _like,
    exp.Div: _division,
    exp.HexString: _blob,
    exp.Insert: _insert,
    exp.Cast: _cast,
    exp.OnConflict: _conflict,
}
