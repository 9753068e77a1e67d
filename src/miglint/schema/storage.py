"""How PostgreSQL stores the values of a type that may be long."""

from __future__ import annotations

from miglint.sql.operations import Type


def default_storage(type_: Type | None) -> str | None:
    """Return the default storage of values of a type; None if not known."""
    if type_ is None or type_.schema is not None:
        return None
    if type_.dimensions or type_.name in _EXTENDED:
        return "extended"
    return "main" if type_.name in _MAIN else "plain" if type_.name in _PLAIN else None


_EXTENDED = frozenset({"text", "varchar", "bpchar", "bytea", "json", "jsonb", "xml", "tsvector", "bit", "varbit"})
_MAIN = frozenset({"numeric", "inet", "cidr"})
_PLAIN = frozenset(
    {"bool", "int2", "int4", "int8", "float4", "float8", "uuid", "date", "time", "timetz", "timestamp", "timestamptz"}
)
