"""Operator classes: whether an access method can index a type at all."""

from __future__ import annotations

from miglint.sql.postgres.analysis import catalogs
from miglint.sql.postgres.analysis.environment import LITERAL, UNKNOWN, Environment
from miglint.sql.postgres.analysis.kinds import TypeKinds, is_polymorphic


def has_default_class(environment: Environment, method: str, name: str) -> bool:
    """Whether a type has a default operator class for an access method; True where that is not known."""
    classes = catalogs.classes(method)
    kinds = TypeKinds(environment)
    kind = kinds.base(name)
    if classes is None or kind in (UNKNOWN, LITERAL) or not kinds.known(kind):
        return True
    return any(default and _is_for(kinds, kind, wanted) for _, wanted, default in classes)


def is_default_class(environment: Environment, method: str, operator_class: str, name: str) -> bool:
    """Whether the server would choose an operator class for a type itself; False where that is not known."""
    kinds = TypeKinds(environment)
    kind = kinds.base(name)
    if kind in (UNKNOWN, LITERAL) or not kinds.known(kind):
        return False
    defaults = [(label, wanted) for label, wanted, default in catalogs.classes(method) or () if default]
    exact = [label for label, wanted in defaults if wanted == kind]
    return operator_class in (exact or [label for label, wanted in defaults if _is_for(kinds, kind, wanted)])


def takes_type(environment: Environment, method: str, operator_class: str, name: str) -> bool:
    """Whether an operator class takes a type; True where that is not known."""
    kinds = TypeKinds(environment)
    kind = kinds.base(name)
    found = [wanted for label, wanted, _ in catalogs.classes(method) or () if label == operator_class]
    if not found or kind in (UNKNOWN, LITERAL) or not kinds.known(kind):
        return True
    return any(_is_for(kinds, kind, wanted) for wanted in found)


def _is_for(kinds: TypeKinds, kind: str, wanted: str) -> bool:
    if wanted == kind or (is_polymorphic(wanted) and kinds.coerces(kind, wanted)):
        return True
    if wanted == "record" and kinds.is_kind(kind, "composite"):
        return True
    cast = catalogs.cast(kind, wanted)
    return cast is not None and cast[0] == "i" and cast[1] == "b"
