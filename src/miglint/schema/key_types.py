"""Which types a foreign key may have in PostgreSQL: those whose values it can compare with the referenced ones."""

from __future__ import annotations

from miglint.schema.objects import Domain, Key
from miglint.schema.value import Schema
from miglint.sql.operations import Type

# Which types a foreign key may have, by the referenced type (PostgreSQL 15 and 18, each pair executed). Other types
# were not measured and are not reported.
_INTEGERS = frozenset({"int2", "int4", "int8"})
_TEXTS = frozenset({"text", "varchar", "bpchar"})
_DATES = frozenset({"date", "timestamp", "timestamptz"})
_FITS: dict[str, frozenset[str]] = {
    **dict.fromkeys(_INTEGERS, _INTEGERS),
    "numeric": _INTEGERS | {"numeric"},
    "float4": _INTEGERS | {"numeric", "float4", "float8"},
    "float8": _INTEGERS | {"numeric", "float4", "float8"},
    "oid": _INTEGERS | {"oid"},
    "text": _TEXTS | {"name"},
    "varchar": _TEXTS | {"name"},
    "name": _TEXTS | {"name"},
    "bpchar": _TEXTS,
    **dict.fromkeys(_DATES, _DATES),
    "timetz": frozenset({"time", "timetz"}),
    "interval": frozenset({"time", "interval"}),
    "inet": frozenset({"inet", "cidr"}),
    "cidr": frozenset({"inet", "cidr"}),
    "bit": frozenset({"bit", "varbit"}),
    "varbit": frozenset({"bit", "varbit"}),
    **{name: frozenset({name}) for name in ("bool", "money", "bytea", "uuid", "time", "macaddr", "jsonb")},
}
_NEVER = frozenset({"json", "xml"})


def can_reference(one: Type, two: Type) -> bool | None:
    """Return whether a column of type `one` can reference one of type `two`; None when that is not known."""
    known = _FITS.keys() | _NEVER
    plain = one.schema is None and two.schema is None and one.dimensions == two.dimensions == 0
    if not plain or one.name not in known or two.name not in known:
        return None
    return one.name in _FITS.get(two.name, frozenset())


def under_domains(schema: Schema, kind: Type) -> Type:
    """Return the type under a domain, where it is known; any other type itself."""
    while kind.schema is not None and not kind.dimensions:
        found = schema.find(Key("type", kind.schema, kind.name))
        if not isinstance(found, Domain) or found.base is None:
            break
        kind = found.base
    return kind
