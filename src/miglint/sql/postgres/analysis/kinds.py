"""Types: their categories, what becomes of what by itself, and how they are called in messages."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.sql.postgres.analysis import catalogs
from miglint.sql.postgres.analysis.environment import LITERAL, UNKNOWN, Environment, Invalid, UserType

IMPLICIT, ASSIGNMENT, EXPLICIT = "i", "a", "e"
_RANK = {IMPLICIT: 0, ASSIGNMENT: 1, EXPLICIT: 2}
_SPELLED = {
    "int2": "smallint", "int4": "integer", "int8": "bigint", "float4": "real", "float8": "double precision",
    "bool": "boolean", "bpchar": "character", "varchar": "character varying", "varbit": "bit varying",
    "time": "time without time zone", "timetz": "time with time zone", "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
}  # fmt: skip
_POLYMORPHIC = frozenset(
    {
        "anyelement", "anyarray", "anynonarray", "anyenum", "anyrange", "anymultirange", "anycompatible",
        "anycompatiblearray", "anycompatiblenonarray", "anycompatiblerange", "anycompatiblemultirange",
    }
)  # fmt: skip


def spelled(name: str) -> str:
    """Return a type as messages name it."""
    if name.endswith("[]"):
        return f"{spelled(name[:-2])}[]"
    return _SPELLED.get(name, name.removeprefix("public."))


# The built-in types that are stored in tables and have neither a B-tree nor a hash operator class.
_UNEQUAL = frozenset({"json", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle", "jsonpath"})


def refuse_unequal(kinds: Iterable[str], operator: str = "equality") -> None:
    """Raise `Invalid` for a type without equality, or without an order."""
    for kind in kinds:
        if kind in _UNEQUAL:
            message = f"could not identify an {operator} operator for type {spelled(kind)}"
            raise Invalid("undefined_function", message)


def is_array(name: str) -> bool:
    """Whether a type is an array."""
    return name.endswith("[]")


def element(name: str) -> str:
    """Return the type of an array's elements, `?` for what is no array."""
    if name.endswith("[]"):
        return name[:-2]
    return {"int2vector": "int2", "oidvector": "oid"}.get(name, UNKNOWN)


def is_polymorphic(name: str) -> bool:
    """Whether a type of an argument stands for several types."""
    return name in _POLYMORPHIC


