"""What becomes of the values of a PostgreSQL column whose type changes: kept, rejected, or changed.

As the engine does it: `tests/schema/test_type_conversion.py` asks it for each pair of types. A value is kept if it is
the same one after the way back to its former type, by an assignment or by way of its text.
"""

from __future__ import annotations

from miglint.base.digits import whole_number
from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct, replace
from miglint.sql.operations import Expression, Type


class TypeChange(Struct, frozen=True):
    """The effect of a change of type on values.

    `changes` says how values are changed for good ("rounded", "cut"), None if all that are accepted come back;
    `rejects` is which values make the statement fail, None if none do.
    """

    changes: str | None = None
    rejects: str | None = None

    @property
    def keeps(self) -> bool:
        """Whether every value that is accepted can be had again."""
        return self.changes is None


KEPT = TypeChange()
_CHANGED = TypeChange("changed")
_ROUNDED = TypeChange("rounded")
_DIGITS = {"int2": 5, "int4": 10, "int8": 19}
_INTEGERS = ("int2", "int4", "int8")
# How many decimal digits a number can have that comes back from a float.
_EXACT = {"float4": 6, "float8": 15}
_TEXTS = frozenset({"text", "varchar", "citext"})
# The argument is the number of digits of the seconds.
_TIMES = frozenset({"time", "timetz", "timestamp", "timestamptz", "interval"})
_NAME_LENGTH = 63
# The longest texts of types that have one.
_LENGTHS = {
    "bool": 5, "int2": 6, "int4": 11, "int8": 20, "uuid": 36, "macaddr": 17, "macaddr8": 23, "oid": 10,
    "name": _NAME_LENGTH, "date": 13, "inet": 43, "cidr": 43, "float4": 15, "float8": 24,
}  # fmt: skip
# What can be read again with spaces behind it.
_PADDED = frozenset({"bpchar", "bool", "date", "int2", "int4", "int8", "numeric", "uuid"})
_SAME = frozenset(
    {("bool", "int4"), ("cidr", "inet"), ("date", "timestamp"), ("date", "timestamptz"), ("float4", "float8"),
     ("int2", "float4"), ("int2", "float8"), ("int4", "float8"), ("json", "text"), ("jsonb", "json"),
     ("macaddr", "macaddr8"), ("time", "interval"), ("time", "timetz"), ("int4", "oid"), ("oid", "int8"),
     ("oid", "int4"), ("money", "numeric"), ("text", "citext"), ("citext", "text"), ("bit", "varbit")}
)  # fmt: skip
_CUTS = {
    ("timestamp", "date"): "changed (the time of day is lost)",
    ("timestamptz", "date"): "changed (the time of day is lost)",
    ("timestamptz", "timestamp"): "changed (the time zone is lost)",
    ("timestamptz", "time"): "changed (the date is lost)",
    ("timestamp", "time"): "changed (the date is lost)",
    ("timetz", "time"): "changed (the time zone is lost)",
    ("json", "jsonb"): "changed (white space, order of keys, and repeated keys are lost)",
    ("inet", "cidr"): "changed",
}
# A column, perhaps cast; and an array of it.
_PLAIN = pattern(r'(?:\w+|"[^"]+")(?P<cast>(?:::[^:]+)*)')
_WRAPPED = pattern(r'(?i)array\[(?:\w+|"[^"]+")(?:::[^:\]]+)*\](?:::[^:]+)*')


def _wraps(one: Type, two: Type, using: Expression) -> bool:
    """Return whether an expression makes an array of the value."""
    return two.dimensions > one.dimensions == 0 and _WRAPPED.fullmatch(using.key) is not None


def conversion(one: Type, two: Type, using: Expression | None = None, *, labels: bool = False) -> TypeChange:
    """Return what becomes of values of type `one` in a column that changes to type `two`.

    `using` is the expression of the statement, if it has one; `labels` means that `two` is an enum. No domains.
    """
    plain = None if using is None else _PLAIN.fullmatch(using.key)
    if using is not None and plain is None:
        # What any other expression makes of values is not known.
        return conversion(one, replace(two, dimensions=0), labels=labels) if _wraps(one, two, using) else _CHANGED
    explicit = plain is not None and bool(plain["cast"])
    if one.dimensions and two.dimensions:
        one, two = replace(one, dimensions=0), replace(two, dimensions=0)
    elif one.dimensions != two.dimensions and not (two.dimensions == 0 and two.name in _TEXTS):
        return _CHANGED
    if one == two:
        return KEPT
    if labels:
        return TypeChange(None, f"that are no label of {two.name}")
    if two.schema is not None and two.name not in _TEXTS:
        return _CHANGED
    return _of_numbers(one, two) or _of_texts(one, two, explicit=explicit) or _of_others(one, two, explicit=explicit)


def _of_numbers(one: Type, two: Type) -> TypeChange | None:
    """Return the conversion between two numbers, None for other types."""
    if one.name in _INTEGERS and two.name in _INTEGERS:
        narrower = _DIGITS[two.name] < _DIGITS[one.name]
        return TypeChange(None, f"out of the range of {two}") if narrower else KEPT
    if two.name == "numeric" and (one.name in _INTEGERS or one.name in ("numeric", "money")):
        return _to_numeric(one, two)
    if one.name == "numeric":
        return _of_numeric(one, two)
    if one.name in _EXACT and (two.name in (*_INTEGERS, "numeric") or (one.name, two.name) == ("float8", "float4")):
        return TypeChange("rounded", f"out of the range of {two}" if two.name in (*_INTEGERS, "float4") else None)
    return None


