"""Equality of definitions, regardless of equivalent spellings by an engine."""

from __future__ import annotations

import json
import re

from miglint.base.lazy_regex import pattern
from miglint.base.structs import replace
from miglint.schema.builtin_types import BUILTIN_TYPES
from miglint.schema.constants import stored
from miglint.schema.intervals import folded_interval
from miglint.schema.objects import (
    Domain,
    Index,
    Policy,
    RewriteRule,
    Routine,
    SchemaObject,
    Trigger,
    View,
)
from miglint.sql.operations import Constraint, Expression, Type
from miglint.sql.type_input import truth_of


def same_default(one: Expression | None, two: Expression | None, kind: Type | None = None) -> bool:
    """Whether two defaults of a column are the same; those that draw from a sequence when it is the same one."""
    if one is None or two is None:
        return one is two
    if one.sequence is not None and two.sequence is not None:
        return one.sequence == two.sequence
    if one.text and two.text and one.text != two.text and "(" not in (one.key[:1], two.key[:1]):
        same = _same_constants(one.text, two.text, kind)
        if same is not None:
            return same
    if one == two or loose(one.key) == loose(two.key):
        return True
    if kind is None or kind.dimensions:
        return False
    return _same_value(one, two, kind.name)


def _same_value(one: Expression, two: Expression, kind: str) -> bool:
    """Return whether two constants of a type that has several spellings are the same value."""
    if kind == "bool":
        truth = _truth(one)
        return truth is not None and truth == _truth(two)
    if kind != "jsonb" or one.literal is None or two.literal is None:
        return False
    return _document(one.literal) == _document(two.literal)


def _same_constants(one: str, two: str, kind: Type | None) -> bool | None:
    """Return whether two texts are the same constant of a type; None if they are none, or that is not known."""
    left, right = stored(one, kind), stored(two, kind)
    if left is None or right is None:
        return None
    # The server writes a constant for a domain as one of the domain's own type.
    return left == right if left == right or _is_builtin(kind) else None


def _is_builtin(kind: Type | None) -> bool:
    return kind is not None and kind.schema is None and kind.name in BUILTIN_TYPES


def _truth(expression: Expression) -> bool | None:
    """Return what a constant is as a boolean, None for what is no constant or no boolean."""
    return truth_of(expression.key if expression.literal is None else expression.literal)


def _document(text: str) -> object:
    """Return the value of a JSON text, without order of keys and white space; the text itself if it is not JSON."""
    try:
        return json.loads(text, parse_float=str, parse_int=str)
    except ValueError:
        return text


_CAST = pattern(
    r"""::(?:"[^"]*"|[\w.])+(?:\ (?:varying|precision)\b)?
    (?:\([^()]*\))?(?:\ with(?:out)?\ time\ zone\b)?(?:\[\])*""",
    re.VERBOSE,
)
# Remnants of removed casts: parentheses around one name at the start of an argument or a column.
_BRACKETS = pattern(r"(?<=[(,])( ?)\((\w+)\)")
_QUALIFIER = pattern(r"\b(?:public|pg_catalog)\.")
_BYTES = pattern(r"'\\x((?:[0-9a-f]{2})+)'")
_INTERVAL = pattern(r"'(?=[^'\d]*\d)([-+:\w ]++)'")


def loose(text: str) -> str:
    """Normalize equivalent spellings by the server: casts, intervals, and the default schema's name.

    Definitions that differ only in casts are stored differently, but nearly always mean the same.
    """
    text = _BRACKETS.sub(r"\1\2", _CAST.sub("", _QUALIFIER.sub("", text)))
    if "'" not in text:
        return text
    return _INTERVAL.sub(_as_interval, _BYTES.sub(_as_text, text) if "'\\x" in text else text)


def _as_text(literal: re.Match[str]) -> str:
    """Return bytes as the text that a script may have for them: the server stores the digits."""
    text = bytes.fromhex(literal[1]).decode("latin-1")
    return f"'{text}'" if text.isascii() and text.isprintable() and "'" not in text and "\\" not in text else literal[0]


def _as_interval(literal: re.Match[str]) -> str:
    folded = folded_interval(literal[1])
    return literal[0] if folded is None else f"'{folded}'"


def loosened(value: SchemaObject) -> object:
    """Return the distinguishing properties of an object within its kind, with `loose` texts."""
    if isinstance(value, Index):
        elements = tuple(
            (replace(e, expression=None), e.expression and loose(e.expression.key)) for e in value.elements
        )
        # Storage parameters in any order, and with any spelling of their values.
        options = tuple(sorted(option.lower() for option in value.options))
        return (
            replace(value, elements=(), where=None, options=options),
            elements,
            value.where and loose(value.where.key),
        )
    if isinstance(value, Domain):
        parts = {name: essence(constraint) for name, constraint in value.constraints.items()}
        return replace(value, constraints={}), parts
    if isinstance(value, Policy):
        using, check = value.using and loose(value.using), value.check and loose(value.check)
        return replace(value, using=using, check=check)
    if isinstance(value, (Trigger, RewriteRule)):
        plain = replace(value, definition=loose(value.definition))
        return replace(plain, function=None) if isinstance(plain, Trigger) else plain
    if isinstance(value, View):
        return _without_query(value), value.query and loose(value.query.key), _set(value.columns)
    return value


def _without_query(view: View) -> View:
    options = tuple(sorted(option.removeprefix("storage parameter ") for option in view.options))
    return replace(view, query=None, columns=None, options=options)


