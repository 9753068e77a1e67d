"""SQL expressions that generate a valid value of a type for row number `i`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from miglint.base.digits import whole_number
from miglint.dryrun.postgres.connection import literal, quoted
from miglint.dryrun.row_checks import Allowed
from miglint.schema.objects import Domain, Enum, Key
from miglint.schema.value import Schema
from miglint.sql.operations import Type

_LONGEST = 120
_TEXTS = frozenset(("text", "varchar", "bpchar", "citext", "name", "char"))
_INTEGERS = {"int2": 32000, "int4": 2_000_000_000, "int8": 2_000_000_000}
# `k` is i if values must be unique, and repeats otherwise; `seed` is a literal.
_PLAIN = {
    "bool": "({k} % 2 = 0)",
    "float4": "({k} * 1.5)",
    "float8": "({k} * 1.5)",
    "money": "({k})::text::money",
    "uuid": "md5({seed} || '-' || {k})::uuid",
    "date": "date '2020-01-01' + ({k} % 20000)::int",
    "timestamp": "timestamp '2020-01-01' + make_interval(mins => ({k})::int)",
    "timestamptz": "timestamptz '2020-01-01 00:00:00+00' + make_interval(mins => ({k})::int)",
    "time": "time '00:00' + make_interval(secs => ({k} % 86400)::int)",
    "timetz": "timetz '00:00+00' + make_interval(secs => ({k} % 86400)::int)",
    "interval": "make_interval(secs => ({k})::int)",
    "json": "json_build_object('n', {k})",
    "jsonb": "jsonb_build_object('n', {k})",
    "bytea": "decode(md5({seed} || '-' || {k}), 'hex')",
    "inet": "inet '10.0.0.0' + ({k})::bigint",
    "cidr": "(inet '10.0.0.0' + ({k})::bigint)::cidr",
    "macaddr": "lpad(to_hex(({k})::bigint), 12, '0')::macaddr",
    "macaddr8": "lpad(to_hex(({k})::bigint), 16, '0')::macaddr8",
    "int4range": "int4range(({k})::int, ({k})::int + 1)",
    "int8range": "int8range(({k})::bigint, ({k})::bigint + 1)",
    "numrange": "numrange(({k})::numeric, ({k})::numeric + 1)",
    "daterange": "daterange(date '2020-01-01' + ({k} % 20000)::int, date '2020-01-02' + ({k} % 20000)::int)",
    "tsrange": "tsrange(timestamp '2020-01-01' + make_interval(mins => ({k})::int), NULL)",
    "tstzrange": "tstzrange(timestamptz '2020-01-01 00:00:00+00' + make_interval(mins => ({k})::int), NULL)",
    "tsvector": "('word' || {k})::tsvector",
    "tsquery": "('word' || {k})::tsquery",
    "xml": "('<n>' || {k} || '</n>')::xml",
    "point": "point({k}, {k})",
    "ltree": "('a.b' || {k})::text::{type}",
    "hstore": "('n=>' || {k})::text::{type}",
    "oid": "({k})::oid",
    "pg_lsn": "'0/1'::pg_lsn",
}


class Series(NamedTuple):
    """How the values of a column go on from row to row: `unique`, or again and again, `shift` rows later.

    `seed` is part of those that are texts. Columns of other series have other values in the same row.
    """

    unique: bool
    seed: str
    shift: int = 0

    @property
    def key(self) -> str:
        """The number in a value, from 1."""
        return "i" if self.unique else f"({self.row} % 10 + 1)"

    @property
    def row(self) -> str:
        """The row's number, from 1 or more."""
        return f"(i + {self.shift})" if self.shift else "i"


