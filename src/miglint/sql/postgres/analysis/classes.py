"""Operator classes: whether an access method can index a type at all."""

from __future__ import annotations

from miglint.sql.postgres.analysis import catalogs
from miglint.sql.postgres.analysis.environment import LITERAL, UNKNOWN, Environment
from miglint.sql.postgres.analysis.kinds import Kinds, is_polymorphic


def has_default_class(environment: Environment, method: str, name: str) -> bool:
    """Whether a type has a default operator class for an access method; True where that is not known."""
    classes = catalogs.classes(method)
    kinds = Kinds(environment)
    kind = kinds.base(name)
    if classes is None or kind in (UNKNOWN, LITERAL) or not kinds.known(kind):
        return True
    for _, wanted, default in classes:
        if not default:
            continue
        if wanted == kind or (is_polymorphic(wanted) and kinds.coerces(kind, wanted)):
            return True
        if wanted == "record" and kinds.is_kind(kind, "composite"):
            return True
        cast = catalogs.cast(kind, wanted)
        if cast is not None and cast[0] == "i" and cast[1] == "b":
            return True
    return False
