"""A SQLite migration as one for PostgreSQL.

SQLite copies a table where PostgreSQL alters it, so the statements are no guide: what is written is the difference of
the schemas before and after, object by object, and then the statements that change rows of tables that are there both
before and after.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TypeVar

from miglint.base.model import Dialect
from miglint.base.structs import replace
from miglint.port.choices import TypeChoices
from miglint.port.comments import comments_in
from miglint.port.dependent_views import keeps_its_columns, views_of
from miglint.port.moved_rows import moved_rows
from miglint.port.postgres_objects import PostgresObjects
from miglint.port.postgres_rows import RowStatements
from miglint.port.postgres_script import PostgresScript
from miglint.port.postgres_tables import PostgresTables, named
from miglint.port.script import PortedScript
from miglint.replay.steps import Step
from miglint.schema.depends import relation_key
from miglint.schema.objects import Index, Key, Table, Trigger, View
from miglint.schema.value import Schema
from miglint.sql import operations as op
from miglint.sql.operations import Name, Operation, TableOperation
from miglint.writer.renames import Renames
from miglint.writer.words import identifier

Found = TypeVar("Found", bound=Table | View | Index | Trigger)


def port_to_postgres(step: Step, here: Schema, types: TypeChoices) -> PortedScript:
    """Return the forward of a step for PostgreSQL; `here` is the schema of PostgreSQL before it."""
    writer = _PostgresWriter(step, here, types)
    writer.run()
    script = writer.script
    return PortedScript(tuple(script.parts), tuple(script.losses), script.schema)


class _PostgresWriter:
    def __init__(self, step: Step, here: Schema, types: TypeChoices) -> None:
        forward = step.migration.forward
        assert forward is not None
        self.step, self.script = step, PostgresScript(here)
        self.text = forward.file.text
        self.start, self.end = forward.span
        self.before, self.after = step.forward.before, step.forward.schema
        self.objects = PostgresObjects(self.after, types, self.script.lose, self.script.tables)
        self.renames = Renames(step.forward.moments)
        self.renamed: dict[Key, dict[str, str]] = {}
        for relation, old, new in (*self.renames.columns(), *self.renames.rows.copied_columns()):
            self.renamed.setdefault(relation, {})[new] = old
        self.moved: dict[Key, Key] = {}
        # The comments above the statements that change an object.
        self.comments: dict[Key, list[str]] = {}
        self.last: list[str] = []
        # Views that are as before, but in the way of what changes: they are made again, in this order.
        self.again: list[Key] = []
        self.order: dict[Key, int] = {}
        for moment in step.forward.moments:
            key = _subject(moment.operation)
            if key is not None:
                self.order.setdefault(key, len(self.order))

    def run(self) -> None:
        """Write the header, what changes in the schema, and the rows."""
        statements = self.step.forward_statements
        end = statements[0].span.start if statements else self.end
        self.script.parts += comments_in(self.text[self.start : end])
        self._read_comments()
        header = len(self.script.parts)
        rows = RowStatements(self.step, self.script, self.objects)
        self._rename()
        rows.moved = moved_rows(self.step, self.moved, self.renamed)
        self._schema(rows)
        rows.write()
        for text in self.last:
            self.script.create(text)
        if len(self.script.parts) > header and self._is_transaction():
            self.script.parts[header:] = ["BEGIN;", *self.script.parts[header:], "COMMIT;"]

    def _is_transaction(self) -> bool:
        """Return whether the script has transactions of its own, and thus is not run in one."""
        operations = (item for statement in self.step.forward_statements for item in statement.operations)
        return any(isinstance(item, op.Transaction) and item.action == "begin" for item in operations)

    def _schema(self, rows: RowStatements) -> None:
        """Write what changes in the schema; what would be in the way of `rows` is put off until after them."""
        self._drop(rows)
        self._drop_foreign_keys()
        for key, table in self._tables(self.after):
            if self._is_new(key, table):
                self._write_comments(key)
            if table.kind == "table":
                self._table(key, table, rows)
            elif self._is_new(key, table):
                self.script.lose(f"{table.kind} {table.name.name} has no equivalent", table.source)
        for key, index in self._of(self.after, Index):
            if self._is_new(key, index) and index.constraint is None:
                self._write_comments(key)
                self.script.create(self.objects.create_index(index))
        views = dict(self._of(self.after, View))
        for key in (*(key for key in views if self._is_new(key, views[key])), *self.again):
            self._write_comments(key)
            self.script.create(self.objects.create_view(views[key]))
        for key, trigger in self._of(self.after, Trigger):
            if self._is_new(key, trigger):
                self.script.lose(f"trigger {trigger.name} has no equivalent", trigger.source)

    def _read_comments(self) -> None:
        for one, statement in pairwise(self.step.forward_statements):
            for key in filter(None, map(_subject, statement.operations)):
                found = self.comments.setdefault(key, [])
                found += filter(None, comments_in(self.text[one.span.end : statement.span.start]))

    def _write_comments(self, key: Key) -> None:
        self.script.parts += self.comments.pop(key, ())

    def _of(self, schema: Schema, kind: type[Found]) -> list[tuple[Key, Found]]:
        """Return the objects of a type that SQLite's scripts make themselves, in the order of the script."""
        found: list[tuple[Key, Found]] = [
            (key, value)
            for key, value in schema.items()
            if isinstance(value, kind)
            and key.schema not in ("temp", "pg_temp")
            and not key.name.startswith(("#", "sqlite_"))
        ]
        return sorted(found, key=lambda item: (self.order.get(item[0], -1), item[0]))

    def _is_new(self, key: Key, value: object) -> bool:
        return self.before.find(key) != value

    def _tables(self, schema: Schema) -> Iterator[tuple[Key, Table]]:
        """Yield the tables of a schema, each behind those that it refers to, where there is such an order."""
        found = dict(self._of(schema, Table))
        seen: set[Key] = set()
        waiting = [(key, False) for key in reversed(found)]
        while waiting:
            key, is_due = waiting.pop()
            if is_due:
                yield key, found[key]
            elif key in found and key not in seen:
                seen.add(key)
                waiting.append((key, True))
                referred = [item.table for item in found[key].constraints.values() if item.table is not None]
                waiting += [(relation_key(name, Dialect.SQLITE), False) for name in reversed(referred)]

    def _rename(self) -> None:
        """Write the renames of tables and columns."""
        tables: dict[str, str] = {}
        for pair in self.renames.relations():
            old, new = self.before.table(pair.old), self.after.table(pair.new)
            if old is None or new is None or self.script.table(pair.old) is None:
                continue
            self.moved[pair.new] = pair.old
            tables[old.name.name] = new.name.name
        for one, other in _one_by_one(tables):
            self.script.add(f"ALTER TABLE {identifier(one)} RENAME TO {identifier(other)};")
        for relation, columns in self.renamed.items():
            table, here = self.after.table(relation), self.script.table(relation)
            names: dict[str, str] = {}
            for column, before in columns.items():
                was = None if here is None else named(here, before)
                if table is not None and was is not None and column in table.columns:
                    names[was] = table.columns[column].name
            for one, other in _one_by_one(names):
                own = identifier("" if table is None else table.name.name)
                self.script.add(f"ALTER TABLE {own} RENAME COLUMN {identifier(one)} TO {identifier(other)};")

    def _drop_foreign_keys(self) -> None:
        """Write the drop of all foreign keys that are gone, before the keys that they refer to."""
        for key, table in self._of(self.after, Table):
            was, here = self.before.table(self.moved.get(key, key)), self.script.table(key)
            if was is not None and here is not None and was != table:
                writer = PostgresTables(self.script, self.objects)
                writer.drop_constraints(was, table, here, self._renamed_in(key, was), foreign=True)

    def _renamed_in(self, key: Key, was: Table) -> dict[str, str]:
        return {old: new for new, old in self.renamed.get(key, {}).items() if old in was.columns}

    def _drop_views(self) -> None:
        """Write the drop of the views that are gone or another, and of those in the way of what changes."""
        views = dict(self._of(self.before, View))
        changed = [key for key, value in views.items() if self._is_new(key, self.after.find(key))]
        tables = [key for key, was in self._of(self.before, Table) if not keeps_its_columns(was, self._now(key))]
        for key in views_of(self.script, (*changed, *tables)):
            if key in views and (key in changed or self.after.find(key) == views[key]):
                own = self.script.relation(key.name)
                assert isinstance(own, View)
                self.script.add(f"DROP VIEW IF EXISTS {identifier(own.name.name)};")
                if key not in changed:
                    self.again.insert(0, key)

    def _now(self, key: Key) -> Table | None:
        """Return what a table has become, by its new name."""
        return self.after.table(next((new for new, old in self.moved.items() if old == key), key))

    def _drop(self, rows: RowStatements) -> None:
        self._drop_views()
        kept = set(self.moved.values())
        # A table goes before those that it refers to.
        tables = [*self._tables(self.before)][::-1]
        for kind in (Index, Table):
            for key, value in tables if kind is Table else self._of(self.before, kind):
                now = self.after.find(key)
                if key in kept or (now is not None and (kind is Table or now == value)):
                    continue
                own = self.script.relation(key.name)
                if isinstance(own, kind) and not (isinstance(own, Index) and own.constraint is not None):
                    text = f"DROP {kind.__name__.upper()} IF EXISTS {identifier(own.name.name)};"
                    if kind is Table and rows.mention(key.name):
                        self.last.append(text)
                    else:
                        self.script.add(text)

    def _table(self, key: Key, table: Table, rows: RowStatements) -> None:
        was = self.before.table(self.moved.get(key, key))
        here = self.script.table(key)
        if here is None and table.assumed and not self.script.schema.closed:
            here = self.script.assume(table.name.name)
        if was is None and here is None:
            self._create_table(table)
        elif was is not None and was != table:
            if here is None:
                self.script.lose(f"the PostgreSQL schema has no table {table.name.name}")
            else:
                writer = PostgresTables(self.script, self.objects, rows.rewrite(key))
                for text, columns in writer.alter(was, table, here, self._renamed_in(key, was)):
                    if rows.rewrite(key) or any(map(rows.mention, columns)):
                        self.last.append(text)
                    else:
                        self.script.create(text)

    def _create_table(self, table: Table) -> None:
        """Write a table that is new; a condition that PostgreSQL does not accept is left out of it."""
        text = self.objects.create_table(table)
        problem = self.script.problem_with(text)
        checks = {label: item for label, item in table.constraints.items() if item.kind == "check"}
        for label, item in checks.items() if problem is not None else ():
            without = replace(table, constraints={label: item})
            found = self.script.problem_with(self.objects.create_table(without))
            if found is not None and item.expression is not None:
                self.script.lose(f"a check of {table.name.name}: {found}", f"CHECK ({item.expression.text})")
                kept = {one: other for one, other in table.constraints.items() if one != label}
                table = replace(table, constraints=kept)
        self.script.create(self.objects.create_table(table))


def _one_by_one(names: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield renames in an order in which each new name is free."""
    waiting = dict(names)
    while waiting:
        old = next((old for old, new in waiting.items() if new not in waiting or new == old), None)
        if old is None:
            # They change places: one of them steps aside.
            old = next(iter(waiting))
            aside = f"miglint_{old}"
            yield old, aside
            waiting[aside] = waiting.pop(old)
            continue
        new = waiting.pop(old)
        if new != old:
            yield old, new


def _subject(operation: Operation) -> Key | None:
    """Return what an operation makes, alters or gives a name to."""
    match operation:
        case op.CreateTable(name=name) | op.CreateView(name=name) | TableOperation(table=name):
            return relation_key(name, Dialect.SQLITE)
        case op.CreateIndex(name=str() as own) | op.Rename(new=own):
            return relation_key(Name(None, own), Dialect.SQLITE)
    return None
