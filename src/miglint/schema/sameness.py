"""Equality of definitions, regardless of equivalent spellings by an engine."""

from __future__ import annotations

import json
import re
from typing import Protocol

from miglint.base.lazy_regex import pattern
from miglint.base.structs import replace
from miglint.schema.builtin_types import BUILTIN_TYPES
from miglint.schema.constants import stored
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
from miglint.schema.printed_texts import stored_text
from miglint.schema.spellings import Spelling, resolves, same_at, spelled
from miglint.sql.operations import Constraint, Expression, IndexElement, Query, Type
from miglint.sql.type_input import truth_of


class Spell(Protocol):
    """What distinguishes the texts of an object from others."""

    def __call__(self, text: str, written: str, target: Type | None = None, /) -> str:
        """Return what is equal for texts of one meaning, of a canonical text and of how it is written.

        `target` is the type that the value of a default becomes.
        """


def same_default(
    one: Expression | None,
    two: Expression | None,
    kind: Type | None = None,
    *,
    printed: bool = False,
    spells: tuple[Spell, Spell] | None = None,
) -> bool:
    """Whether two defaults of a column are the same; those that draw from a sequence when it is the same one.

    Those that the server `printed` have one spelling. `spells` are what distinguishes the texts of their tables.
    """
    if one is None or two is None:
        return one is two
    if one.sequence is not None and two.sequence is not None:
        return one.sequence == two.sequence
    if printed:
        return stored_text(one.key) == stored_text(two.key)
    if spells is not None:
        left, right = spells[0](one.key, one.text, kind), spells[1](two.key, two.text, kind)
        if isinstance(left, Spelling) and isinstance(right, Spelling):
            same = left.is_stored_as(right)
            if same is not None:
                return same
    if one.text and two.text and one.text != two.text and "(" not in (one.key[:1], two.key[:1]):
        same = _same_constants(one.text, two.text, kind)
        if same is not None:
            return same
    if spells is not None and one.literal is None and two.literal is None:
        return spells[0](one.key, one.text, kind) == spells[1](two.key, two.text, kind)
    if one == two or spelled(one.key) == spelled(two.key):
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


def spelled_anywhere(text: str, written: str, target: Type | None = None) -> str:
    """Return what distinguishes a text of which nothing else is known."""
    return spelled(text)


def loose(text: str) -> str:
    """Return what all texts have in common that may have the meaning of this one."""
    return " ".join(spelled(text).skeleton)


def loosened(value: SchemaObject, spell: Spell = spelled_anywhere) -> object:
    """Return the distinguishing properties of an object within its kind, with texts as `spell` distinguishes them."""
    if isinstance(value, Index):
        elements = tuple(_element(element, spell) for element in value.elements)
        # Storage parameters in any order, and with any spelling of their values.
        options = tuple(sorted(option.lower() for option in value.options))
        where = value.where and spell(value.where.key, value.where.text)
        return replace(value, elements=(), where=None, options=options), elements, where
    if isinstance(value, Domain):
        parts = {name: essence(constraint, spell) for name, constraint in value.constraints.items()}
        default = value.default and spell(value.default.key, value.default.text, value.base)
        return replace(value, constraints={}, default=None), parts, default
    if isinstance(value, Policy):
        using = value.using and spell(value.using, value.using_text or "")
        check = value.check and spell(value.check, value.check_text or "")
        return replace(value, using=using, check=check)
    if isinstance(value, (Trigger, RewriteRule)):
        plain = replace(value, definition=spell(value.definition, value.source))
        return replace(plain, function=None) if isinstance(plain, Trigger) else plain
    if isinstance(value, View):
        query = value.query
        # The columns of a star may have another order; others are those of the query, by their places.
        columns = _set(value.columns) if query is None or "*" in query.outputs else value.columns
        return _without_query(value), columns, query and spell(query.key, query.text)
    return value


def _element(element: IndexElement, spell: Spell) -> tuple[IndexElement, str | None]:
    """Return a key of an index, and what distinguishes its expression, if it is not a mere column after all."""
    plain = replace(element, expression=None, label=None)
    if element.expression is None:
        return plain, None
    text = spell(element.expression.key, element.expression.text)
    stored = text.stored if isinstance(text, Spelling) else None
    if stored is not None and stored.form[0] == "column":
        return replace(plain, column=stored.form[-1]), None
    return plain, text


def _without_query(view: View) -> View:
    options = tuple(sorted(option.removeprefix("storage parameter ") for option in view.options))
    return replace(view, query=None, columns=None, options=options)


_SOURCE = pattern(r"(?:\bfrom|\bjoin|,) ?\(*(?!from\b)(?:\w+\.)?(\w+)|\bas (\w+)")


