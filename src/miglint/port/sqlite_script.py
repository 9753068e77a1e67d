"""A script for SQLite that is being written: its statements so far, and the schema that they lead to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from miglint.base.model import Dialect
from miglint.port.sqlite_objects import own_name
from miglint.port.sqlite_tables import ChangedTable
from miglint.port.trial import Trial, Trials, objection_to, too_new
from miglint.port.triggers import SqliteTrigger
from miglint.replay.apply import run
from miglint.schema.depends import relation_key
from miglint.schema.objects import Index, Key, Table, View
from miglint.schema.value import Schema
from miglint.sql.operations import Name
from miglint.writer.reading import read
from miglint.writer.sqlite.altering import can_be_added
from miglint.writer.sqlite.guards import guarded
from miglint.writer.transition import write_transition
from miglint.writer.words import identifier
from miglint.writer.written import Version

_DROP_COLUMN: Version = (3, 35)


class SqliteScript:
    """Statements and comments (`parts`) for a version of SQLite (None: any), and the schema after them (`schema`).

    A `repeatable` one can run a second time. `values` are those that rows get when their table is rebuilt next.
    """

    def __init__(self, schema: Schema, target: Version | None, trials: Trials, *, repeatable: bool) -> None:
        self._trials = trials
        self.schema, self.target, self.repeatable = schema, target, repeatable
        self.parts: list[str] = []
        self.values: dict[Key, dict[str, str]] = {}
        self._database: Trial | None = None

    def close(self) -> None:
        """Give back the database in which the statements are tried."""
        if self._database is not None:
            self._trials.keep(self.schema, self._database)
            self._database = None

    def objection_to(self, text: str, columns: Iterable[str]) -> str | None:
        """Return what the target has against an expression over some columns; None if it has nothing."""
        return too_new(text, self.target) or objection_to(text, columns)

    def change(self, text: str) -> str | None:
        """Write a statement that changes the schema, or return why SQLite does not run it."""
        objection = too_new(text, self.target) or self._trial().create(text)
        if objection is None:
            self.parts.append(text)
            self._follow(text)
        return objection

    def trigger(self, trigger: SqliteTrigger, relation: str) -> str | None:
        """Write a trigger of a relation, or return why SQLite does not run it: it is compiled where it fires."""
        text = guarded(trigger.text)
        trial, own = self._trial(), own_name(Name(None, relation))
        objection = too_new(text, self.target)
        if objection is not None:
            return objection
        objection = trial.create(text) or trial.prepare(self._firing(trigger.event, relation, own))
        if objection is not None:
            trial.create(f"DROP TRIGGER IF EXISTS {identifier(trigger.name)}")
            return objection
        self.parts.append(text)
        self._follow(text)
        return None

    def _firing(self, event: str, relation: str, own: str) -> str:
        """Return a statement that fires the triggers of an event."""
        if event != "update":
            return f"DELETE FROM {own}" if event == "delete" else f"INSERT INTO {own} DEFAULT VALUES"
        found = self.schema.find(relation_key(Name(None, relation), Dialect.SQLITE))
        columns: Sequence[str] = ()
        if isinstance(found, Table):
            columns = [item.name for item in found.columns.values() if item.generated is None]
        elif isinstance(found, View):
            columns = found.columns or ()
        return f"UPDATE {own} SET {', '.join(f'{identifier(item)} = NULL' for item in columns or ('rowid',))}"

    def rows(self, *texts: str) -> str | None:
        """Write statements that read or change rows, all or none; return why SQLite does not run one."""
        objections = (too_new(text, self.target) or self._trial().prepare(text) for text in texts)
        objection = next((item for item in objections if item is not None), None)
        for text in texts if objection is None else ():
            self.parts.append(f"{text.rstrip().rstrip(';')};")
            self._follow(self.parts[-1])
        return objection

    def table(self, name: str) -> Table | None:
        """Return a table by the name that it has in PostgreSQL."""
        return self.schema.table(relation_key(Name(None, name), Dialect.SQLITE))

    def assume(self, key: Key, name: str) -> Table:
        """Take it for granted that there is a table, which is older than the scripts, and return it."""
        table = Table(Name(None, name), assumed=True)
        self.schema = self.schema.put(key, table)
        return table

    def drop_key(self, table: Key, columns: tuple[str, ...]) -> None:
        """Write the drop of the unique index that stands for a unique constraint."""
        names = [name.lower() for name in columns]
        for _, index in self.schema.users(table, Index):
            keys = [(element.column or "").lower() for element in index.elements]
            if index.unique and index.where is None and keys == names and index.constraint is None:
                self.change(f"DROP INDEX IF EXISTS {identifier(index.name.name)};")

    def _has_clauses(self, change: ChangedTable) -> bool:
        """Return whether ALTER TABLE of the target can add and drop the columns."""
        if change.dropped and self.target is not None and self.target < _DROP_COLUMN:
            return False
        return all(can_be_added(change.table.columns[name.lower()]) for name in change.added)

    def alter(self, key: Key, here: Table, change: ChangedTable) -> bool:
        """Write the columns that come and go, if SQLite can do just that; return whether it is all of the change."""
        if change.otherwise or not (change.added or change.dropped):
            return not change.otherwise
        if (self.repeatable and not here.assumed) or not self._has_clauses(change):
            return False
        own = f"ALTER TABLE {own_name(here.name)}"
        texts = [f"{own} ADD COLUMN {text};" for text in change.added.values()]
        texts += [f"DROP INDEX IF EXISTS {name};" for name in self._indexes_on(key, change.dropped)]
        texts += [f"{own} DROP COLUMN {identifier(here.columns[name].name)};" for name in change.dropped]
        failing = self._trial().fails(texts)
        if not failing:
            for text in texts:
                self.change(text)
        return not failing

    def rebuild(self, changes: dict[Key, ChangedTable]) -> tuple[str, ...]:
        """Rebuild the tables that SQLite cannot alter, with their rows; return what is left out."""
        there = self.schema
        for key, change in changes.items():
            there = there.put(key, change.table)
            for name in self._indexes_on(key, change.dropped):
                there = run(there, read(f"DROP INDEX IF EXISTS {name};", Dialect.SQLITE), kept=False).schema
        return self.lead_to(there)

    def lead_to(self, schema: Schema) -> tuple[str, ...]:
        """Write what makes the schema another one; return what is left out."""
        written = write_transition(self.schema, schema, target=self.target, values=self.values)
        self.values = {}
        self.parts += (item.text for item in written.statements)
        self._follow("\n".join(item.first_run for item in written.statements))
        if self._database is not None and not self._database.follow(item.text for item in written.statements):
            self._database.close()
            self._database = None
        return written.missing

    def _trial(self) -> Trial:
        if self._database is None:
            self._database = self._trials.take(self.schema)
        return self._database

    def _follow(self, text: str) -> None:
        self.schema = run(self.schema, read(text, Dialect.SQLITE), kept=False).schema

    def _indexes_on(self, table: Key, columns: tuple[str, ...]) -> list[str]:
        """Return the indexes that go with columns on PostgreSQL, and stop their drop on SQLite."""
        return [
            identifier(index.name.name)
            for _, index in self.schema.users(table, Index)
            if index.constraint is None
            and not index.name.name.startswith(("#", "sqlite_autoindex_"))
            and any((element.column or "").lower() in columns for element in index.elements)
        ]
