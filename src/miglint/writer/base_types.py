"""Types below domains."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.schema.objects import Domain, Key
from miglint.schema.value import Schema
from miglint.sql.operations import Type

_DEEPEST = 20


def base_type(schema: Schema, kind: Type) -> Type:
    """Return the type below a domain, and any other type as it is."""
    for _ in range(_DEEPEST):
        found = None if kind.schema is None else schema.find(Key("type", kind.schema, kind.name))
        if not isinstance(found, Domain) or found.base is None:
            break
        kind = replace(found.base, dimensions=max(found.base.dimensions, kind.dimensions))
    return kind