def alike(one: SchemaObject, two: SchemaObject, spell: Spell = spelled_anywhere, other: Spell | None = None) -> bool:
    """Return whether two objects with the same name are equal, regardless of spelling.

    `other` is what distinguishes the texts of the second one, where that depends on the columns it reads.
    """
    other = other or spell
    if loosened(one, spell) == loosened(two, other):
        return True
    if not (isinstance(one, View) and isinstance(two, View)) or one.query is None or two.query is None:
        return False
    if _without_query(one) != _without_query(two):
        return False
    if (one.query.stored or two.query.stored) and one.columns == two.columns:
        stored = [
            of_one(query.stored or query.key, query.text) for of_one, query in ((spell, one.query), (other, two.query))
        ]
        if stored[0] == stored[1]:
            return True
    left, right = spell(one.query.key, one.query.text), other(two.query.key, two.query.text)
    if not (isinstance(left, Spelling) and isinstance(right, Spelling)) or not _same_uses(one.query, two.query):
        return False
    if one.columns == two.columns and left.is_stored_as(right) is False:
        return False
    stars = "*" in one.query.outputs or "*" in two.query.outputs
    same = _set(one.columns) == _set(two.columns) if stars else one.columns == two.columns
    return same and _same_query(left, right)


def _same_uses(one: Query, two: Query) -> bool:
    """Return whether the columns of one name are those of the same relations in both queries, if these are known."""
    relations: list[dict[str, set[str]]] = [{}, {}]
    for query, found in zip((one, two), relations, strict=True):
        for use in query.uses:
            name = "" if use.relation is None else str(use.relation).removeprefix("public.")
            found.setdefault(use.column, set()).add(name)
    left, right = relations
    return all(
        left[column] == right[column] or "" in left[column] | right[column] for column in left.keys() & right.keys()
    )


def _same_query(one: Spelling, two: Spelling) -> bool:
    """Return whether two queries differ only in what the server adds to the stored definition of a view.

    It qualifies columns, where a plain name is unambiguous; it adds default names to results and functions; and it
    expands `*` to the list of columns.
    """
    left, right = one.tokens, two.tokens
    sources = {name for found in _SOURCE.findall(f"{one} {two}") for name in found}
    at = to = 0
    while at < len(left) and to < len(right):
        before, after = left[at], right[to]
        if before == after:
            same = True
        elif same := _qualified(before, after, sources):
            same = resolves(one, at) if len(before) > len(after) else resolves(two, to)
        if same and same_at(one, at, two, to):
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


def _behind_alias(tokens: tuple[str, ...], at: int) -> int:
    """Return the position after `as name`, `as name(columns)`, or the columns alone; `at` itself if there is none."""
    behind = at + 2 if tokens[at : at + 1] == ("as",) else at
    if tokens[behind : behind + 1] == ("(",) and tokens[behind - 2 : behind - 1] == ("as",) and ")" in tokens[behind:]:
        return tokens.index(")", behind) + 1
    return behind


def _star(tokens: tuple[str, ...], at: int) -> bool:
    """Return whether `*` or `name.*` at this position means columns."""
    if tokens[at] == "*":
        return tokens[at - 1] in ("select", ",")
    return tokens[at].endswith(".") and tokens[at + 1 : at + 2] == ("*",)


def _behind_star(tokens: tuple[str, ...], at: int) -> int:
    return at + 1 if tokens[at] == "*" else at + 2


def _behind_columns(tokens: tuple[str, ...], at: int, star: str) -> int:
    """Return the position after a list of columns of one relation: that of the `star`, if it has one."""
    relation = tokens[at].rpartition(".")[0] if star == "*" else star[:-1]
    end = at
    while at < len(tokens):
        qualifier, _, column = tokens[at].rpartition(".")
        if not column.isidentifier() or qualifier not in ("", relation):
            break
        end = at + 1
        if tokens[end : end + 1] != (",",):
            break
        at += 2
    return end


# Languages in which white space and comments between tokens are insignificant.
_FREE_FORM = frozenset({"sql", "plpgsql"})
# As the server reads them: a comment ends with the line or at a carriage return, and only ASCII has white space.
_WORD = pattern(
    r"""(?P<idle>\s+|--[^\r\n]*|/\*.*?(?:\*/|\Z))
    |[eE]'[^'\\]*(?:(?:''|\\.)[^'\\]*)*'|'[^']*(?:''[^']*)*'|"[^"]*(?:""[^"]*)*"|(?P<quote>\$(?:[a-zA-Z_\x80-\U0010ffff][\w\x80-\U0010ffff]*)?\$).*?
    (?:(?P=quote)|\Z)|\w+|.""",
    re.VERBOSE | re.DOTALL | re.ASCII,
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


def essence(constraint: Constraint, spell: Spell = spelled_anywhere) -> Constraint:
    """Return a constraint without its name and with texts as `spell` distinguishes them."""
    expression, where = constraint.expression, constraint.where
    return replace(
        constraint,
        name=None,
        generated=False,
        method=None if constraint.method == "btree" else constraint.method,
        expression=None if expression is None else replace(expression, key=spell(expression.key, expression.text)),
        where=None if where is None else replace(where, key=spell(where.key, where.text)),
    )
