"""How a table of PostgreSQL is altered, so that it stands for one of SQLite that was changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from miglint.base.model import Dialect
from miglint.base.structs import Struct, replace
from miglint.port.postgres_objects import PostgresObjects, is_numbered
from miglint.port.postgres_script import PostgresScript
from miglint.schema.depends import relation_key
from miglint.schema.objects import Index, Table
from miglint.sql.operations import Column, Constraint
from miglint.writer.words import identifier

_NUMBERS = frozenset({"bigint", "integer", "smallint", "numeric"})


class Later(NamedTuple):
    """A statement after which the values of `columns` are gone, or must fulfill more: what changes them comes first."""

    text: str
    columns: tuple[str, ...]


class PostgresTables(Struct, frozen=True):
    """Writes into `script` what alters tables; `objects` gives the words for their parts.

    `waits` means that statements change the rows before a new key can hold.
    """

    script: PostgresScript
    objects: PostgresObjects
    waits: bool = False

    def alter(self, was: Table, table: Table, here: Table, renamed: dict[str, str]) -> Iterator[Later]:
        """Write the changes of `here`, the variant of `was`, to that of `table`; yield those that may come later.

        `renamed` are the new names of columns by their old ones.
        """
        own = f"ALTER TABLE {identifier(here.name.name)}"
        here = self.script.table(relation_key(here.name, Dialect.SQLITE)) or here
        self.drop_constraints(was, table, here, renamed, foreign=False)
        for folded, column in table.columns.items():
            old = next((was.columns[one] for one, new in renamed.items() if new == folded), was.columns.get(folded))
            if old is None:
                yield from self._added(own, table, column)
            elif old != column or _is_primary(was, old) != _is_primary(table, column):
                yield from self._column(own, table, was, old, column)
        here = self.script.table(relation_key(here.name, Dialect.SQLITE)) or here
        yield from self._add_constraints(own, was, table, here, renamed)
        for folded, column in was.columns.items():
            name = named(here, folded)
            if folded not in table.columns and folded not in renamed and name is not None:
                yield self._dropped(own, was, column, identifier(name))

    def _dropped(self, own: str, was: Table, column: Column, name: str) -> Later:
        if self.waits and column.nullable is False and not _is_primary(was, column):
            # New rows have no value for it.
            self.script.create(f"{own} ALTER COLUMN {name} DROP NOT NULL;")
        return Later(f"{own} DROP COLUMN IF EXISTS {name};", (column.name.lower(),))

    def _added(self, own: str, table: Table, column: Column) -> Iterator[Later]:
        """Write a column that is new; that it accepts no NULL comes later, when existing rows have their values."""
        waits = column.nullable is False and column.default is None and not is_numbered(table, column)
        text = self.objects.column(table, replace(column, nullable=None) if waits else column)
        self.script.create(f"{own} ADD COLUMN IF NOT EXISTS {text};")
        if waits:
            yield Later(f"{own} ALTER COLUMN {identifier(column.name)} SET NOT NULL;", (column.name,))

    def drop_constraints(
        self, was: Table, table: Table, here: Table, renamed: dict[str, str], *, foreign: bool
    ) -> None:
        """Write the drop of constraints that are gone: of foreign keys, or of all others, which come after them."""
        own = f"ALTER TABLE {identifier(here.name.name)}"
        for item in was.constraints.values():
            if (item.kind == "foreign") is not foreign or any(
                _alike(item, other, renamed) for other in table.constraints.values()
            ):
                continue
            found = _found(here, item, renamed)
            if found is not None:
                self.script.add(f"{own} DROP CONSTRAINT IF EXISTS {identifier(found)};")
            elif item.kind == "unique":
                self._drop_unique(here, item)

    def _add_constraints(
        self, own: str, was: Table, table: Table, here: Table, renamed: dict[str, str]
    ) -> Iterator[Later]:
        """Write the constraints that are new, which may have to wait for rows."""
        for item in table.constraints.values():
            there = any(_alike(other, item, renamed) for other in was.constraints.values())
            if not there and _found(here, item, {}) is None:
                for text in self.objects.constraint(table, item):
                    # ON CONFLICT needs a unique key.
                    waiting = item.columns if self.waits or item.kind in ("check", "foreign") else ()
                    yield Later(f"{own} ADD {text};", waiting)

    def _drop_unique(self, here: Table, item: Constraint) -> None:
        """Write the drop of the unique index that stands for a constraint of SQLite."""
        names = [name.lower() for name in item.columns]
        for _, index in self.script.schema.users(relation_key(here.name, Dialect.POSTGRES), Index):
            keys = [(element.column or "").lower() for element in index.elements]
            if index.unique and index.where is None and index.constraint is None and keys == names:
                self.script.add(f"DROP INDEX IF EXISTS {identifier(index.name.name)};")

    def _column(self, own: str, table: Table, was: Table, old: Column, new: Column) -> Iterator[Later]:
        name = identifier(new.name)
        before, after = self.objects.type(was, old), self.objects.type(table, new)
        if before != after:
            using = f"{name}::{after}"
            if after == "boolean" and before in _NUMBERS:
                using = f"{name} <> 0"
            elif before == "boolean" and after in _NUMBERS:
                using = f"{name}::integer"
            if old.default is not None and "boolean" in (before, after):
                self.script.create(f"{own} ALTER COLUMN {name} DROP DEFAULT;")
                old = replace(old, default=None)
            self.script.create(f"{own} ALTER COLUMN {name} TYPE {after} USING {using};")
        if old.generated and new.generated and old.default != new.default:
            self.script.create(f"{own} DROP COLUMN {name};")
            self.script.create(f"{own} ADD COLUMN {self.objects.column(table, new)};")
            return
        if old.default != new.default and not is_numbered(table, new):
            default = "" if new.default is None else " ".join(self.objects.default(table, new))
            self.script.create(f"{own} ALTER COLUMN {name} {f'SET {default}' if default else 'DROP DEFAULT'};")
        # On PostgreSQL a column stays NOT NULL when it is no longer the primary key.
        freed = _is_primary(was, old) and not _is_primary(table, new) and new.nullable
        changed = old.nullable != new.nullable and new.nullable is not None
        if (changed or freed) and not is_numbered(table, new):
            words = "DROP" if new.nullable else "SET"
            yield Later(f"{own} ALTER COLUMN {name} {words} NOT NULL;", () if new.nullable else (new.name,))


def named(table: Table, folded: str) -> str | None:
    """Return the name of a column as it is written, by its name in small letters."""
    return next((item.name for item in table.columns.values() if item.name.lower() == folded), None)


def _is_primary(table: Table, column: Column) -> bool:
    keys = (item.columns for item in table.constraints.values() if item.kind == "primary")
    return any(column.name.lower() in map(str.lower, columns) for columns in keys)


def _alike(one: Constraint, other: Constraint, renamed: dict[str, str]) -> bool:
    """Return whether a constraint before is one after."""
    columns = tuple(renamed.get(name.lower(), name.lower()) for name in one.columns)
    if one.kind != other.kind or columns != tuple(name.lower() for name in other.columns):
        return False
    if one.kind == "check" and one.expression is not None and other.expression is not None and renamed:
        return _with_renamed(one.expression.key, renamed) == other.expression.key
    nameless = {"name": None, "columns": (), "orders": ()}
    return replace(one, **nameless) == replace(other, **nameless)


def _with_renamed(text: str, renamed: dict[str, str]) -> str:
    for old, new in renamed.items():
        text = re.sub(rf"\b{re.escape(old)}\b", new, text)
    return text


def _referred(item: Constraint) -> str | None:
    return None if item.table is None else item.table.name.lower()


def _found(here: Table, item: Constraint, renamed: dict[str, str]) -> str | None:
    """Return the name of the constraint of PostgreSQL that stands for one of SQLite."""
    columns = {renamed.get(name.lower(), name.lower()) for name in item.columns}
    for label, other in here.constraints.items():
        if other.kind != item.kind or {name.lower() for name in other.columns} != columns:
            continue
        if _referred(other) == _referred(item):
            return label
    return None
