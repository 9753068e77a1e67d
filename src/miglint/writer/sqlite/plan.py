"""What has to happen to which table of SQLite on the way from one schema to another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import NamedTuple

from miglint.base.model import Dialect, Direction, Script, SourceFile, Span
from miglint.base.structs import Struct, field, replace
from miglint.replay.apply import run
from miglint.schema.depends import relation_key
from miglint.schema.journal import differing
from miglint.schema.objects import Key, Table
from miglint.schema.value import Schema
from miglint.sql import parse
from miglint.sql.operations import Constraint, Statement
from miglint.writer.renames import Renames, rename_back
from miglint.writer.row_paths import Detour
from miglint.writer.words import name
from miglint.writer.written import ColumnValues, WrittenStatement

# What the deletion of a row does at once to the rows that refer to it, even where the check is deferred.
_ACTIONS = frozenset({"cascade", "set null", "set default"})
_HIDDEN = frozenset({"temp", "pg_temp"})


class RebuildPlan(Struct, frozen=True):
    """The changes. `old` is the schema once `first` ran, so that tables have their key of `new` in it.

    `gone` are the tables that are dropped, each before those that it refers to; those of them that are in `rebuilt` are
    created again, or for the first time: when the script runs again they are there. `evaded` are columns of those that
    rows of other tables refer to, and would be deleted or changed with. `altered` are tables of which too little is
    known to rebuild them. `columns` has, by table and column of `new`, the column of `old` whose values it gets, where
    that has another name. `exposed` are tables that cannot be rebuilt, although an action of a foreign key may change
    their rows. `deferred` means that foreign keys of other tables refer to one that is dropped. `away` are tables that
    the script to be undone dropped or renamed at some time, so that they may not be there, `detours` those in which
    their rows may be then, `unsure` the columns that it dropped at some time. `values` are those of columns that are
    not copied as they are.
    """

    old: Schema
    new: Schema
    first: tuple[WrittenStatement, ...] = ()
    columns: Mapping[Key, Mapping[str, str]] = field(default_factory=dict)
    rebuilt: tuple[Key, ...] = ()
    gone: tuple[Key, ...] = ()
    evaded: Mapping[Key, tuple[str, ...]] = field(default_factory=dict)
    created: tuple[Key, ...] = ()
    altered: tuple[Key, ...] = ()
    exposed: tuple[Key, ...] = ()
    deferred: bool = False
    away: frozenset[Key] = frozenset()
    detours: tuple[Detour, ...] = ()
    unsure: frozenset[tuple[Key, str]] = frozenset()
    values: ColumnValues = field(default_factory=dict)

    def before(self, key: Key) -> Table:
        """Return a table of `gone` as it is, or as it will be when the script runs again."""
        found = self.old.table(key) or self.new.table(key)
        assert found is not None
        return found


class _TableReference(NamedTuple):
    """A foreign key between two tables.

    `acts` means that deleting a row of the parent changes or deletes rows of the child. `column` is one of the parent
    that can be changed without any effect on the child but a check, None where there is none.
    """

    child: Key
    parent: Key
    acts: bool
    column: str | None


def plan(old: Schema, new: Schema, renames: Renames | None, values: ColumnValues) -> RebuildPlan:
    """Return what makes `new` of `old`; `renames` are those that led from `new` to `old`."""
    first, moved = _moved_back(old, new, renames)
    if first:
        old = run(old, _read("\n".join(item.text for item in first)), kept=False).schema
    concerned = _concerned(old, new)
    before, after = _tables(old, concerned), _tables(new, concerned)
    changed = [key for key in after if key in before and differs(before[key], after[key])]
    known = {key for key in changed if _can_rebuild(key, before, after)}
    dropped = {key for key in before if key not in after and new.get(key) is not None}
    keys = tuple(dict.fromkeys((*_foreign_keys(before), *_foreign_keys(after))))
    exposed = _exposed_by(keys, known, dropped, before, after)
    rebuilt = known | {key for key in exposed if _can_rebuild(key, before, after)}
    gone = rebuilt | dropped
    order = _children_first(gone, keys)
    rows = None if renames is None else renames.rows
    return RebuildPlan(
        old=old,
        new=new,
        first=first,
        columns=_renamed_columns(old, new, renames, moved),
        rebuilt=tuple(key for key in order if key in rebuilt),
        gone=tuple(order),
        evaded=_evaded(keys, rebuilt, gone),
        created=tuple(key for key in after if key not in before and key not in rebuilt),
        altered=tuple(key for key in changed if key not in known),
        exposed=tuple(sorted(exposed - rebuilt)),
        away=frozenset() if rows is None else rows.away(),
        unsure=frozenset() if renames is None else renames.values.dropped(),
        detours=tuple(_detours(old, new, renames)),
        values=values,
        deferred=any(item.parent in gone and item.child != item.parent for item in keys),
    )


def _exposed_by(
    keys: Iterable[_TableReference],
    known: Set[Key],
    dropped: Set[Key],
    before: Mapping[Key, Table],
    after: Mapping[Key, Table],
) -> set[Key]:
    """Return the tables whose rows foreign keys would change when tables are dropped, for good or to be rebuilt."""
    harmful = [item for item in keys if item.acts and not (item.parent in known and _can_evade(item, before, after))]
    return _exposed(known | dropped, harmful) - dropped


def _can_rebuild(key: Key, before: Mapping[Key, Table], after: Mapping[Key, Table]) -> bool:
    """Return whether a table that is not to be dropped is known well enough, before and after, to be created anew."""
    return key in after and _is_known(after[key]) and _is_known(before.get(key, after[key]))


def _read(text: str) -> tuple[Statement, ...]:
    file = SourceFile("<written>", text)
    return parse(Script(file, Span(0, len(text)), Direction.ROLLBACK, Dialect.SQLITE))


def _moved_back(
    old: Schema, new: Schema, renames: Renames | None
) -> tuple[tuple[WrittenStatement, ...], dict[Key, Key]]:
    """Return the statements that rename tables back, and the keys that these have afterwards.

    A table that has the name of another one's is dropped first: it was created when that name was free.
    """
    statements: list[WrittenStatement] = []
    moved: dict[Key, Key] = {}
    pairs = [
        pair
        for pair in (() if renames is None else renames.relations())
        if old.table(pair.new) is not None and new.table(pair.old) is not None
    ]
    here = {pair.new for pair in pairs}
    taken = {pair.old for pair in pairs if old.find(pair.old) is not None and pair.old not in here}
    for key in sorted(taken):
        if (table := old.table(key)) is not None:
            statements.append(WrittenStatement(f"DROP TABLE {name(table.name)};", f"drop table {key.name}", key))
    for pair in pairs:
        table = new.table(pair.old)
        assert table is not None
        for text in rename_back(old, pair, table.name.name):
            does = f"rename table {pair.new.name} to {table.name.name}"
            statements.append(WrittenStatement(text, does, pair.new))
        moved[pair.new] = pair.old
    return tuple(statements), moved


def _renamed_columns(
    old: Schema, new: Schema, renames: Renames | None, moved: Mapping[Key, Key]
) -> dict[Key, dict[str, str]]:
    found: dict[Key, dict[str, str]] = {}
    if renames is None:
        return found
    columns = [(item.relation, item.old, item.new) for item in renames.columns()]
    columns += [(item.relation, item.old, item.new) for item in renames.rows.copied_columns()]
    for relation, was, now in columns:
        key = moved.get(relation, relation)
        here, there = old.table(key), new.table(key)
        if here is not None and there is not None and now in here.columns and was in there.columns:
            found.setdefault(key, {})[was] = now
    return found


def _detours(old: Schema, new: Schema, renames: Renames | None) -> Iterator[Detour]:
    """Yield the detours that neither schema has, once for each table that both have."""
    seen = set()
    away = frozenset() if renames is None else renames.rows.away()
    for item in () if renames is None else renames.rows.detours():
        if item.table in seen or item.table not in away:
            continue
        if not all(schema.table(item.table) for schema in (old, new)):
            continue
        if old.find(item.detour) is None and new.find(item.detour) is None:
            seen.add(item.table)
            yield item


def _concerned(old: Schema, new: Schema) -> list[Key]:
    """Return the keys of what is not the same in both schemas, and of tables that refer to these, in order."""
    found: set[Key] = set()
    waiting = differing(old, new)
    while waiting:
        found |= waiting
        waiting = {user for key in waiting for schema in (old, new) for user, _ in schema.referring(key)} - found
    return sorted(found)


def _tables(schema: Schema, keys: Iterable[Key]) -> dict[Key, Table]:
    tables = ((key, schema.table(key)) for key in keys if key.schema not in _HIDDEN)
    return {key: table for key, table in tables if table is not None and table.persistence != "temporary"}


def _is_known(table: Table | None) -> bool:
    if table is None or table.assumed or table.kind != "table" or not table.columns:
        return False
    return not any(column.assumed or column.type is None for column in table.columns.values()) and not any(
        item.kind == "unknown" for item in table.constraints.values()
    )


def differs(one: Table, two: Table) -> bool:
    """Return whether two tables are not the same, in the order of their columns too."""
    if one is two:
        return False
    if list(one.columns.items()) != list(two.columns.items()):
        return True
    return _nameless(one) != _nameless(two) or _constraints(one) != _constraints(two)


def _nameless(table: Table) -> Table:
    return replace(table, name=table.name._replace(schema=None), columns={}, constraints={})


def _constraints(table: Table) -> list[Constraint]:
    """Return the constraints; those without a name of their own as if they had none."""
    found = [
        replace(item, name=None) if (item.name or "").startswith("#") else item for item in table.constraints.values()
    ]
    return sorted(found, key=lambda item: (item.kind, item.name or "", item.columns, repr(item.expression)))


def _foreign_keys(tables: Mapping[Key, Table]) -> Iterator[_TableReference]:
    for key, table in tables.items():
        for item in table.constraints.values():
            if item.kind == "foreign" and item.table is not None:
                parent = relation_key(item.table, Dialect.SQLITE)
                if parent not in tables:
                    continue
                column = None if item.on_update in _ACTIONS else _referenced(item, tables.get(parent))
                yield _TableReference(key, parent, item.on_delete in _ACTIONS, column)


def _referenced(item: Constraint, parent: Table | None) -> str | None:
    if item.referenced or parent is None:
        return item.referenced[0].lower() if item.referenced else None
    primary = next((one.columns for one in parent.constraints.values() if one.kind == "primary"), ())
    return primary[0].lower() if primary else None


def _can_evade(item: _TableReference, before: Mapping[Key, Table], after: Mapping[Key, Table]) -> bool:
    """Return whether a key can be changed before its table is dropped, so that no row refers to it by then."""
    for table in (before[item.parent], after[item.parent]):
        column = table.columns.get(item.column or "")
        if column is None or column.generated is not None:
            return False
        for one in table.constraints.values():
            if one.kind == "check" and (item.column in one.columns or not one.columns):
                return False
    return True


def _evaded(keys: Iterable[_TableReference], rebuilt: Set[Key], gone: Set[Key]) -> dict[Key, tuple[str, ...]]:
    """Return the columns that are changed, by table: those that rows of tables refer to which are not dropped."""
    found: dict[Key, dict[str, None]] = {}
    for item in keys:
        if item.acts and item.parent in rebuilt and item.child not in gone and item.column is not None:
            found.setdefault(item.parent, {})[item.column] = None
    return {key: tuple(columns) for key, columns in found.items()}


def _exposed(gone: Set[Key], keys: Iterable[_TableReference]) -> set[Key]:
    """Return the tables whose rows change when others, and then these themselves, are dropped."""
    found: set[Key] = set()
    waiting = list(gone)
    while waiting:
        parent = waiting.pop()
        for item in keys:
            if item.parent == parent and item.child not in found and item.child not in gone:
                found.add(item.child)
                waiting.append(item.child)
    return found


def _children_first(keys: Set[Key], edges: Iterable[_TableReference]) -> list[Key]:
    """Return tables in an order in which each comes before those that it refers to, where there is one."""
    children: dict[Key, list[Key]] = {}
    for item in edges:
        if item.parent in keys and item.child in keys and item.child != item.parent:
            children.setdefault(item.parent, []).append(item.child)
    found: dict[Key, None] = {}
    begun: set[Key] = set()
    for start in sorted(keys):
        waiting = [start]
        while waiting:
            key = waiting[-1]
            begun.add(key)
            left = next((child for child in sorted(children.get(key, ())) if child not in begun), None)
            if left is None:
                found.setdefault(waiting.pop())
            else:
                waiting.append(left)
    return list(found)
