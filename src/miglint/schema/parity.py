"""Differences between a PostgreSQL and a SQLite schema that are meant to be equal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from miglint.base.model import Dialect
from miglint.base.structs import Struct
from miglint.schema.common import CommonColumn, Link, Lookup, Shape, fits, shape, tables, views
from miglint.schema.value import Schema

Fact = Callable[[Shape | None], object]


class ParityDifference(Struct, frozen=True):
    """One difference.

    `kind` is `table`, `view`, `column`, `type`, `nullability`, `default`, `key`, `foreign key`, `deletion` or `index`;
    `table` its folded name, `parts` the columns concerned. `only` is the dialect that has it, None if both differ;
    `postgres` and `sqlite` are the values on each side. `fact` extracts the differing property from a shape.
    """

    kind: str
    table: str
    parts: tuple[str, ...]
    only: Dialect | None
    postgres: str
    sqlite: str
    fact: Fact


def differences(postgres: Schema, sqlite: Schema) -> Iterator[ParityDifference]:
    """Compare two schemas; what one of them does not know in full is no difference."""
    ones, others = tables(postgres), tables(sqlite)
    shared = {*ones} & {*others}
    for name in sorted({*ones, *others}):
        one = shape(postgres, ones[name]) if name in ones else None
        other = shape(sqlite, others[name]) if name in others else None
        if one is not None and other is not None:
            yield from _columns(name, one, other)
            yield from _keys(name, one, other)
            yield from _links(name, one, other, shared)
            yield from _lookups(name, one, other)
        elif not (one or other or _NOTHING).open:
            only = Dialect.SQLITE if one is None else Dialect.POSTGRES
            yield ParityDifference("table", name, (), only, "", "", _there)
    seen, looked = views(postgres), views(sqlite)
    for name in sorted({*seen} ^ {*looked}):
        yield ParityDifference("view", name, (), Dialect.POSTGRES if name in seen else Dialect.SQLITE, "", "", _there)


_NOTHING = Shape({}, frozenset(), frozenset(), frozenset(), frozenset(), frozenset(), True)


def _there(found: Shape | None) -> object:
    return found is not None


def _field_fact(column: str, pick: Callable[[CommonColumn], object]) -> Fact:
    def fact(found: Shape | None) -> object:
        field = None if found is None else found.columns.get(column)
        return None if field is None else pick(field)

    return fact


def _columns(table: str, one: Shape, other: Shape) -> Iterator[ParityDifference]:
    for name in sorted({*one.columns, *other.columns}):
        mine, theirs = one.columns.get(name), other.columns.get(name)
        if mine is not None and theirs is not None:
            # A primary key takes no NULL in PostgreSQL, whatever SQLite does.
            keyed = name in one.primary or name in other.primary
            yield from _column(table, name, mine, theirs, keyed=keyed)
            continue
        known = mine or theirs
        # A column that is only known from its use in a script may be in both.
        if known is not None and (known.kind is not None or known.nullable is not None):
            only = Dialect.SQLITE if mine is None else Dialect.POSTGRES
            yield ParityDifference("column", table, (name,), only, "", "", _field_fact(name, lambda _: True))


def _column(
    table: str, name: str, mine: CommonColumn, theirs: CommonColumn, *, keyed: bool
) -> Iterator[ParityDifference]:
    if not fits(mine.kind, theirs.kind):
        fact = _field_fact(name, lambda field: field.kind)
        yield ParityDifference("type", table, (name,), None, mine.kind or "", theirs.kind or "", fact)
    if not keyed and None not in (mine.nullable, theirs.nullable) and mine.nullable != theirs.nullable:
        only = Dialect.SQLITE if mine.nullable else Dialect.POSTGRES
        ours, other = ("takes NULL" if each.nullable else "is NOT NULL" for each in (mine, theirs))
        fact = _field_fact(name, lambda field: field.nullable)
        yield ParityDifference("nullability", table, (name,), only, ours, other, fact)
    yield from _default(table, name, mine, theirs)


# The same time, document or bytes can be written in several ways.
_WRITTEN_FREELY = frozenset({None, "time", "json", "blob", "uuid", "list"})


def _default(table: str, name: str, mine: CommonColumn, theirs: CommonColumn) -> Iterator[ParityDifference]:
    if mine.default == theirs.default or "?" in (mine.default, theirs.default) or mine.kind in _WRITTEN_FREELY:
        return
    # SQLite requires a default for a column added as NOT NULL.
    if mine.default is None and theirs.nullable is False:
        return
    defaults = ["no default" if each.default is None else f"default {each.default!r}" for each in (mine, theirs)]
    only = Dialect.POSTGRES if theirs.default is None else Dialect.SQLITE if mine.default is None else None
    fact = _field_fact(name, lambda field: field.default)
    yield ParityDifference("default", table, (name,), only, defaults[0], defaults[1], fact)


def _keys(table: str, one: Shape, other: Shape) -> Iterator[ParityDifference]:
    if one.open or other.open:
        return
    for mine, theirs, only in ((one, other, Dialect.POSTGRES), (other, one, Dialect.SQLITE)):
        for key in sorted(mine.keys - theirs.keys, key=sorted):
            # Missing columns are reported as such, and a unique set that contains a key is redundant.
            if not key <= theirs.columns.keys() or any(part < key for part in theirs.keys):
                continue

            def fact(found: Shape | None, key: frozenset[str] = key) -> object:
                return found is not None and key in found.keys

            words = "primary key" if key == mine.primary else "unique key"
            yield ParityDifference("key", table, tuple(sorted(key)), only, words, words, fact)


def _links(table: str, one: Shape, other: Shape, shared: set[str]) -> Iterator[ParityDifference]:
    if one.open or other.open:
        return
    for mine, theirs, only in ((one, other, Dialect.POSTGRES), (other, one, Dialect.SQLITE)):
        there = {(link.columns, link.table): link for link in sorted(theirs.links, key=_order)}
        for link in sorted(mine.links, key=_order):
            same = there.get((link.columns, link.table))
            if same is None:
                if link.columns <= theirs.columns.keys() and link.table in shared:
                    parts = tuple(sorted(link.columns))
                    yield ParityDifference("foreign key", table, parts, only, link.table, link.table, _link(link))
            elif same.on_delete != link.on_delete and only is Dialect.POSTGRES:
                parts = tuple(sorted(link.columns))
                yield ParityDifference("deletion", table, parts, None, link.on_delete, same.on_delete, _deletion(link))


def _order(link: Link) -> tuple[list[str], str, str]:
    return sorted(link.columns), link.table, str(link.on_delete)


def _link(link: Link) -> Fact:
    def fact(found: Shape | None) -> object:
        return found is not None and any(item[:2] == link[:2] for item in found.links)

    return fact


def _deletion(link: Link) -> Fact:
    def fact(found: Shape | None) -> object:
        links = () if found is None else found.links
        return {item.on_delete for item in links if item[:2] == link[:2]}

    return fact


def _lookups(table: str, one: Shape, other: Shape) -> Iterator[ParityDifference]:
    for mine, theirs, only in ((one, other, Dialect.POSTGRES), (other, one, Dialect.SQLITE)):
        for lookup in sorted(mine.lookups - theirs.lookups):
            names = {name for name in lookup.keys if name != "?"}
            # An expression may have another spelling, and a key has an implicit index.
            like = any(
                len(item.keys) == len(lookup.keys) and "?" in (*item.keys, *lookup.keys) for item in theirs.lookups
            )
            covered = not lookup.unique and (frozenset(names) in theirs.keys or lookup.keys in theirs.searched)
            if not names <= theirs.columns.keys() or like or covered:
                continue

            def fact(found: Shape | None, lookup: Lookup = lookup) -> object:
                return found is not None and lookup in found.lookups

            words = "unique index" if lookup.unique else "index"
            yield ParityDifference("index", table, lookup.keys, only, words, words, fact)