def _of_numeric(one: Type, two: Type) -> TypeChange | None:
    """Return the conversion of `numeric` to a number of another type, None for other types."""
    known = _numeric(one)
    if two.name in _INTEGERS:
        digits, scale = known or (1000, 1)
        rejects = f"out of the range of {two}" if digits - scale >= _DIGITS[two.name] else None
        return TypeChange("rounded" if scale > 0 else None, rejects)
    if two.name in _EXACT:
        return KEPT if known is not None and known[0] <= _EXACT[two.name] else _ROUNDED
    if two.name == "money":
        return KEPT if known is not None and known[1] <= 2 and known[0] - known[1] <= 16 else _ROUNDED
    return None


def _to_numeric(one: Type, two: Type) -> TypeChange:
    """Return the conversion of a number without a fraction, or with a known one, to `numeric`."""
    known = _numeric(two)
    if known is None:
        return KEPT
    digits, scale = known
    whole, fraction = (_DIGITS[one.name], 0) if one.name in _INTEGERS else (17, 2) if one.name == "money" else (0, 0)
    if one.name == "numeric":
        own = _numeric(one)
        if own is None:
            return TypeChange("rounded", f"out of the range of {two}")
        whole, fraction = own[0] - own[1], own[1]
    rejects = f"out of the range of {two}" if digits - scale < whole else None
    return TypeChange("rounded" if scale < fraction else None, rejects)


def _numeric(kind: Type) -> tuple[int, int] | None:
    """Return precision and scale of `numeric`, None without bounds."""
    if not kind.args:
        return None
    return whole_number(kind.args[0]), whole_number(kind.args[1]) if len(kind.args) > 1 else 0


def _of_texts(one: Type, two: Type, *, explicit: bool) -> TypeChange | None:
    """Return the conversion to a text of some length, None to other types."""
    if two.name not in _TEXTS and two.name not in ("bpchar", "name", "json"):
        return None
    if two.name == "json":
        return TypeChange(None, "that are no JSON") if one.name in (*_TEXTS, "name", "bpchar") else None
    if two.name == "name":
        fits = _length(one) is not None and (_length(one) or 0) <= _NAME_LENGTH
        return KEPT if fits else TypeChange(f"cut to {_NAME_LENGTH} bytes")
    if two.name == "bpchar" and one.name in _TEXTS:
        return _padded(one, two, explicit=explicit)
    if two.name == "bpchar" and one.name not in _PADDED:
        return _CHANGED
    rejects = _longer(one, two)
    if rejects is not None and explicit:
        return TypeChange(f"cut to {_size(two)} characters")
    return TypeChange(None, rejects)


def _padded(one: Type, two: Type, *, explicit: bool) -> TypeChange:
    """Return the conversion of a text to `bpchar`: spaces at the end do not come back."""
    if explicit:
        return TypeChange(f"cut to {_size(two)} characters")
    return TypeChange("changed (spaces at the end are lost)", _longer(one, two))


def _size(kind: Type) -> int | None:
    """Return the number of characters that a text type is limited to."""
    return whole_number(kind.args[0]) if kind.args else 1 if kind.name == "bpchar" else None


def _length(kind: Type) -> int | None:
    return None if kind.dimensions else _size(kind) if kind.name in ("varchar", "bpchar") else _LENGTHS.get(kind.name)


def _longer(one: Type, two: Type) -> str | None:
    size, length = _size(two), _length(one)
    if size is None or (length is not None and length <= size):
        return None
    return f"longer than {size} {'character' if size == 1 else 'characters'}"


def _of_others(one: Type, two: Type, *, explicit: bool) -> TypeChange:
    if one.name == two.name:
        return _of_same(one, two, explicit=explicit)
    if two.name in ("bit", "varbit") and one.name in ("bit", "varbit"):
        return _of_bits(one, two, explicit=explicit)
    if (one.name, two.name) == ("macaddr8", "macaddr"):
        return TypeChange(None, "without FF and FE in the middle")
    if (one.name, two.name) == ("int8", "oid"):
        return TypeChange(None, "out of the range of oid")
    if (one.name, two.name) in _SAME:
        return KEPT if not two.args or one.name == "date" else _ROUNDED
    if one.name in (*_TEXTS, "bpchar", "name"):
        return TypeChange(f"rewritten as {two}", f"that are no {two.name}")
    return TypeChange(_CUTS.get((one.name, two.name), "changed"))


def _of_same(one: Type, two: Type, *, explicit: bool) -> TypeChange:
    """Return the conversion between two types of one name and other arguments."""
    if not two.args and one.name != "bit":
        return KEPT
    if one.name in _TIMES:
        shorter = not one.args or not one.args[-1].isdecimal() or not two.args[-1].isdecimal() or (
            whole_number(two.args[-1]) < whole_number(one.args[-1])
        )  # fmt: skip
        return _ROUNDED if shorter else KEPT
    return _of_bits(one, two, explicit=explicit) if one.name in ("bit", "varbit") else _CHANGED


def _of_bits(one: Type, two: Type, *, explicit: bool) -> TypeChange:
    size, length = (
        whole_number(kind.args[0]) if kind.args else 1 if kind.name == "bit" else None for kind in (two, one)
    )
    if size is None or (two.name == "varbit" and length is not None and length <= size) or (
        one.name == two.name == "bit" and length == size
    ):  # fmt: skip
        return KEPT
    longer = f"longer than {size} bits" if two.name == "varbit" else f"that do not have {size} bits"
    return TypeChange("cut") if explicit else TypeChange(None, longer)
