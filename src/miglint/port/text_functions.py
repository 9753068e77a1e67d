"""Functions on texts that PostgreSQL and SQLite have under the same name with another meaning, or one of them has."""

from __future__ import annotations

from sqlglot import exp

from miglint.base.digits import whole_number
from miglint.base.lazy_regex import pattern
from miglint.port.trees import Node, TranslationError

_PLAIN_FORMAT = pattern(r"(?:[^%]|%s|%%)*\Z")


def substring(node: Node) -> Node:
    """Return `substr()`; SQLite takes a pattern for 0, and a place before the first one for one from the end."""
    start = node.args.get("start")
    if isinstance(start, exp.Literal) and start.is_string:
        raise TranslationError("SQLite has no regular expressions")
    if isinstance(start, exp.Neg) or (isinstance(start, exp.Literal) and start.name == "0"):
        raise TranslationError("substring() from before the first place has no equivalent")
    return node


def left(node: Node) -> Node:
    """Return the first characters, or with a negative number all but the last ones."""
    number = _number(node, "left")
    length: Node = exp.Literal.number(str(number))
    if number < 0:
        rest = exp.Sub(this=exp.Length(this=node.this.copy()), expression=exp.Literal.number(str(-number)))
        length = exp.Anonymous(this="max", expressions=[rest, exp.Literal.number("0")])
    return exp.Anonymous(this="substr", expressions=[node.this, exp.Literal.number("1"), length])


def right(node: Node) -> Node:
    """Return the last characters, or with a negative number all but the first ones."""
    number = _number(node, "right")
    if number == 0:
        # substr() from 0 is the whole text.
        return exp.Anonymous(this="substr", expressions=[node.this, *map(exp.Literal.number, ("1", "0"))])
    first = exp.Literal.number(str(1 - number if number < 0 else number))
    return exp.Anonymous(this="substr", expressions=[node.this, first if number < 0 else exp.Neg(this=first)])


def _number(node: Node, word: str) -> int:
    """Return the number of characters that a call of left() or right() has as a constant."""
    number = node.expression
    digits = number.this if isinstance(number, exp.Neg) else number
    if not isinstance(digits, exp.Literal) or not digits.name.isdecimal():
        raise TranslationError(f"{word}() with a number that is not a constant has no equivalent")
    return -whole_number(digits.name) if digits is not number else whole_number(digits.name)


def split_part(node: Node) -> Node:
    """Return a part of a text as an element of the JSON array that the text becomes with `","` between the parts."""
    mark, place = node.args.get("delimiter"), node.args.get("part_index")
    text = mark.name if isinstance(mark, exp.Literal) and mark.is_string else ""
    number = place.name if isinstance(place, exp.Literal) and not place.is_string else ""
    # Letters and backslashes may be a part of an escape in JSON.
    if not text or any(char.isalnum() or char in '"\\' or ord(char) < 32 for char in text) or not number.isdecimal():
        raise TranslationError("split_part() of this form has no equivalent")
    quoted = exp.Anonymous(this="json_quote", expressions=[node.this.copy()])
    replaced = exp.Anonymous(this="replace", expressions=[quoted, exp.Literal.string(text), exp.Literal.string('","')])
    array = exp.DPipe(
        this=exp.DPipe(this=exp.Literal.string("["), expression=replaced), expression=exp.Literal.string("]")
    )
    path = exp.Literal.string(f"$[{whole_number(number) - 1}]")
    part = exp.Coalesce(
        this=exp.Anonymous(this="json_extract", expressions=[array, path]), expressions=[exp.Literal.string("")]
    )
    known = exp.Not(this=exp.Is(this=node.this.copy(), expression=exp.Null()))
    return exp.Case().when(known, part)


def formatted(node: Node) -> Node:
    """Return `format()` where its pattern means the same."""
    text = node.this
    if not isinstance(text, exp.Literal) or not _PLAIN_FORMAT.match(text.name):
        raise TranslationError("format() with this pattern has no equivalent")
    return node


def shortened(text: exp.Literal, kind: exp.DataType) -> Node:
    """Return a constant as a type with a length has it."""
    length = kind.expressions[0].name if kind.expressions else ""
    return exp.Literal.string(text.name[: whole_number(length)]) if length.isdecimal() else text
