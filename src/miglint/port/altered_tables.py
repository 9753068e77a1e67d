"""The tables that a migration alters, as SQLite can do it: by ALTER TABLE, or by a rebuild."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from miglint.base.model import Dialect
from miglint.port.conversions import ConvertedColumn
from miglint.port.labels import RenamedLabels, has_array_of, labels_of, relabeled
from miglint.port.settings_lost import changed_settings
from miglint.port.sqlite_objects import SqliteObjects, own_name
from miglint.port.sqlite_script import SqliteScript
from miglint.port.sqlite_tables import ChangedTable, changed_table
from miglint.schema.depends import relation_key
from miglint.schema.objects import Key, Table
from miglint.schema.value import Schema
from miglint.sql.operations import Name
from miglint.writer.sqlite.copying import filling
from miglint.writer.sqlite.guards import guarded
from miglint.writer.words import identifier, literal
from miglint.writer.written import ColumnValues


class AlteredTables:
    """Writes the changes of tables into a script.

    `reasons` and `notes` receive what is left out, and what else is to be said. `labels` are the renamed ones of enums,
    `conversions` what values become in a new type.
    """

    def __init__(self, script: SqliteScript, reasons: list[str], notes: list[str]) -> None:
        self._script, self._reasons, self._notes = script, reasons, notes
        self.labels: Mapping[Key, Mapping[str, str]] = {}
        self.conversions: Sequence[ConvertedColumn] = ()
        self._waiting: dict[Key, ChangedTable] = {}
        self._renamed: dict[tuple[Key, str], RenamedLabels] = {}
        self._converted: dict[tuple[Key, str], ConvertedColumn] = {}

    def alter(self, key: Key, before: Schema, after: Schema, objects: SqliteObjects) -> None:
        """Write the change of a table between two schemas of PostgreSQL, or keep it for `rebuild`."""
        was, now = before.table(key), after.table(key)
        own = relation_key(Name(None, key.name), Dialect.SQLITE)
        here = self._script.schema.table(own)
        if now is None:
            return
        if was is None:
            # It is older than the files.
            was = Table(now.name, assumed=True)
        if here is None and now.assumed and self._script.schema.find(own) is None and not self._script.schema.closed:
            here = self._script.assume(own, now.name.name)
        if here is None:
            self._reasons.append(f"the SQLite schema has no table {key.name}")
            return
        change = changed_table(here, was, now, objects, before)
        self._note_unchecked(was, now)
        for item in change.freed:
            self._script.drop_key(own, item.columns)
        self._convert(own, here, now, change)
        self._relabel(own, here, now, change)
        if self._script.alter(own, here, change):
            self._add_keys(change)
        else:
            self._waiting[own] = change
            self._note_filled(own, here, change)
        settings, harmless = changed_settings(was, now)
        if settings:
            noun = "settings" if len(settings) > 1 else "setting"
            text = f"SQLite has no {noun} {', '.join(settings)} of a table"
            (self._notes if harmless else self._reasons).append(text)

    def rebuild(self) -> None:
        """Rebuild the tables that SQLite cannot alter, all at once."""
        if self._waiting:
            self._reasons += self._script.rebuild(self._waiting)
            for change in self._waiting.values():
                self._add_keys(change)
            self._waiting = {}

    def values_back(self, back: Sequence[ConvertedColumn]) -> ColumnValues:
        """Return the values that the rows of tables get in a rollback; `back` is what that of PostgreSQL converts."""
        found: dict[Key, dict[str, str]] = {}
        for (key, folded), labels in self._renamed.items():
            found.setdefault(key, {})[folded] = relabeled(labels.column, labels.back)
        for (key, folded), text in self._back(back):
            if text is not None:
                found.setdefault(key, {})[folded] = text
        return found

    def lost_values(self, back: Sequence[ConvertedColumn]) -> tuple[str, ...]:
        """Return sentences about the values that no rollback brings back."""
        return tuple(
            f"the values of {self._converted[place].table}.{self._converted[place].column} stay converted"
            for place, text in self._back(back)
            if text is None
        )

    def _back(self, back: Sequence[ConvertedColumn]) -> Iterator[tuple[tuple[Key, str], str | None]]:
        """Yield the columns whose values are converted, with what converts them again; None if nothing does."""
        for (key, folded), item in self._converted.items():
            table = self._script.schema.table(key)
            texts = [one.text for one in back if (one.table, one.column) == (item.table, item.column)]
            if table is None or folded not in table.columns or len(texts) != 1 or texts[0] is None:
                yield (key, folded), None
                continue
            listed = [column.name for column in table.columns.values()]
            if texts[0] == identifier(item.column):
                continue
            objection = self._script.objection_to(texts[0], listed)
            yield (key, folded), None if objection is not None else _while_of_type(table, folded, texts[0])

    def _note_unchecked(self, was: Table, now: Table) -> None:
        """Note which new constraints the existing rows do not have to satisfy on PostgreSQL."""
        for item in now.constraints.values():
            if not item.validated and item.kind in ("check", "foreign") and item not in was.constraints.values():
                self._notes.append(f"SQLite has no NOT VALID: existing rows have to satisfy {item.name}, too")

    def _note_filled(self, own: Key, here: Table, change: ChangedTable) -> None:
        """Note which values the rows get in new columns that have no default, and accept no NULL."""
        table = change.table
        new = self._script.schema.put(own, table)
        for name in change.added:
            column = table.columns[name.lower()]
            if column.nullable is not False or column.default is not None or column.generated is not None:
                continue
            if column.autoincrement:
                # Each row gets a number there, too.
                continue
            value = filling((self._script.schema, new), here, table, column)
            self._notes.append(
                f"Existing rows get {value} in {table.name.name}.{column.name}, "
                "a column that PostgreSQL does not add to a table with rows"
            )

    def _convert(self, own: Key, here: Table, now: Table, change: ChangedTable) -> None:
        """Give the columns whose type changes the values of the new one: when the table is rebuilt, or at once."""
        for item in self.conversions:
            folded = item.column.lower()
            if item.table != now.name.name or folded not in here.columns:
                continue
            listed = [column.name for column in here.columns.values()]
            problem = item.problem if item.text is None else self._script.objection_to(item.text, listed)
            if item.text is None or problem is not None:
                self._reasons.append(f"the values of {item.table}.{item.column} stay as they are: {problem}")
                continue
            self._converted[own, folded] = item
            text = item.text
            if self._script.repeatable:
                text = _while_of_type(here, folded, text)
            if change.otherwise:
                self._script.values.setdefault(own, {})[folded] = text
            else:
                name = identifier(here.columns[folded].name)
                self._script.rows(f"UPDATE {own_name(here.name)} SET {name} = {text}")

    def _relabel(self, own: Key, here: Table, now: Table, change: ChangedTable) -> None:
        """Give the rows of a table the new labels of enums: when it is rebuilt, or at once."""
        for column in now.columns.values():
            folded, labels = column.name.lower(), labels_of(column, self.labels)
            if has_array_of(column, self.labels):
                self._reasons.append(f"the labels in the arrays of {now.name.name}.{column.name} stay as they are")
            if not labels or folded not in here.columns:
                continue
            written = here.columns[folded].name
            self._renamed.setdefault((own, folded), RenamedLabels(written, {})).add(labels)
            text = relabeled(written, labels)
            if change.otherwise:
                self._script.values.setdefault(own, {})[folded] = text
            else:
                name, listed = identifier(written), ", ".join(map(literal, labels))
                self._script.rows(f"UPDATE {own_name(here.name)} SET {name} = {text} WHERE {name} IN ({listed})")

    def _add_keys(self, change: ChangedTable) -> None:
        """Write the unique keys that are new as indexes, for which no table has to be rebuilt."""
        for item in change.unique:
            columns = ", ".join(map(identifier, item.columns))
            own = own_name(change.table.name)
            text = f"CREATE UNIQUE INDEX {identifier(item.name or '')} ON {own} ({columns});"
            objection = self._script.change(guarded(text))
            if objection is not None:
                self._reasons.append(objection)


def _while_of_type(table: Table, folded: str, text: str) -> str:
    """Return a value that is converted as long as the column has its type: a script may run twice."""
    column = table.columns[folded]
    declared = literal(column.declared or str(column.type or ""))
    place = f"pragma_table_info({literal(table.name.name)})"
    condition = f"SELECT 1 FROM {place} WHERE lower(name) = {literal(folded)} AND type = {declared}"
    return f"CASE WHEN EXISTS ({condition}) THEN {text} ELSE {identifier(column.name)} END"
