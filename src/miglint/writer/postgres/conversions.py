"""How the values of a column become values of another type."""

from __future__ import annotations

from collections.abc import Sequence

from miglint.base.model import Dialect
from miglint.schema.objects import Enum, Key
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Type
from miglint.sql.postgres.analysis.catalogs import cast
from miglint.writer import tables
from miglint.writer.base_types import base_type
from miglint.writer.postgres.drafting import Drafting
from miglint.writer.postgres.mapping import are_readable, values_of_labels
from miglint.writer.words import UnprintableError, identifier, literal, type_name


def conversion(draft: Drafting, key: Key, before: Column, after: Column) -> str:
    """Return what follows `ALTER COLUMN ... TYPE`: the type, and `USING` if an assignment cast is not enough."""
    if after.type is None:
        raise UnprintableError(f'the type of column "{after.name}" is not known')
    target = type_name(after.type, Dialect.POSTGRES)
    collated = f" COLLATE {tables.collation(after.collation)}" if after.collation else ""
    if before.type is None:
        return f"{target}{collated}"
    swapped = after.type.schema is not None and Key("type", after.type.schema, after.type.name) in draft.plan.swapped
    value = _value(draft, key, before, after, swapped)
    return f"{target}{collated}" + ("" if value is None else f" USING {value}")


def _of_array(own: str, one: Type, two: Type, target: str) -> str:
    """Return an array as a value of a type that is none."""
    if two.schema is None and two.name in ("text", "varchar", "json", "jsonb"):
        return f"to_json({own})::{target}" if "json" in two.name else f"{own}::{target}"
    return f"({own})[1]::{target}" if _casts(_element(one), two) else f"({own})[1]::text::{target}"


def _as_array(own: str, one: Type, two: Type, target: str) -> str:
    """Return a value as an array."""
    if one.schema is None and one.name in ("text", "varchar"):
        return f"ARRAY[{own}]::{target}"
    if one.schema is None and one.name in ("json", "jsonb"):
        # What is no list in the document has no place in an array.
        listed = f"translate({own}::text, '[]', '{{}}')::{target}"
        return f"CASE {one.name}_typeof({own}) WHEN 'array' THEN {listed} ELSE '{{}}'::{target} END"
    element = own if _casts(one, _element(two)) else f"{own}::text"
    return f"ARRAY[{element}]::{target}"


def _value(draft: Drafting, key: Key, before: Column, after: Column, swapped: bool) -> str | None:
    """Return the expression for a value of the new type, None where an assignment makes it."""
    one, two = before.type, after.type
    assert one is not None and two is not None
    own, target = identifier(after.name), type_name(two, Dialect.POSTGRES)
    if one.dimensions and not two.dimensions:
        return _of_array(own, one, two, target)
    if two.dimensions and not one.dimensions:
        return _as_array(own, one, two, target)
    if swapped:
        return f"{own}::text::{target}"
    if (one.name, one.schema) == (two.name, two.schema):
        return None
    base_one, base_two = base_type(draft.old, one), base_type(draft.new, two)
    method = _method(base_one, base_two)
    if method == "assignment" and one.schema is None:
        return None
    if method is None and base_one.name == "bool" and base_two.name in _ZERO:
        return f"{own}::integer::{target}"
    if method is None and base_two.name == "bool" and base_one.name in _ZERO:
        return f"{own} <> 0"
    if method is None:
        labels = _labels(draft.old, one)
        if labels is not None and not are_readable(labels, base_two):
            return _of_labels(draft.using.get((key, after.name), ""), after, labels, base_two)
        return f"{own}::text::{target}"
    return f"{own}::{target}"


def labels_of(draft: Drafting, before: Column, after: Column) -> Type | None:
    """Return the enum whose labels a conversion makes other values of, None for any other conversion."""
    one, two = before.type, after.type
    if one is None or two is None or one.dimensions or two.dimensions:
        return None
    base = base_type(draft.new, two)
    labels = _labels(draft.old, one)
    swapped = two.schema is not None and Key("type", two.schema, two.name) in draft.plan.swapped
    readable = labels is None or swapped or _method(base_type(draft.old, one), base) is not None
    return None if readable or are_readable(labels or (), base) else one


def _labels(schema: Schema, kind: Type) -> Sequence[str] | None:
    found = None if kind.schema is None else schema.find(Key("type", kind.schema, kind.name))
    return found.labels if isinstance(found, Enum) and not found.assumed else None


_ZERO = {"bool": "false", "int2": "0", "int4": "0", "int8": "0", "numeric": "0", "float4": "0", "float8": "0"}


def _of_labels(using: str, column: Column, labels: Sequence[str], kind: Type) -> str:
    """Return the expression for values of a type that cannot read the labels of an enum.

    A label stands for the value that the forward (`using`) made it of; others become the default, or no value.
    """
    values = values_of_labels(using, column.name, kind) if using else {}
    whens = "".join(f" WHEN {literal(label)} THEN {values[label]}" for label in labels if label in values)
    target = type_name(column.type or kind, Dialect.POSTGRES)
    usual = "NULL"
    if column.default is not None and column.default.literal is not None:
        usual = column.default.text
    elif column.nullable is False:
        usual = _ZERO.get(kind.name, "NULL")
    if not whens:
        return f"{usual}::{target}"
    rest = "" if all(label in values for label in labels) else f" ELSE {usual}"
    return f"(CASE {identifier(column.name)}::text{whens}{rest} END)::{target}"


def _element(kind: Type) -> Type:
    return Type(kind.name, kind.args, 0, kind.schema)


_STRINGS = frozenset({"text", "varchar", "bpchar", "name"})


def _casts(one: Type, two: Type) -> bool:
    return _method(one, two) is not None


def _method(one: Type, two: Type) -> str | None:
    """Return how a value of a type becomes one of another: `assignment`, `explicit`, or not at all."""
    if (one.name, one.schema) == (two.name, two.schema):
        return "assignment"
    known = cast(one.name, two.name) if one.schema is None and two.schema is None else None
    if known is not None:
        return "explicit" if known[0] == "e" else "assignment"
    if two.schema is None and two.name in _STRINGS:
        return "assignment"
    if one.schema is None and one.name in _STRINGS:
        return "explicit"
    return None


def set_aside(type_name: str) -> str:
    """Return the name of a type while another one of its name is made, and its columns are converted."""
    return f"{type_name[:50]}__old"
