"""Constants as the defaults of columns: which spellings PostgreSQL stores alike.

A quoted constant is one of the column's type, or of the type that it is cast to; a number has a type of its own, and
becomes one of the column's type each time. The server writes these apart, and so does `pg_dump`.
"""

from __future__ import annotations

import json
import re

from miglint.base.digits import whole_number
from miglint.base.lazy_regex import pattern
from miglint.schema.builtin_types import BUILTIN_TYPES
from miglint.sql.intervals import folded_interval
from miglint.sql.operations import Type
from miglint.sql.type_input import truth_of

_QUOTED = r"[eE]?'((?:[^'\\]|'')*)'"
_NAME = (
    r"(?i:(?:character varying|double precision|time(?:stamp)? with(?:out)? time zone|bit varying"
    r"|(?:\"[^\"]+\"|\w+)(?:\.(?:\"[^\"]+\"|\w+))?)(?: ?\([0-9, ]+\))?(?: ?\[\])*)"
)
_CONSTANT = pattern(
    r"(?:(?P<prefix>date|interval|inet|timestamptz|timestamp|uuid|bool|jsonb|json) )?"
    rf"(?:{_QUOTED}|(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<truth>true|false))(?P<casts>(?: ?:: ?{_NAME})*)"
)
_SPELLED = {
    "character varying": "varchar", "integer": "int4", "int": "int4", "bigint": "int8", "smallint": "int2",
    "decimal": "numeric", "double precision": "float8", "real": "float4", "boolean": "bool", "char": "bpchar",
    "character": "bpchar", "timestamp with time zone": "timestamptz", "timestamp without time zone": "timestamp",
    "time without time zone": "time", "time with time zone": "timetz",
}  # fmt: skip
# One whose elements are neither quoted nor arrays themselves.
_PLAIN_ARRAY = pattern(r"\s*\{([^\"\\{}]*)\}\s*\Z")
_SHORT_TIME = pattern(r"[0-2][0-9]:[0-5][0-9]\Z")
_DATE = pattern(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})\Z")


def stored(text: str, kind: Type | None) -> tuple[str, ...] | None:
    """Return what distinguishes a constant default of a column from others; None if it is no constant."""
    if kind is None or kind.setof or kind.name not in BUILTIN_TYPES:
        # A constant of a domain is stored as one of the type that it is over, which is not known here.
        return None
    found = _constant(text.strip())
    if found is None:
        return None
    casts = [_named(cast) for cast in found["casts"].split("::")[1:]]
    if found["prefix"]:
        casts.insert(0, found["prefix"].lower())
    own = f"{kind.name}{'[]' if kind.dimensions else ''}"
    number, truth, value = found["number"], found["truth"], found[2] or ""
    if own == "bool":
        return _stored_truth(number or truth or value, casts)
    if truth is not None:
        return None
    if number is not None:
        return ("number", number, *(casts[1:] if casts[:1] == [_type_of(number)] else casts))
    return _stored_text(value.replace("''", "'"), own, casts)


def _constant(text: str) -> re.Match[str] | None:
    while text.startswith("(") and text.endswith(")") and text.count("(") == 1:
        text = text[1:-1].strip()
    return _CONSTANT.fullmatch(text) or _CONSTANT.fullmatch(text.lower() if text[:1].isalpha() else text)


def _stored_truth(text: str, casts: list[str]) -> tuple[str, str] | None:
    truth = truth_of(text)
    return None if truth is None or any(cast != "bool" for cast in casts) else ("bool", str(truth))


def _stored_text(value: str, own: str, casts: list[str]) -> tuple[str, ...]:
    first = casts[0] if casts else own
    rest = [cast for cast in casts[1:] if cast != first]
    if first == own and not rest:
        if own == "int4" and value.strip().lstrip("+-").isdecimal():
            return ("number", str(whole_number(value)))
        if own == "numeric" and "." in value and value.replace(".", "", 1).isdecimal():
            return ("number", value)
    return (first, _value(first, value), *rest)


def quoted(text: str) -> str:
    """Return a text as a constant of SQL."""
    return "'" + text.replace("'", "''") + "'"


def _type_of(number: str) -> str:
    return "numeric" if "." in number else "int4"


def _named(cast: str) -> str:
    # Quoted names keep their case; those of types that are known have no capital letters.
    name, _, arguments = (cast if '"' in cast else cast.lower()).strip().partition("(")
    name = " ".join(name.split()).removeprefix("public.").removeprefix("pg_catalog.").strip('"')
    array = "[]" if cast.rstrip().endswith("[]") else ""
    name = name.removesuffix("[]").rstrip()
    return _SPELLED.get(name, name) + (f"({arguments.removesuffix('[]')}" if arguments else "") + array


def _value(kind: str, value: str) -> str:
    """Return a constant of a type as the type writes it, as far as that is plain."""
    if kind == "uuid":
        return value.lower()
    if kind == "date" and (found := _DATE.match(value)) is not None:
        return f"{found[1]}-{found[2]:0>2}-{found[3]:0>2}"
    if kind == "interval":
        return folded_interval(value) or value
    if kind.endswith("[]") and (found := _PLAIN_ARRAY.match(value)) is not None:
        return f"{{{','.join(element.strip() for element in found[1].split(','))}}}"
    if kind in ("time", "timetz") and _SHORT_TIME.match(value):
        return f"{value}:00"
    if kind == "bytea":
        return value or "\\x"
    if kind == "jsonb":
        try:
            return json.dumps(json.loads(value, parse_float=str, parse_int=str), sort_keys=True)
        except ValueError:
            return value
    return value
