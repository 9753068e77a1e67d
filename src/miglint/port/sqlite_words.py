"""What SQLite writes in other words than PostgreSQL, in the trees of sqlglot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from miglint.port.trees import Node, TranslationError

_TEXT = exp.DataType.Type.TEXT


def rewrite(node: Node) -> Node:
    """Return what PostgreSQL has for a node of a tree. Raises `TranslationError`."""
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


def _time_of(word: str, arguments: list[Node]) -> Node:
    texts = [item.name for item in arguments if isinstance(item, exp.Literal) and item.is_string]
    if len(texts) != len(arguments):
        raise TranslationError(f"{word}() over a column has no equivalent")
    if word == "datetime" and texts in ([], ["now"]):
        return exp.CurrentTimestamp()
    if (word == "unixepoch" and texts in ([], ["now"])) or (word == "strftime" and texts in (["%s"], ["%s", "now"])):
        return exp.Cast(
            this=exp.Extract(this=exp.var("epoch"), expression=exp.CurrentTimestamp()),
            to=exp.DataType.build("bigint", dialect="postgres"),
        )
    if word == "strftime" and len(texts) == 2 and texts[1] == "now":
        return exp.CurrentTimestamp()
    raise TranslationError(f"{word}({', '.join(map(repr, texts))}) has no equivalent")


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


def _lower(node: Node) -> Node:
    """Return a random identifier for the usual way in which SQLite makes one."""
    if "randomblob" in node.sql(dialect="sqlite").lower():
        return exp.Cast(this=exp.Anonymous(this="gen_random_uuid"), to=exp.DataType.build("text"))
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
    exp.TimeToStr: _written_time,
    exp.Glob: _glob,
    exp.HexString: _blob,
    exp.Insert: _insert,
}
