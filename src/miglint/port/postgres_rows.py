"""What the statements of a SQLite script do besides changing the schema: rows, settings, transactions."""

from __future__ import annotations

import re
from collections.abc import Iterable

from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect
from miglint.port.comments import comments_in
from miglint.port.expressions import TranslationError, translate_statement
from miglint.port.later_names import LaterNames
from miglint.port.moved_rows import MovedRows
from miglint.port.postgres_objects import PostgresObjects, is_numbered
from miglint.port.postgres_script import PostgresScript
from miglint.port.statements import tables_of
from miglint.replay.steps import Step
from miglint.schema.depends import relation_key
from miglint.schema.objects import Key
from miglint.sql import operations as op
from miglint.sql.operations import Name, Statement
from miglint.writer.reading import read
from miglint.writer.words import identifier, literal

_ROWS = (op.Insert, op.Update, op.Delete, op.Truncate, op.OtherData, op.Select, op.Opaque)
_SESSION = (op.Pragma, op.Maintenance)
_WORD = pattern(r"\w+")
_REPLACE = pattern(r"\A\s*REPLACE\s+INTO\b", re.IGNORECASE)
# Statements and settings of SQLite's connections and files, without which PostgreSQL does the same.
_NOT_NEEDED = pattern(
    r"analyze|explain|reindex|vacuum"
    r"|auto_vacuum|busy_timeout|cache_size|encoding|journal_(?:mode|size_limit)|locking_mode|mmap_size|optimize"
    r"|page_size|synchronous|temp_store|wal_(?:autocheckpoint|checkpoint)"
    r"|(?:defer_)?foreign_keys|foreign_key_(?:check|list)|legacy_alter_table"
    r"|(?:integrity|quick)_check|table_x?info|index_list",
    re.IGNORECASE,
)


class RowStatements:
    """The statements of a forward that do more than to change the schema, and the script that they are written to."""

    def __init__(self, step: Step, script: PostgresScript, objects: PostgresObjects) -> None:
        forward = step.migration.forward
        assert forward is not None
        self.step, self.script, self.objects = step, script, objects
        self.moved: dict[int, MovedRows] = {}
        self._later = LaterNames(step)
        # The identity columns into which numbers were inserted, by their tables.
        self.numbered: dict[str, str] = {}
        self._all = forward.file.text
        texts = (
            self._text_of(statement)
            for statement in step.forward_statements
            if any(isinstance(item, _ROWS) for item in statement.operations)
        )
        self._words = frozenset(word for text in texts for word in _WORD.findall(text.lower()))

    def mention(self, name: str) -> bool:
        """Return whether one of the statements may be about a table or a column."""
        return self._words.issuperset(_WORD.findall(name.lower()))

    def _text_of(self, statement: Statement) -> str:
        return self._all[statement.span.start : statement.span.end].strip()

    def rewrite(self, table: Key) -> bool:
        """Return whether a statement changes the rows of a table in place that SQLite copies."""
        return any(item.table == table and item.changes for item in self.moved.values())

    def write(self) -> None:
        """Write the statements; those that only move rows do nothing here."""
        idle = {place for place, item in self.moved.items() if not item.changes}
        failed = {id(moment.statement) for moment in self.step.forward.moments if moment.failed}
        end = None
        for statement in self.step.forward_statements:
            text = self._text_of(statement)
            above = () if end is None else comments_in(self._all[end : statement.span.start])
            end = statement.span.end
            operations = statement.operations
            if statement.problem is not None:
                self.script.lose(f"the statement is not read: {statement.problem.message}", text)
            elif any(isinstance(item, _SESSION) for item in operations):
                self._session(statement, text)
            elif any(
                isinstance(item, op.Transaction) and item.action not in ("begin", "commit") for item in operations
            ):
                self.script.lose(f"{statement.kind.upper()} has no place, as the statements are in another order", text)
            elif operations and all(isinstance(item, _ROWS) for item in operations):
                if id(statement) not in idle:
                    self.script.parts += filter(None, above)
                    moved = self.moved.get(id(statement))
                    if moved is None:
                        self._named(statement, text)
                    else:
                        self._moved(moved, text)
            elif id(statement) in failed:
                self.script.lose("it fails on SQLite, or may fail there", text)
            elif id(statement) not in idle:
                moved = self.moved.get(id(statement))
                if moved is not None:
                    self._moved(moved, text)
                for item in operations if moved is None else ():
                    if isinstance(item, op.CreateTable) and item.query is not None:
                        rows = f"INSERT INTO {identifier(item.name.name)} {item.query.text}"
                        self._rows(rows, text, (item.name, *item.query.relations))

        self._set_sequences()

    def _moved(self, moved: MovedRows, source: str) -> None:
        for change in moved.changes:
            self._rows(change, source, (Name(None, moved.table.name),))

    def _named(self, statement: Statement, text: str) -> None:
        """Write a statement in the names that its tables and columns have at the end."""
        names = [*tables_of(statement.operations)]
        try:
            made, names = self._later.of(statement, text, names)
        except TranslationError:
            made = text
        self._rows(made, text, names)

    def _is_there(self, name: Name) -> bool:
        if self.script.relation(name.name.lower()) is not None:
            return True
        found = self.step.forward.schema.table(relation_key(name, Dialect.SQLITE))
        return found is not None and found.assumed and not self.script.schema.closed

    def _session(self, statement: Statement, text: str) -> None:
        names = (item.name if isinstance(item, op.Pragma) else statement.kind for item in statement.operations)
        words = " ".join(text.rstrip(";").replace("=", " ").replace("(", " ").split()[:2])
        harmless = all(map(_NOT_NEEDED.fullmatch, names))
        self.script.lose(f"PostgreSQL has nothing like {words}", text, harmless=harmless)

    def _rows(self, text: str, source: str, names: Iterable[Name]) -> None:
        """Write a statement that reads or changes rows of some tables."""
        away = next((name.name for name in names if not self._is_there(name)), None)
        if away is not None:
            self.script.lose(f"PostgreSQL has no {away} at this point", source)
            return
        try:
            made = translate_statement(
                _REPLACE.sub("INSERT OR REPLACE INTO", text), Dialect.SQLITE, self.objects.booleans()
            )
        except TranslationError as problem:
            self.script.lose(str(problem), source)
            return
        self.script.create(f"{made.rstrip().rstrip(';')};", source)
        self._note_numbers(text)

    def _note_numbers(self, text: str) -> None:
        """Note the identity columns into which a statement inserts numbers."""
        for statement in read(text, Dialect.SQLITE):
            for item in statement.operations:
                if not isinstance(item, op.Insert):
                    continue
                table = self.step.forward.schema.table(relation_key(item.table, Dialect.SQLITE))
                if table is None:
                    continue
                listed = {name.lower() for name in item.columns or table.columns}
                for column in table.columns.values():
                    if is_numbered(table, column) and column.name.lower() in listed:
                        self.numbered[table.name.name] = column.name

    def _set_sequences(self) -> None:
        """Write the `setval` calls after which identity columns continue after the numbers that were inserted."""
        for name, column in self.numbered.items():
            if self.script.relation(name.lower()) is not None:
                place = f"pg_get_serial_sequence({literal(identifier(name))}, {literal(column)})"
                text = f"SELECT setval({place}, (SELECT max({identifier(column)}) FROM {identifier(name)}));"
                self.script.create(text)
