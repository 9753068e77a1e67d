"""What the rows of several catalogs have in common: comments, privileges, types, expressions and constraints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from miglint.base.lazy_regex import pattern
from miglint.dryrun.postgres.acl import Acl, read_acl
from miglint.schema.objects import (
    Comment,
    Key,
    Part,
    SchemaObject,
)
from miglint.schema.remarks import comment_key, privilege_key
from miglint.sql.operations import Column, Constraint, Expression, Name, Type

Row = list[Any]
Found = Iterator[tuple[Key, SchemaObject]]

_FIELD = "(?:year|month|day|hour|minute|second)"
_FIELDS = pattern(rf"interval ({_FIELD}(?: to {_FIELD})?)\b")
# A type as `format_type` writes it.
_NAME = r'(?:[\w$]+|"[^"]+")'
_TYPE = (
    rf"{_NAME}(?:\.{_NAME})?(?: varying| precision| {_FIELD}(?: to {_FIELD})?)?"
    r"(?:\(-?\d+(?:,-?\d+)?\))?(?: with(?:out)? time zone)?(?:\[\])*"
)
_NULL = pattern(rf"\(?NULL::{_TYPE}(?:\)?::{_TYPE})?")

_IN_QUOTES = pattern(r"'[^']*'|\"[^\"]*\"")
_QUOTES = pattern("['\"]")
_INCLUDED = pattern(r" INCLUDE \(([^)]*)\)")
_OF_INDEXES = frozenset({"primary", "unique", "exclude"})
_REFERENCED = pattern(r" REFERENCES [^(]*\(([^)]*)\)")
_DELETED = pattern(r" ON DELETE SET (?:NULL|DEFAULT) \(([^)]*)\)")
_NAMES = pattern(r'(?:PERIOD )?"([^"]*(?:""[^"]*)*)"|(?:PERIOD )?([^\s,"()]+)')
_MODIFIER = pattern(r"\(([^()]*)\)")
_ACTIONS = {"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}
_MATCH = {"s": "simple", "f": "full", "p": "partial"}
_KINDS = {"p": "primary", "u": "unique", "c": "check", "f": "foreign", "x": "exclude"}


def remarks(
    about: Key,
    acl: Row | None,
    comment: str | None,
    *,
    part: Part | None = None,
    used_by_all: bool = False,
    words: str | None = None,
) -> Found:
    """Yield the comment on an object, or on a part of it, and its privileges; `words` are those for what it is."""
    if comment is not None:
        yield comment_key(about, part, words), Comment(comment, about, part)
    if acl is not None:
        for privileges in read_acl(Acl(*acl), about, part, used_by_all=used_by_all):
            yield privilege_key(about, part, privileges.role, words), privileges


def column_privileges(about: Key, listed: list[Any] | None) -> Found:
    """Yield the privileges for columns that have no row of their own: those of the system, and of a sequence."""
    for name, acl in items(listed):
        yield from remarks(about, acl, None, part=Part("column", name))


def items(value: list[Any] | None) -> list[Any]:
    """Return an array of the catalog; NULL is an empty one."""
    return value or []


def type_of(
    schema: str | None, name: str | None, element: str | None, its_schema: str | None, shown: str | None = None
) -> Type:
    """Build a type from its catalog name, its element's name for arrays, and the text with modifiers."""
    found = _MODIFIER.search(shown or "")
    arguments = tuple(part.strip() for part in found[1].split(",")) if found else ()
    base, home = (element, its_schema) if element is not None else (name, schema)
    if base == "interval" and home == "pg_catalog" and (fields := _FIELDS.match(shown or "")) is not None:
        arguments = (fields[1], *arguments)
    return Type(base or "", arguments, int(element is not None), None if home == "pg_catalog" else home)


def expression_of(text: str | None) -> Expression | None:
    """Return an expression as the catalog prints it."""
    return None if text is None else Expression(text, text)


def column_of(row: Row) -> Column:
    """Return a column of a table or of a composite type."""
    # The server keeps a NULL default cast to the type's length; it is that of no default, but may not be a domain's.
    default = None if not row[19] and _NULL.fullmatch(row[7] or "") else expression_of(row[7])
    return Column(
        row[0],
        type_of(*row[1:6]),
        nullable=not row[6],
        default=default,
        identity={"a": "always", "d": "by default"}.get(row[8]),
        generated={"s": "stored", "v": "virtual"}.get(row[9]),
        collation=row[10],
    )


def constraint_of(row: Row, columns: dict[int, str]) -> Constraint:
    """Return a constraint; `columns` are the names of the table's columns by number."""
    name, contype, places, home, table, on_update, on_delete, match = row[:8]
    deferrable, deferred, validated, no_inherit, expression, definition = row[8:14]
    disabled = row[15]
    kind = _KINDS[contype]
    bare = _outside_quotes(definition)
    included = _INCLUDED.search(bare) if kind in _OF_INDEXES else None
    return Constraint(
        kind,
        name,
        tuple(columns[place] for place in items(places) if place in columns),
        expression=expression_of(expression),
        table=Name(home, table) if table is not None else None,
        referenced=_referenced(definition) if table is not None else (),
        on_delete=_ACTIONS.get(on_delete, "no action") + _deleted_columns(definition),
        on_update=_ACTIONS.get(on_update, "no action"),
        match=_MATCH.get(match, "simple"),
        deferrable=deferrable,
        deferred=deferred,
        validated=validated,
        no_inherit=no_inherit and kind == "check",
        nulls_not_distinct=bare.startswith("UNIQUE NULLS NOT DISTINCT"),
        include=_names(definition[slice(*included.span(1))]) if included else (),
        elements=definition if kind == "exclude" else None,
        without_overlaps=kind in _OF_INDEXES and " WITHOUT OVERLAPS)" in bare,
        enforced=not definition.endswith(" NOT ENFORCED"),
        disabled="both" if disabled is not None and " " in disabled else disabled or "",
    )


def _deleted_columns(definition: str) -> str:
    """Return the columns that `ON DELETE SET NULL (a, b)` lists."""
    found = _DELETED.search(_outside_quotes(definition))
    return f" ({definition[slice(*found.span(1))]})" if found else ""


def _referenced(definition: str) -> tuple[str, ...]:
    """Return the referenced columns from a foreign key's definition."""
    found = _REFERENCED.search(_outside_quotes(definition))
    return _names(definition[slice(*found.span(1))]) if found else ()


def _names(listed: str) -> tuple[str, ...]:
    return tuple(quoted.replace('""', '"') or plain for quoted, plain in _NAMES.findall(listed))


def _outside_quotes(definition: str) -> str:
    """Return a definition in which names and literals in quotes are blank, so that its words are found."""
    return _IN_QUOTES.sub(lambda found: " " * len(found[0]), definition) if _QUOTES.search(definition) else definition
