"""When two definitions are the same: what an engine may spell differently without a difference."""

from __future__ import annotations

import re

from miglint.patterns import pattern
from miglint.schema.objects import (
    Index,
    Policy,
    Rule,
    SchemaObject,
    Trigger,
    View,
)
from miglint.sql.operations import Constraint, Expression
from miglint.values import replace


def same_default(one: Expression | None, two: Expression | None) -> bool:
    """Whether two defaults are the same; those that draw from a sequence when it is the same one."""
    if one is None or two is None:
        return one is two
    if one.sequence is not None and two.sequence is not None:
        return one.sequence == two.sequence
    return one == two or loose(one.key) == loose(two.key)


_CAST = pattern(
    r"""::(?:"[^"]*"|[\w.])+(?:\ (?:varying|precision)\b)?
    (?:\([^)]*\))?(?:\ with(?:out)?\ time\ zone\b)?(?:\[\])*""",
    re.VERBOSE,
)
# What a cast leaves behind: brackets around one name, where an argument or a column begins.
_BRACKETS = pattern(r"(?<=[(,])( ?)\((\w+)\)")
_QUALIFIER = pattern(r"\b(?:public|pg_catalog)\.")


def loose(text: str) -> str:
    """Fold what the server may write differently without a difference: casts, and the default schema's name.

    Two definitions that differ only in casts are stored differently, but mean the same nearly always.
    """
    return _BRACKETS.sub(r"\1\2", _CAST.sub("", _QUALIFIER.sub("", text)))


def loosened(value: SchemaObject) -> object:
    """Return what tells an object from another of its kind, with `loose` texts."""
    if isinstance(value, Index):
        elements = tuple(
            (replace(e, expression=None), e.expression and loose(e.expression.key)) for e in value.elements
        )
        return replace(value, elements=(), where=None, options=()), elements, value.where and loose(value.where.key)
    if isinstance(value, (Trigger, Policy, Rule)):
        plain = replace(value, definition=loose(value.definition))
        return replace(plain, function=None) if isinstance(plain, Trigger) else plain
    if isinstance(value, View):
        return replace(value, query=None, columns=None), value.query and loose(value.query.key), _set(value.columns)
    return value


_TOKEN = pattern(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[\w.]+|\S""")
_SOURCE = pattern(r"(?:\bfrom|\bjoin|,) ?\(*(?:\w+\.)?(\w+)|\bas (\w+)")


def alike(one: SchemaObject, two: SchemaObject) -> bool:
    """Whether two objects of one name are the same, however they were written."""
    left, right = loosened(one), loosened(two)
    if left == right:
        return True
    if not (isinstance(one, View) and isinstance(two, View)) or one.query is None or two.query is None:
        return False
    same = replace(one, query=None, columns=None) == replace(two, query=None, columns=None)
    return same and _set(one.columns) == _set(two.columns) and _same_columns(loose(one.query.key), loose(two.query.key))


def _same_columns(one: str, two: str) -> bool:
    """Whether two queries differ only in whether columns are qualified; a plain name can be one relation's alone."""
    left, right = _TOKEN.findall(one), _TOKEN.findall(two)
    if len(left) != len(right):
        return False
    sources = {name for found in _SOURCE.findall(one) for name in found}
    for before, after in zip(left, right, strict=True):
        if before != after:
            short, full = sorted((before, after), key=len)
            qualifier, _, column = full.rpartition(".")
            if column != short or qualifier not in sources:
                return False
    return True


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
