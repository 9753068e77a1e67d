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

_LONGEST_NAME = 63


def ident(name: str) -> str:
    """Return a name as SQL: unquoted where the engine reads it back unchanged, quoted otherwise."""
    plain = name.isascii() and name.replace("_", "a").isalnum() and name.islower() and not name[0].isdigit()
    return name if (plain and name not in _RESERVED) or has_tag(name) else '"' + name.replace('"', '""') + '"'


def qualified(name: ops.Name) -> str:
    """Return a possibly qualified name as SQL."""
    return ident(name.name) if name.schema is None else f"{ident(name.schema)}.{ident(name.name)}"


def suffixed(name: str, suffix: str) -> str:
    """Return a name with a suffix as SQL, short enough for PostgreSQL not to cut the suffix off."""
    room = _LONGEST_NAME - len(suffix)
    return ident(name.encode()[:room].decode(errors="ignore") + suffix)


def block(body: str) -> str:
    """Return an anonymous block of PL/pgSQL; its quotes are a tag that its body does not have."""
    tag = next(tag for number in range(len(body)) if (tag := f"$do{number}$" if number else "$$") not in body)
    return f"DO {tag} BEGIN {body} END {tag};"


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