_TOKEN = pattern(r"""'[^']*(?:''[^']*)*'|"[^"]*(?:""[^"]*)*"|[\w.]+|\S""")
_SOURCE = pattern(r"(?:\bfrom|\bjoin|,) ?\(*(?!from\b)(?:\w+\.)?(\w+)|\bas (\w+)")


def alike(one: SchemaObject, two: SchemaObject) -> bool:
    """Return whether two objects with the same name are equal, regardless of spelling."""
    left, right = loosened(one), loosened(two)
    if left == right:
        return True
    if not (isinstance(one, View) and isinstance(two, View)) or one.query is None or two.query is None:
        return False
    same = _without_query(one) == _without_query(two)
    if same and (one.query.stored or two.query.stored) and one.columns == two.columns:
        stored = [loose(query.stored or query.key) for query in (one.query, two.query)]
        if stored[0] == stored[1]:
            return True
    return same and _set(one.columns) == _set(two.columns) and _same_query(loose(one.query.key), loose(two.query.key))


def _same_query(one: str, two: str) -> bool:
    """Return whether two queries differ only in what the server adds to the stored definition of a view.

    It qualifies columns, where a plain name is unambiguous; it adds default names to results and functions; and it
    expands `*` to the list of columns.
    """
    left, right = _TOKEN.findall(one), _TOKEN.findall(two)
    sources = {name for found in _SOURCE.findall(f"{one} {two}") for name in found}
    at = to = 0
    while at < len(left) and to < len(right):
        before, after = left[at], right[to]
        if before == after or _qualified(before, after, sources):
            at, to = at + 1, to + 1
        elif _star(left, at):
            at, to = _behind_star(left, at), _behind_columns(right, to, before)
        elif _star(right, to):
            at, to = _behind_columns(left, at, after), _behind_star(right, to)
        elif (behind := _behind_alias(left, at)) > at:
            at = behind
        elif (behind := _behind_alias(right, to)) > to:
            to = behind
        else:
            return False
    return _behind_alias(left, at) == len(left) and _behind_alias(right, to) == len(right)


def _qualified(one: str, two: str, sources: set[str]) -> bool:
    short, full = sorted((one, two), key=len)
    qualifier, _, column = full.rpartition(".")
    return column == short and qualifier in sources


def _behind_alias(tokens: list[str], at: int) -> int:
    """Return the position after `as name`, `as name(columns)`, or the columns alone; `at` itself if there is none."""
    behind = at + 2 if tokens[at : at + 1] == ["as"] else at
    if tokens[behind : behind + 1] == ["("] and tokens[behind - 2 : behind - 1] == ["as"] and ")" in tokens[behind:]:
        return tokens.index(")", behind) + 1
    return behind


def _star(tokens: list[str], at: int) -> bool:
    """Return whether `*` or `name.*` at this position means columns."""
    if tokens[at] == "*":
        return tokens[at - 1] in ("select", ",")
    return tokens[at].endswith(".") and tokens[at + 1 : at + 2] == ["*"]


def _behind_star(tokens: list[str], at: int) -> int:
    return at + 1 if tokens[at] == "*" else at + 2


def _behind_columns(tokens: list[str], at: int, star: str) -> int:
    """Return the position after a list of columns of one relation: that of the `star`, if it has one."""
    relation = tokens[at].rpartition(".")[0] if star == "*" else star[:-1]
    end = at
    while at < len(tokens):
        qualifier, _, column = tokens[at].rpartition(".")
        if not column.isidentifier() or qualifier not in ("", relation):
            break
        end = at + 1
        if tokens[end : end + 1] != [","]:
            break
        at += 2
    return end


# Languages in which white space and comments between tokens are insignificant.
_FREE_FORM = frozenset({"sql", "plpgsql"})
_WORD = pattern(
    r"""(?P<idle>\s+|--[^\n]*|/\*.*?(?:\*/|\Z))
    |[eE]'[^'\\]*(?:(?:''|\\.)[^'\\]*)*'|'[^']*(?:''[^']*)*'|"[^"]*(?:""[^"]*)*"|(?P<quote>\$(?:[^\W\d]\w*)?\$).*?(?:(?P=quote)|\Z)|\w+|.""",
    re.VERBOSE | re.DOTALL,
)


def respelled(one: SchemaObject | None, two: SchemaObject | None) -> bool:
    """Return whether two routines, whose text the server stores verbatim, differ only in white space and comments."""
    if not (isinstance(one, Routine) and isinstance(two, Routine)) or one.body is None or two.body is None:
        return False
    if one.language not in _FREE_FORM or one == two or replace(one, body=None) != replace(two, body=None):
        return False
    return _words(one.body) == _words(two.body)


def _words(body: str) -> list[str]:
    return [match[0] for match in _WORD.finditer(body) if match["idle"] is None]


def _set(names: tuple[str, ...] | None) -> frozenset[str]:
    return frozenset(names or ())


def essence(constraint: Constraint) -> Constraint:
    """Return a constraint without its name and with `loose` texts."""
    expression, where = constraint.expression, constraint.where
    return replace(
        constraint,
        name=None,
        generated=False,
        method=None if constraint.method == "btree" else constraint.method,
        expression=None if expression is None else replace(expression, key=loose(expression.key)),
        where=None if where is None else replace(where, key=loose(where.key)),
    )
