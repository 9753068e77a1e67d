"""A SQLite migration as one for PostgreSQL.

SQLite copies a table where PostgreSQL alters it, so the statements are no guide: what is written is the difference of
the schemas before and after, object by object, and then the statements that change rows of tables that are there both
before and after.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from miglint.base.model import Dialect
from miglint.base.structs import replace
from miglint.port.choices import TypeChoices
from miglint.port.comments import comments_in
from miglint.port.expressions import TranslationError, translate_statement
from miglint.port.not_carried import NotCarried
from miglint.port.postgres_objects import PostgresObjects, is_numbered
from miglint.port.script import PortedScript
from miglint.replay.apply import run
from miglint.replay.steps import Step
from miglint.schema.depends import relation_key
from miglint.schema.objects import Index, Key, Table, Trigger, View
from miglint.schema.value import Schema
from miglint.sql import operations as op
from miglint.sql.operations import Column, Constraint, Name, Operation
from miglint.writer.reading import read
from miglint.writer.renames import Renames
from miglint.writer.words import identifier

Found = TypeVar("Found", bound=Table | View | Index | Trigger)
_ROWS = (op.Insert, op.Update, op.Delete, op.Truncate, op.OtherData)


def port_to_postgres(step: Step, here: Schema, types: TypeChoices) -> PortedScript:
    """Return the forward of a step for PostgreSQL; `here` is the schema of PostgreSQL before it."""
    writer = _PostgresWriter(step, here, types)
    writer.run()
    return PortedScript(tuple(writer.parts), tuple(writer.losses), writer.here)


class _PostgresWriter:
    def __init__(self, step: Step, here: Schema, types: TypeChoices) -> None:
        forward = step.migration.forward
        assert forward is not None
        self.step, self.here = step, here
        self.text = forward.file.text
        self.start = forward.span.start
        self.before, self.after = step.forward.before, step.forward.schema
        self.parts: list[str] = []
        self.losses: list[NotCarried] = []
        self.objects = PostgresObjects(self.after, types, self._lose, self._tables_here)
        self.renames = Renames(step.forward.moments)

    def run(self) -> None:
        """Write the header, what changes in the schema, and the rows."""
        statements = self.step.forward_statements
        end = statements[0].span.start if statements else self.step.migration.forward.span.end  # type: ignore[union-attr]
        self.parts += comments_in(self.text[self.start : end])
        moved = self._rename()
        self._drop(moved)
        for key, table in self._tables():
            self._table(key, table, moved)
        for key, index in _of(self.after, Index):
            if self._is_new(key, index) and index.constraint is None:
                self._create(self.objects.create_index(index))
        for key, view in _of(self.after, View):
            if self._is_new(key, view):
                self._create(self.objects.create_view(view))
        for key, trigger in _of(self.after, Trigger):
            if self._is_new(key, trigger):
                self._lose(f"trigger {trigger.name} has no equivalent", trigger.source)
        self._rows()

    def _lose(self, reason: str, statement: str = "") -> None:
        if any(loss.reason == reason for loss in self.losses):
            return
        self.losses.append(NotCarried(reason, statement))
        lines = [f"-- Not carried over: {reason}."]
        lines += [f"--   {line}".rstrip() for line in statement.splitlines()]
        self.parts.append("\n".join(lines))

    def _tables_here(self) -> Mapping[str, Table]:
        return {key.name.lower(): value for key, value in self.here.items() if isinstance(value, Table)}

    def _is_new(self, key: Key, value: object) -> bool:
        return self.before.find(key) != value

    def _tables(self) -> Iterator[tuple[Key, Table]]:
        """Yield the tables after the migration, each behind those that it refers to, where there is such an order."""
        found = {key: table for key, table in _of(self.after, Table) if table.kind == "table"}
        done: set[Key] = set()

        def visit(key: Key, above: tuple[Key, ...]) -> Iterator[tuple[Key, Table]]:
            if key in done or key in above or key not in found:
                return
            for item in found[key].constraints.values():
                if item.kind == "foreign" and item.table is not None:
                    yield from visit(relation_key(item.table, Dialect.SQLITE), (*above, key))
            if key not in done:
                done.add(key)
                yield key, found[key]

        for key in found:
            yield from visit(key, ())

    def _rename(self) -> dict[Key, Key]:
        """Write the renames of tables and columns; return where each table was before."""
        moved: dict[Key, Key] = {}
        for pair in self.renames.relations():
            old, new = self.before.table(pair.old), self.after.table(pair.new)
            if old is None or new is None or self._here(pair.old) is None:
                continue
            moved[pair.new] = pair.old
            self._add(f"ALTER TABLE {identifier(old.name.name)} RENAME TO {identifier(new.name.name)};")
        for column in self.renames.columns():
            table = self.after.table(column.relation)
            here = self._here(column.relation)
            was = None if here is None else _named(here, column.old)
            if table is None or was is None or column.new not in table.columns:
                continue
            own, name = identifier(table.name.name), table.columns[column.new].name
            self._add(f"ALTER TABLE {own} RENAME COLUMN {identifier(was)} TO {identifier(name)};")
        return moved

    def _drop(self, moved: dict[Key, Key]) -> None:
        kept = set(moved.values())
        for kind in (View, Index, Table):
            for key, value in _of(self.before, kind):
                now = self.after.find(key)
                if key in kept or (now is not None and (kind is Table or now == value)):
                    continue
                own = self.here.find(_postgres_key(self.here, key.name))
                if isinstance(own, kind) and not (isinstance(own, Index) and own.constraint is not None):
                    self._add(f"DROP {kind.__name__.upper()} IF EXISTS {identifier(own.name.name)};")

    def _table(self, key: Key, table: Table, moved: dict[Key, Key]) -> None:
        was = self.before.table(moved.get(key, key))
        here = self._here(key)
        if table.assumed and here is None:
            return
        if was is None and here is None:
            self._create(self.objects.create_table(table))
        elif was is not None and was != table:
            if here is None:
                self._lose(f"the PostgreSQL schema has no table {table.name.name}")
            else:
                self._alter(was, table, here)

    def _alter(self, was: Table, table: Table, here: Table) -> None:
        own = f"ALTER TABLE {identifier(here.name.name)}"
        renamed = self._renamed(was, table)
        self._drop_constraints(own, was, table, here, renamed)
        for folded in was.columns:
            name = _named(here, folded)
            if folded not in table.columns and folded not in renamed and name is not None:
                self._add(f"{own} DROP COLUMN IF EXISTS {identifier(name)};")
        for folded, column in table.columns.items():
            old = next((was.columns[one] for one, new in renamed.items() if new == folded), was.columns.get(folded))
            if old is None:
                self._create(f"{own} ADD COLUMN IF NOT EXISTS {self.objects.column(table, column)};")
            elif old != column or _is_primary(was, old) != _is_primary(table, column):
                self._column(own, table, was, old, column)
        here = self._here(relation_key(here.name, Dialect.SQLITE)) or here
        self._add_constraints(own, was, table, here, renamed)

    def _renamed(self, was: Table, table: Table) -> dict[str, str]:
        own = (item for item in self.renames.columns() if self.after.table(item.relation) is table)
        return {item.old: item.new for item in own if item.old in was.columns}

    def _drop_constraints(self, own: str, was: Table, table: Table, here: Table, renamed: dict[str, str]) -> None:
        for item in was.constraints.values():
            if any(_alike(item, other, renamed) for other in table.constraints.values()):
                continue
            found = _found(here, item, renamed)
            if found is not None:
                self._add(f"{own} DROP CONSTRAINT IF EXISTS {identifier(found)};")
            elif item.kind == "unique":
                self._drop_unique(here, item)

    def _add_constraints(self, own: str, was: Table, table: Table, here: Table, renamed: dict[str, str]) -> None:
        for item in table.constraints.values():
            there = any(_alike(other, item, renamed) for other in was.constraints.values())
            if not there and _found(here, item, {}) is None:
                for text in self.objects.constraint(table, item):
                    self._create(f"{own} ADD {text};")

    def _drop_unique(self, here: Table, item: Constraint) -> None:
        """Write the drop of the unique index that stands for a constraint of SQLite."""
        names = [name.lower() for name in item.columns]
        for _, index in self.here.users(relation_key(here.name, Dialect.POSTGRES), Index):
            keys = [(element.column or "").lower() for element in index.elements]
            if index.unique and index.where is None and index.constraint is None and keys == names:
                self._add(f"DROP INDEX IF EXISTS {identifier(index.name.name)};")

    def _column(self, own: str, table: Table, was: Table, old: Column, new: Column) -> None:
        name = identifier(new.name)
        before, after = self.objects.type(was, old), self.objects.type(table, new)
        if before != after:
            self._create(f"{own} ALTER COLUMN {name} TYPE {after} USING {name}::{after};")
        if old.default != new.default and not is_numbered(table, new):
            default = "" if new.default is None else " ".join(self.objects.default(table, new))
            self._create(f"{own} ALTER COLUMN {name} {f'SET {default}' if default else 'DROP DEFAULT'};")
        # On PostgreSQL a column stays NOT NULL when it is no longer the primary key.
        freed = _is_primary(was, old) and not _is_primary(table, new) and new.nullable
        changed = old.nullable != new.nullable and new.nullable is not None
        if (changed or freed) and not is_numbered(table, new):
            self._create(f"{own} ALTER COLUMN {name} {'DROP' if new.nullable else 'SET'} NOT NULL;")

    def _rows(self) -> None:
        """Write the statements that change rows, but for those that only move them from one copy to another."""
        for statement in self.step.forward_statements:
            rows = [item for item in statement.operations if isinstance(item, _ROWS)]
            if not rows or len(rows) < len(statement.operations) or self._is_on_the_way(rows):
                continue
            text = self.text[statement.span.start : statement.span.end].strip()
            try:
                made = translate_statement(text, Dialect.SQLITE, self.objects.booleans())
            except TranslationError as problem:
                self._lose(str(problem), text)
                continue
            self._create(f"{made.rstrip().rstrip(';')};", text)

    def _is_on_the_way(self, rows: Iterable[Operation]) -> bool:
        """Return whether a statement moves rows from a table to its copy, or back."""
        for item in rows:
            query = getattr(item, "query", None)
            sources = () if query is None else query.relations
            for name in (getattr(item, "table", None), *sources):
                if isinstance(name, Name):
                    key = relation_key(name, Dialect.SQLITE)
                    if self.after.find(key) is None or (name in sources and self.before.find(key) is None):
                        return True
        return False

    def _here(self, key: Key) -> Table | None:
        return self.here.table(_postgres_key(self.here, key.name))

    def _create(self, text: str | None, source: str = "") -> None:
        """Write a statement, if the replay knows nothing against it."""
        if text is None:
            return
        done = run(self.here, read(_guarded(text), Dialect.POSTGRES), kept=False)
        if done.failed is not None and done.failed.failure is not None:
            self._lose(done.failed.failure.message, source or text)
            return
        self._add(_guarded(text))

    def _add(self, text: str) -> None:
        self.parts.append(text)
        self.here = run(self.here, read(text, Dialect.POSTGRES), kept=False).schema


def _guarded(text: str) -> str:
    for words in ("CREATE TABLE ", "CREATE UNIQUE INDEX ", "CREATE INDEX "):
        if text.startswith(words):
            return f"{words}IF NOT EXISTS {text.removeprefix(words)}"
    return text.replace("CREATE VIEW ", "CREATE OR REPLACE VIEW ", 1) if text.startswith("CREATE VIEW ") else text


def _of(schema: Schema, kind: type[Found]) -> list[tuple[Key, Found]]:
    """Return the objects of a type that SQLite's scripts make themselves, in order of their keys."""
    found: list[tuple[Key, Found]] = [
        (key, value)
        for key, value in schema.items()
        if isinstance(value, kind)
        and key.schema not in ("temp", "pg_temp")
        and not key.name.startswith(("#", "sqlite_"))
    ]
    return sorted(found, key=lambda item: item[0])


def _postgres_key(schema: Schema, folded: str) -> Key:
    """Return the key of the relation of a name, whatever its letters."""
    for key, _ in schema.items():
        if key.space == "relation" and key.schema == schema.path[0] and key.name.lower() == folded:
            return key
    return Key("relation", schema.path[0], folded)


def _named(table: Table, folded: str) -> str | None:
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


def _found(here: Table, item: Constraint, renamed: dict[str, str]) -> str | None:
    """Return the name of the constraint of PostgreSQL that stands for one of SQLite."""
    columns = {renamed.get(name.lower(), name.lower()) for name in item.columns}
    for label, other in here.constraints.items():
        if other.kind != item.kind or {name.lower() for name in other.columns} != columns:
            continue
        if item.kind == "foreign" and (other.table is None or item.table is None):
            continue
        if item.kind == "foreign" and other.table.name.lower() != item.table.name.lower():  # type: ignore[union-attr]
            continue
        return label
    return None
