"""Names, constants and types as SQL."""

from __future__ import annotations

from miglint.base.model import Dialect
from miglint.base.template_names import has_tag
from miglint.sql.operations import Name, Type

_RESERVED_WORDS = """
all analyse analyze and any array as asc asymmetric authorization between binary both case cast check collate collation
column concurrently constraint create cross current_catalog current_date current_role current_schema current_time
current_timestamp current_user default deferrable desc distinct do else end except exists false fetch for foreign freeze
from full grant group having if ilike in index initially inner insert intersect into is isnull join lateral leading left
like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary
references returning right select session_user set similar some symmetric system_user table tablesample then to trailing
transaction trigger true union unique update user using values variadic verbose when where window with
add alter begin commit delete drop escape indexed rollback nothing autoincrement raise
"""
_RESERVED = frozenset(_RESERVED_WORDS.split())
# Types whose name is a keyword with a grammar of its own, or that differ from the type of the same keyword.
_QUOTED_TYPES = frozenset({"char"})


def identifier(text: str) -> str:
    """Return a name, quoted where it must be. A tag of a template is left as it is."""
    plain = text.isascii() and text.replace("_", "a").isalnum() and text == text.lower() and not text[:1].isdecimal()
    return text if (plain and text not in _RESERVED) or has_tag(text) else '"' + text.replace('"', '""') + '"'


def identifiers(values: tuple[str, ...]) -> str:
    """Return a list of names."""
    return ", ".join(map(identifier, values))


def name(value: Name) -> str:
    """Return a possibly qualified name; the default schemas are omitted."""
    if value.schema in (None, "public", "main"):
        return identifier(value.name)
    return f"{identifier(value.schema or '')}.{identifier(value.name)}"


def literal(text: str) -> str:
    """Return a string constant."""
    return "'" + text.replace("'", "''") + "'"


def dollar_quotes(text: str) -> str:
    """Return the shortest dollar quotes (`$$`, `$do1$`, ...) that a text does not contain."""
    quotes, number = "$$", 0
    while quotes in text:
        number += 1
        quotes = f"$do{number}$"
    return quotes


def type_name(value: Type, dialect: Dialect) -> str:
    """Return a type as it is declared."""
    if dialect is Dialect.SQLITE:
        return str(value)
    if value.name.endswith("%type"):
        return value.name
    if value.schema in (None, "public"):
        text = f'"{value.name}"' if value.schema is None and value.name in _QUOTED_TYPES else identifier(value.name)
    else:
        text = f"{identifier(value.schema or '')}.{identifier(value.name)}"
    return ("SETOF " if value.setof else "") + text + _type_arguments(value) + "[]" * value.dimensions


def _type_arguments(value: Type) -> str:
    if not value.args:
        return ""
    if value.schema is not None or value.name != "interval":
        return f"({', '.join(value.args)})"
    fields = "" if value.args[0].isdecimal() else f" {value.args[0]}"
    precision = next((f"({part})" for part in value.args if part.isdecimal()), "")
    return fields + precision


class UnprintableError(Exception):
    """A part of an object is not known, so that no statement can create it. The message says which."""
