"""Names and texts as SQL, for the help of findings."""

from __future__ import annotations

from miglint.base.template_names import has_tag
from miglint.sql import operations as ops

# Words that PostgreSQL or SQLite reject as an unquoted name; only those that people use as names.
_RESERVED = frozenset(
    """
    all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create
    default deferrable desc distinct do else end except false fetch for foreign from grant group having in index
    initially intersect into lateral leading limit not null offset on only or order placing primary references
    returning select session_user some symmetric table then to trailing true union unique user using values when
    where window with
    """.split()  # noqa: SIM905
)


def ident(name: str) -> str:
    """Return a name as SQL: unquoted where the engine reads it back unchanged, quoted otherwise."""
    plain = name.isascii() and name.replace("_", "a").isalnum() and name.islower() and not name[0].isdigit()
    return name if (plain and name not in _RESERVED) or has_tag(name) else '"' + name.replace('"', '""') + '"'


def qualified(name: ops.Name) -> str:
    """Return a possibly qualified name as SQL."""
    return ident(name.name) if name.schema is None else f"{ident(name.schema)}.{ident(name.name)}"


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