class TypeKinds:
    """Types as an environment has them."""

    __slots__ = ("_bases", "_casts_made", "_user_types", "environment")

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._user_types: dict[str, UserType] = {}
        self._bases: dict[str, str] = {}
        self._casts_made: bool | None = None

    def casts_made(self) -> bool:
        """Return whether unknown casts or operators may exist."""
        if self._casts_made is None:
            self._casts_made = self.environment.casts_made()
        return self._casts_made

    def user_type(self, name: str) -> UserType:
        """Return what is known of a type that is not built in."""
        found = self._user_types.get(name)
        if found is None:
            found = self._user_types[name] = self.environment.user_type(name)
        return found

    def base(self, name: str) -> str:
        """Return the type under a domain; any other type itself."""
        found = self._bases.get(name)
        if found is None:
            found = self._bases[name] = self._base(name)
        return found

    def _base(self, name: str) -> str:
        while name != UNKNOWN and not is_array(name) and catalogs.type_info(name) is None:
            found = self.user_type(name)
            if found.kind != "domain":
                return name if found.kind else UNKNOWN
            name = found.base
        return name

    def known(self, name: str) -> bool:
        """Whether enough is known of a type to say what it cannot do: all but those of extensions and the like."""
        if name == UNKNOWN:
            return False
        base = element(name) if is_array(name) else name
        return base == LITERAL or catalogs.type_info(base) is not None or bool(self.user_type(base).kind)

    def category(self, name: str) -> str:
        """Return the category of a type as `pg_type` has it."""
        if is_array(name):
            return "A"
        info = catalogs.type_info(name)
        if info is not None:
            return info.category
        kind = self.user_type(name)
        if kind.kind == "domain":
            return self.category(kind.base)
        return {"enum": "E", "composite": "C"}.get(kind.kind, "U")

    def preferred(self, name: str) -> bool:
        """Whether a type is the preferred one of its category."""
        info = catalogs.type_info(name)
        return info is not None and info.preferred

    def is_kind(self, name: str, kind: str) -> bool:
        """Whether a type is an `enum`, `composite` or `domain` that files made."""
        return not is_array(name) and catalogs.type_info(name) is None and self.user_type(name).kind == kind

    # --- what becomes of what

    def coerces(self, source: str, target: str, context: str = IMPLICIT) -> bool:
        """Whether a value of one type is taken where another is wanted. What is not known may be."""
        if source in (target, LITERAL) or UNKNOWN in (source, target) or target == "any":
            return True
        if is_polymorphic(target):
            return self._fits(source, target)
        source, target = self.base(source), self.base(target)
        if source == target or not (self.known(source) and self.known(target)):
            return True
        if self.is_kind(source, "composite") or self.is_kind(target, "composite"):
            as_text = context == EXPLICIT and self.category(source) == "S"
            return "record" in (source, target) or as_text or (context != IMPLICIT and self.category(target) == "S")
        return self._has_cast(source, target, context)

    def _has_cast(self, source: str, target: str, context: str) -> bool:
        found = catalogs.cast(source, target)
        if found is not None and _RANK[found[0]] <= _RANK[context]:
            return True
        if is_array(source) and is_array(target):
            return self.coerces(element(source), element(target), context)
        if found is None and context != IMPLICIT and self.category(target) == "S":
            return True
        if found is None and context == EXPLICIT and self.category(source) == "S":
            return True
        # Casts of one's own are made for one's own types, mostly.
        return self.casts_made()

    def cast_volatility(self, source: str, target: str) -> str:
        """Return the volatility of turning a type into another."""
        source, target = self.base(source), self.base(target)
        if source in (target, LITERAL):
            return "i"
        if UNKNOWN in (source, target):
            return "?"
        found = catalogs.cast(source, target)
        if found is not None:
            return found[2] if found[1] == "f" else "i"
        if is_array(source) and is_array(target):
            return self.cast_volatility(element(source), element(target))
        return worst(self._text_volatility(source, reads=False), self._text_volatility(target, reads=True))

    def _text_volatility(self, name: str, *, reads: bool) -> str:
        if is_array(name) or self.is_kind(name, "composite"):
            return "s"
        info = catalogs.type_info(name)
        if info is None:
            # The texts of labels of an enum may change.
            return "s" if self.is_kind(name, "enum") else "?"
        return info.reads if reads else info.writes

    def _fits(self, source: str, target: str) -> bool:
        """Whether a type is one of those that a polymorphic one stands for."""
        if source in (UNKNOWN, LITERAL) or is_polymorphic(source):
            return True
        base = self.base(source)
        if target in ("anyarray", "anycompatiblearray"):
            return is_array(base) or base in ("int2vector", "oidvector", UNKNOWN)
        if target in ("anynonarray", "anycompatiblenonarray"):
            return not is_array(base)
        if target == "anyenum":
            return self.is_kind(base, "enum") or not self.known(base)
        if target in ("anyrange", "anycompatiblerange"):
            return self._typtype(base) in ("r", "")
        if target in ("anymultirange", "anycompatiblemultirange"):
            return self._typtype(base) in ("m", "")
        return True

    def _typtype(self, name: str) -> str:
        info = catalogs.type_info(name)
        if info is not None:
            return info.kind
        return "" if not is_array(name) and not self.user_type(name).kind else "-"


def worst(*volatilities: str) -> str:
    """Return the worst of volatilities; what is not known is worse than immutable."""
    return max(volatilities, key="i?sv".index, default="i")
