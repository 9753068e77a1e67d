"""The rows and values that the way from one schema to another destroys, and those that it cannot bring back."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from miglint.base.model import Dialect
from miglint.schema.objects import Key, Table
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Type
from miglint.writer.renames import Renames
from miglint.writer.written import LostData


def losses(old: Schema, new: Schema, renames: Renames | None) -> tuple[tuple[LostData, ...], tuple[LostData, ...]]:
    """Return what the way from `old` to `new` destroys, and what comes without what it had in an earlier `new`.

    `renames` are those that led from `new` to `old`.
    """
    if renames is None:
        return tuple(_gone(old, new, {}, {}, {})), tuple(_gone(new, old, {}, {}, {}))
    types = {
        (moved.new.schema, moved.new.name): (moved.old.schema, moved.old.name)
        for moved in renames.objects()
        if moved.new.space in ("type", "relation")
    }
    relations = {moved.new: moved.old for moved in renames.relations()}
    columns = {(moved.relation, moved.new): moved.old for moved in renames.columns()}
    if old.dialect is Dialect.SQLITE:
        columns |= {(moved.relation, moved.new): moved.old for moved in renames.rows.copied_columns()}
        # What the run itself created was not there before.
        relations = {now: was for now, was in relations.items() if new.find(was) is not None}
    back_relations = {was: now for now, was in relations.items()}
    back_columns = {(relations.get(relation, relation), was): now for (relation, now), was in columns.items()}
    lost = tuple(_gone(old, new, relations, columns, types))
    back_types = {was: now for now, was in types.items()}
    emptied = set() if renames is None else {*renames.values.emptied()}
    emptied |= {(relations.get(key, key), column) for key, column in emptied}
    return lost, tuple(_gone(new, old, back_relations, back_columns, back_types, emptied))


def _gone(
    one: Schema,
    two: Schema,
    relations: dict[Key, Key],
    columns: dict[tuple[Key, str], str],
    types: dict[tuple[str, str], tuple[str, str]],
    emptied: Collection[tuple[Key, str]] = (),
) -> Iterator[LostData]:
    """Yield the tables and columns with rows of their own that one schema has and the other has not.

    `emptied` are columns that the other may have, but not with the same values.
    """
    for key, table in sorted(_tables(one)):
        there = relations.get(key, key)
        value = two.find(there)
        if value is None and two.get(there) is None:
            continue  # Nothing is known of it.
        if not isinstance(value, Table):
            yield LostData(key)
            continue
        if value is table or table.partition_of is not None:
            continue  # The columns of a partition are those of its table.
        for name, column in table.columns.items():
            other = value.columns.get(columns.get((key, name), name))
            if column.generated is not None or (other is None and value.assumed):
                continue
            if other is None or other.generated is not None or (key, name) in emptied:
                yield LostData(key, column.name)
            elif not _keeps(column, other, one.dialect, types):
                yield LostData(key, column.name, "narrowed")


def _tables(schema: Schema) -> Iterator[tuple[Key, Table]]:
    for key, value in schema.items():
        if isinstance(value, Table) and value.kind == "table" and value.persistence != "temporary":
            yield key, value


_INTEGERS = {"int2": 1, "int4": 2, "int8": 3}
_TEXTS = frozenset({"text", "varchar", "bpchar", "name"})


def _keeps(one: Column, two: Column, dialect: Dialect, types: dict[tuple[str, str], tuple[str, str]]) -> bool:
    """Return whether all values of a column are the same in one of another type, or can be had from them again."""
    if dialect is Dialect.SQLITE or one.type is None or two.type is None or one.type == two.type:
        return True
    if one.type.schema is not None and types.get((one.type.schema, one.type.name)) == (two.type.schema, two.type.name):
        return one.type.dimensions == two.type.dimensions
    return keeps_values(one.type, two.type)


# The argument is a length, or a number of digits.
_OF_LENGTH = frozenset({"varchar", "bit", "varbit", "time", "timetz", "timestamp", "timestamptz"})


def _is_as_long(one: Type, two: Type) -> bool:
    return not two.args or (bool(one.args) and int(one.args[-1]) <= int(two.args[-1]))


def keeps_values(one: Type, two: Type) -> bool:
    """Return whether no value of a type is lost or changed when it becomes one of another type of PostgreSQL."""
    if one.dimensions != two.dimensions:
        return False
    if one.name in _INTEGERS and two.name in (*_INTEGERS, "numeric"):
        return _INTEGERS[one.name] <= _INTEGERS[two.name] if two.name in _INTEGERS else not two.args
    if one.name == two.name == "numeric":
        return not two.args or _fits(one, two)
    if one.name == two.name and one.name in _OF_LENGTH:
        return _is_as_long(one, two)
    if two.name in ("text", "varchar") and not two.args:
        # Every type has a text from which its value can be had again.
        return one.name != "bpchar" or not one.args
    if one.name in _TEXTS and two.name == "varchar" and one.args:
        return int(one.args[0]) <= int(two.args[0])
    return (one.name, two.name) in _WIDER


_WIDER = frozenset(
    {("float4", "float8"), ("json", "text"), ("date", "timestamp"), ("int2", "float4"), ("int4", "float8"),
     ("bool", "int4"), ("cidr", "inet")}
)  # fmt: skip


def _fits(one: Type, two: Type) -> bool:
    if not one.args:
        return False
    precision, scale = (int(one.args[0]), int(one.args[1]) if len(one.args) > 1 else 0)
    other, other_scale = (int(two.args[0]), int(two.args[1]) if len(two.args) > 1 else 0)
    return scale <= other_scale and precision - scale <= other - other_scale
