"""Which rows and values are set aside, and in which table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from miglint.base.hashes import sha256
from miglint.base.model import Dialect
from miglint.base.structs import Struct
from miglint.schema.objects import Key, Table, Trigger
from miglint.schema.set_aside import SET_ASIDE_PREFIX, SET_ASIDE_SCHEMA
from miglint.schema.value import Schema
from miglint.sql.operations import Name
from miglint.writer.words import name, type_name
from miglint.writer.written import LostData

_LONGEST = 63 - len("_became")
AT, VERSION = "miglint_at", "miglint_version"


class SetAside(Struct, frozen=True):
    """Rows of a table (`whole`), or the values of its `dropped` and `narrowed` columns, with the columns of its key.

    `place` is the name of the table that they are copied to. `columns` are those of the table that a row is made of,
    `counted` those of them with a sequence of their own, `triggers` the enabled triggers that an update would fire.
    `texts` are the types of columns that are copied as texts: their type or collation is the user's, and could not be
    dropped as long as the copy is there.
    """

    key: Key
    table: Name
    place: Name
    identity: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    narrowed: tuple[str, ...] = ()
    whole: bool = False
    columns: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    texts: Mapping[str, str] = {}

    @property
    def values(self) -> tuple[str, ...]:
        """The columns whose values are set aside."""
        return (*self.dropped, *self.narrowed)

    def __str__(self) -> str:
        if self.whole:
            return f"the rows of {self.table.name}"
        return f"the values of {', '.join(f'{self.table.name}.{column}' for column in self.values)}"


def place_of(version: str, table: Name, dialect: Dialect, *, kept: bool = False) -> Name:
    """Return the table for data of `table` that the migration of a version sets aside; `kept`: its rollback."""
    stem = re.sub(r"[^0-9a-z_]", "_", f"v{version}_{table.name}".lower()) + ("_kept" if kept else "")
    if dialect is Dialect.SQLITE:
        return Name(None, SET_ASIDE_PREFIX + stem.removeprefix("v"))
    if len(stem) > _LONGEST:
        # Two long names may share their beginning.
        stem = f"{stem[: _LONGEST - 9]}_{sha256(str(table).encode()).hexdigest()[:8]}"
    return Name(SET_ASIDE_SCHEMA, stem)


def how_much(place: Name) -> str:
    """Return the query for how many rows a table of set-aside data has, and since when."""
    return f"SELECT count(*), min({AT}) FROM {name(place)};"


def set_aside(
    lost: Iterable[LostData], schema: Schema, other: Schema, version: str, *, kept: bool = False
) -> tuple[list[SetAside], list[LostData]]:
    """Return what can be set aside of what is lost from `schema`, and the rest: values of tables without a key.

    The key must be the same in the `other` schema, in which the values are brought back.
    """
    found: list[SetAside] = []
    left: list[LostData] = []
    for key, items in _by_table(lost).items():
        table = schema.table(key)
        if table is None or table.assumed:
            left += items
            continue
        place = place_of(version, table.name, schema.dialect, kept=kept)
        columns = tuple(column.name for column in table.columns.values() if column.generated is None)
        if any(item.column is None for item in items):
            counted = tuple(c.name for c in table.columns.values() if c.serial or c.identity is not None)
            texts = _texts(table, other)
            found.append(SetAside(key, table.name, place, whole=True, columns=columns, counted=counted, texts=texts))
            continue
        whys = {column_of(table, item): item.why for item in items}
        dropped = tuple(table.columns[column].name for column, why in whys.items() if why == "dropped")
        changed = [column for column, why in whys.items() if why != "dropped"]
        narrowed = tuple(table.columns[column].name for column in changed)
        again = other.table(key)
        identity = _identity(table, again, frozenset(whys))
        # A narrowed column that has another name afterwards is not found again by its own.
        if not identity or again is None or any(column not in again.columns for column in changed):
            left += items
            continue
        triggers = _enabled_triggers(other, key)
        texts = {column: kind for column, kind in _texts(table, other).items() if column in dropped}
        found.append(SetAside(key, table.name, place, identity, dropped, narrowed, triggers=triggers, texts=texts))
    return found, left


def column_of(table: Table, lost: LostData) -> str:
    """Return the key of a column of a table whose values are lost: SQLite's are in small letters."""
    name = lost.column or ""
    return next((key for key, column in table.columns.items() if column.name == name), name)


def _texts(table: Table, other: Schema) -> dict[str, str]:
    """Return the columns of types and collations that the other schema has not, with their types."""
    if other.dialect is Dialect.SQLITE:
        return {}
    found = {}
    for column in table.columns.values():
        kind = column.type
        if kind is None:
            continue
        gone = kind.schema is not None and other.find(Key("type", kind.schema, kind.name)) is None
        if gone or column.collation:
            found[column.name] = type_name(kind, Dialect.POSTGRES)
    return found


def _by_table(lost: Iterable[LostData]) -> dict[Key, list[LostData]]:
    found: dict[Key, list[LostData]] = {}
    for item in lost:
        found.setdefault(item.table, []).append(item)
    return found


def _enabled_triggers(schema: Schema, key: Key) -> tuple[str, ...]:
    triggers = (trigger for _, trigger in schema.users(key, Trigger))
    return tuple(trigger.name for trigger in triggers if trigger.state == "enabled" and trigger.name)


def _identity(table: Table, other: Table | None, lost: frozenset[str]) -> tuple[str, ...]:
    """Return the columns by which a row is found again: a key without NULLs that both tables have."""
    if other is None:
        return ()
    for key in _keys(table):
        there = all(column in other.columns and column not in lost for column in key)
        if there and key in set(_keys(other)):
            return tuple(table.columns[column].name for column in key)
    return ()


def _keys(table: Table) -> Iterator[tuple[str, ...]]:
    for kind in ("primary", "unique"):
        for constraint in table.constraints.values():
            if constraint.kind != kind or not constraint.columns:
                continue
            columns = constraint.columns
            if kind == "primary" or all(
                column in table.columns and table.columns[column].nullable is False for column in columns
            ):
                yield columns
