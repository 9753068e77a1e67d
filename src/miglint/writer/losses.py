"""The rows and values that the way from one schema to another destroys, and those that it cannot bring back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from miglint.base.model import Dialect
from miglint.schema.affinity import changed_by_affinity
from miglint.schema.journal import differing
from miglint.schema.objects import Enum, Key, Table
from miglint.schema.outcome import Run
from miglint.schema.type_conversion import conversion
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Expression
from miglint.writer.base_types import base_type
from miglint.writer.renames import Renames
from miglint.writer.written import LostData

# What happened to values that were computed anew when their table was copied.
COPIED = "as the copy of the table made them"


class _Way(NamedTuple):
    """Where the rows and values of one schema are in another one.

    `relations`, `columns` and `types` have another name there. `emptied` are columns that the other may have, but not
    with the same values, `computed` those that a copy of the table made other values for, `using` the expressions that
    made values of another type.
    """

    relations: Mapping[Key, Key] = {}
    columns: Mapping[tuple[Key, str], str] = {}
    types: Mapping[tuple[str, str], tuple[str, str]] = {}
    emptied: Collection[tuple[Key, str]] = ()
    computed: Collection[tuple[Key, str]] = ()
    using: Mapping[tuple[Key, str], Expression] = {}


def destroyed_by(run: Run) -> tuple[LostData, ...]:
    """Return the rows and values that a run destroys of those that it finds."""
    tables = {key: run.before.table(key) for key in run.touched}
    found = [(key, table) for key, table in tables.items() if table is not None and _has_rows(table)]
    return tuple(_gone(run.before, run.schema, _way_back(run.schema, run.before, Renames(run.moments)), found))


def losses(old: Schema, new: Schema, renames: Renames | None) -> tuple[tuple[LostData, ...], tuple[LostData, ...]]:
    """Return what the way from `old` to `new` destroys, and what comes without what it had in an earlier `new`.

    `renames` are those that led from `new` to `old`.
    """
    changed = differing(old, new)
    if renames is None:
        way = _Way()
        return tuple(_gone(old, new, way, _tables(old, changed))), tuple(_gone(new, old, way, _tables(new, changed)))
    back = _way_back(old, new, renames)
    there = _Way(
        {now: was for was, now in back.relations.items()},
        {(now, column): was for (key, was), column in back.columns.items() for now in (back.relations.get(key, key),)},
        {now: was for was, now in back.types.items()},
    )
    # A table that both have, and no rename is about, has what it had.
    changed |= {*back.relations, *there.relations, *(key for key, _ in (*back.emptied, *back.computed, *back.using))}
    return tuple(_gone(old, new, there, _tables(old, changed))), tuple(_gone(new, old, back, _tables(new, changed)))


def _way_back(old: Schema, new: Schema, renames: Renames) -> _Way:
    """Return where the rows and values of `new` are in `old`, to which a run led."""
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
    return _Way(
        {was: now for now, was in relations.items()},
        {(relations.get(relation, relation), was): now for (relation, now), was in columns.items()},
        {was: now for now, was in types.items()},
        {(relations.get(key, key), column) for key, column in renames.values.emptied()} | renames.values.emptied(),
        {(relations.get(key, key), column) for key, column in renames.rows.computed_columns()},
        renames.conversions(),
    )


def _gone(one: Schema, two: Schema, way: _Way, tables: Iterable[tuple[Key, Table]]) -> Iterator[LostData]:
    """Yield what of some tables of a schema the other one has not: tables and columns, with rows of their own."""
    changed = {relation for relation, _ in (*way.emptied, *way.computed, *way.using)}
    for key, table in sorted(tables):
        there = way.relations.get(key, key)
        value = two.find(there)
        if value is None and two.get(there) is None:
            continue  # Nothing is known of it.
        if not isinstance(value, Table):
            yield LostData(key)
            continue
        if table.partition_of is not None:
            continue  # The columns of a partition are those of its table.
        if value is table and key not in changed:
            continue
        for name, column in table.columns.items():
            other = value.columns.get(way.columns.get((key, name), name))
            if column.generated is not None or (other is None and value.assumed):
                continue
            if other is None or other.generated is not None or (key, name) in way.emptied:
                yield LostData(key, column.name)
                continue
            if one.dialect is Dialect.SQLITE:
                changes = changed_by_affinity(column.type, other.type, strict=(table.strict, value.strict))
            else:
                changes = _changes(one, two, column, other, way.types, way.using.get((key, name)))
            if changes is None and (key, name) in way.computed:
                changes = COPIED
            if changes is not None:
                yield LostData(key, column.name, changes)


def _tables(schema: Schema, keys: Iterable[Key]) -> Iterator[tuple[Key, Table]]:
    for key in keys:
        table = schema.table(key)
        if table is not None and _has_rows(table):
            yield key, table


def _has_rows(table: Table) -> bool:
    """Return whether a table has rows of its own, which outlive the session."""
    return table.kind == "table" and table.persistence != "temporary"


def _changes(
    old: Schema,
    new: Schema,
    column: Column,
    other: Column,
    types: Mapping[tuple[str, str], tuple[str, str]],
    using: Expression | None,
) -> str | None:
    """Return how the values of a column are changed for good in one of another type, None if they are kept."""
    if column.type is None or other.type is None:
        return None
    one, two = column.type, other.type
    if one.schema is not None and types.get((one.schema, one.name)) == (two.schema, two.name):
        return None if one.dimensions == two.dimensions else "changed"
    if one == two and using is None:
        return None
    labels = two.schema is not None and isinstance(new.find(Key("type", two.schema, two.name)), Enum)
    return conversion(base_type(old, one), base_type(new, two), using, labels=labels).changes