def expression(kind: Type, schema: Schema, rule: Allowed | None, series: Series) -> str | None:
    """Return an expression over `i` (from 1), or None for unsupported types."""
    if kind.dimensions:
        element = Type(kind.name, kind.args, 0, kind.schema)
        inner = expression(element, schema, None, series)
        return None if inner is None else f"ARRAY[{inner}]::{shown(kind)}"
    if rule is not None and rule.values:
        return _in_turn(rule.values, kind, series)
    if kind.schema is not None and kind.name not in _TEXTS:
        value = schema.find(Key("type", kind.schema, kind.name))
        if isinstance(value, Enum):
            return _in_turn(value.labels, kind, series) if value.labels else None
        if isinstance(value, Domain) and value.base is not None:
            inner = expression(value.base, schema, rule, series)
            return None if inner is None else f"({inner})::{shown(kind)}"
    return _of_built_in(kind, rule, series)


def _in_turn(values: Sequence[str], kind: Type, series: Series) -> str:
    """Return an expression that goes through the values again and again."""
    return f"(ARRAY[{', '.join(map(literal, values))}])[({series.row} - 1) % {len(values)} + 1]::{shown(kind)}"


def _of_built_in(kind: Type, rule: Allowed | None, series: Series) -> str | None:
    key = series.key
    if kind.name in _INTEGERS or kind.name == "numeric":
        return _number(kind, rule, series)
    if kind.name in _TEXTS:
        if rule is not None and rule.document:
            return f"('{{\"n\": ' || {key} || '}}')::{shown(kind)}"
        return _text(kind, rule, series)
    if kind.name in ("bit", "varbit"):
        size = whole_number(kind.args[0]) if kind.args else 1
        return f"lpad(({key} % 2)::int::bit(1)::text, {size}, '0')::{kind.name}({size})"
    found = _PLAIN.get(kind.name)
    return None if found is None else found.format(k=key, seed=literal(series.seed), type=shown(kind))


def _number(kind: Type, rule: Allowed | None, series: Series) -> str:
    least = rule.least if rule is not None and rule.least is not None else None
    most = rule.most if rule is not None and rule.most is not None else None
    most = most if most is not None else float(_INTEGERS.get(kind.name, 2_000_000_000))
    if kind.name == "numeric" and kind.args:
        digits = whole_number(kind.args[0]) - (whole_number(kind.args[1]) if len(kind.args) > 1 else 0)
        most = min(most, float(10 ** max(0, digits) - 1))
    start = least if least is not None else min(1.0, most)
    span = max(1, int(min(most - start + 1, 2_000_000_000)))
    counted = "i - 1" if series.unique else f"({series.row} % 10)"
    return f"({start:g} + ({counted}) % {span})::{shown(kind)}"


def _text(kind: Type, rule: Allowed | None, series: Series) -> str:
    key = series.key
    longest = _LONGEST
    if kind.args:
        longest = min(longest, whole_number(kind.args[0]))
    elif kind.name == "char":
        longest = 1
    shortest = 0
    if rule is not None:
        longest = min(longest, rule.longest) if rule.longest is not None else longest
        shortest = min(rule.shortest, longest)
    # The number comes first, in hexadecimal, so that short columns keep distinct values.
    word = f"to_hex(({key})::bigint) || '-' || md5({literal(series.seed)} || '-' || {key})"
    if longest <= 1:
        word = f"chr((97 + ({key}) % 26)::int)"
    padded = f"rpad({word}, CASE WHEN i % 5 = 0 THEN {longest} ELSE {max(shortest, min(longest, 12))} END, 'x')"
    return f"left({padded}, {longest})::{shown(kind)}"


def shown(kind: Type) -> str:
    """Return a type as SQL."""
    base = quoted(kind.name) if kind.schema is None else f"{quoted(kind.schema)}.{quoted(kind.name)}"
    if kind.schema is None:
        base = f"pg_catalog.{base}"
    modifiers = (
        f"({','.join(kind.args)})" if kind.args and all(part.lstrip("-").isdecimal() for part in kind.args) else ""
    )
    return f"{base}{modifiers}{'[]' * kind.dimensions}"
