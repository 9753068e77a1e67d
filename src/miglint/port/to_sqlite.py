"""A PostgreSQL migration as one for SQLite."""

from __future__ import annotations

from itertools import groupby

from miglint.base.inert import sql_comment
from miglint.base.model import Dialect
from miglint.base.structs import replace
from miglint.port.altered_tables import AlteredTables
from miglint.port.choices import TypeChoices
from miglint.port.comments import comments_in
from miglint.port.conversions import conversions
from miglint.port.expressions import TranslationError, translate_statement
from miglint.port.labels import renamed_labels
from miglint.port.not_carried import NotCarried
from miglint.port.schema_changes import (
    changed_keys,
    creation_rank,
    dropped_first,
    is_same_index,
    is_strict,
    namesake,
    renamed_index,
    tables_with_changed_types,
)
from miglint.port.script import PortedScript
from miglint.port.settings_lost import is_harmless, numbering_lost
from miglint.port.sqlite_objects import SqliteObjects, own_name
from miglint.port.sqlite_rows import row_statements
from miglint.port.sqlite_script import SqliteScript
from miglint.port.statements import first_words, tables_of
from miglint.port.trial import Trials
from miglint.port.triggers import is_named_after, sqlite_triggers
from miglint.port.value_kinds import kinds_of, tables_named
from miglint.replay.steps import Step
from miglint.schema.depends import relation_key
from miglint.schema.objects import Index, Key, Routine, Sequence, Table, Trigger, View
from miglint.schema.outcome import OperationTrace
from miglint.schema.value import Schema
from miglint.sql import operations as op
from miglint.sql.operations import Name, Operation, Statement, TableOperation
from miglint.writer.sqlite.guards import guarded
from miglint.writer.words import identifier
from miglint.writer.written import Version

_ROWS = (op.Insert, op.Update, op.Delete, op.Truncate, op.OtherData, op.Select)
_SESSION = (op.SetVariable, op.Maintenance)
_RENAMES = (op.Rename, op.RenameColumn, op.RenameConstraint)
_LABELS = (op.AddEnumValue, op.RenameEnumValue)
_TABLE_KINDS = frozenset({"table", "view", "materialized view", "foreign table"})
# What SQLite does not have and nobody misses there: it has one user, and no server.
_NOT_NEEDED = {
    "comment": "SQLite has no comments on objects",
    "privilege": "SQLite has no privileges",
    "extension": "SQLite has no extensions of this kind",
    "schema": "SQLite has no schemas; the tables are in the main one",
    "role": "SQLite has no roles",
}


def port_to_sqlite(
    step: Step,
    here: Schema,
    types: TypeChoices,
    target: Version | None = None,
    trials: Trials | None = None,
    *,
    repeatable: bool = False,
) -> PortedScript:
    """Return the forward of a step for SQLite; `here` is the schema of SQLite before it.

    A `repeatable` script can run a second time: SQLite has no `ADD COLUMN IF NOT EXISTS`, so the table is rebuilt.
    `trials` has the database of the script before it, if there is one.
    """
    own = Trials() if trials is None else trials
    writer = _SqliteWriter(step, here, types, SqliteScript(here, target, own, repeatable=repeatable))
    writer.run()
    if trials is None:
        own.close()
    back = [] if step.rollback is None else [*conversions(step.rollback.moments, kept=True)]
    return PortedScript(
        tuple(writer.script.parts),
        tuple(writer.losses),
        writer.script.schema,
        writer.tables.values_back(back),
        writer.tables.lost_values(back),
    )


class _SqliteWriter:
    def __init__(self, step: Step, here: Schema, types: TypeChoices, script: SqliteScript) -> None:
        forward = step.migration.forward
        assert forward is not None
        self.step, self.types = step, types
        self._start = here
        self.script = script
        self.text = forward.file.text
        self.start, self.end = forward.span
        self.losses: list[NotCarried] = []
        self.strict = is_strict(here)
        self._reasons: list[str] = []
        self._notes: list[str] = []
        self.tables = AlteredTables(self.script, self._reasons, self._notes)
        self._moments = {
            id(statement): list(found)
            for statement, found in groupby(step.forward.moments, key=lambda moment: moment.statement)
        }

    def run(self) -> None:
        """Write all statements, with the comments between them."""
        at = self.start
        for alike, found in groupby(self.step.forward_statements, key=_alters):
            group = [*found]
            for statements in [group] if alike else [[one] for one in group]:
                for statement in statements:
                    self.script.parts += comments_in(self.text[at : statement.span.start])
                    at = statement.span.end
                self._together(statements)
        self.script.parts += comments_in(self.text[at : self.end])
        self.script.close()

    def _together(self, statements: list[Statement]) -> None:
        """Write statements; several that alter tables as one, so that no table is rebuilt twice."""
        self._reasons.clear()
        self._notes.clear()
        written = len(self.script.parts)
        if len(statements) == 1:
            self._write(statements[0])
        else:
            self._schema([moment for one in statements for moment in self._moments.get(id(one), ())])
        if self._reasons:
            self._lose(statements, tuple(dict.fromkeys(self._reasons)), written)
        if self._notes:
            self.script.parts.insert(written, "\n".join(f"-- {' '.join(note.split())}." for note in self._notes))
            self.losses += [NotCarried(note, "", statements[0].span, harmless=True) for note in self._notes]

    def _lose(self, statements: list[Statement], reasons: tuple[str, ...], written: int) -> None:
        """Say in the script, before what is left of statements, what of them is not carried over."""
        text = ";\n".join(map(self._text_of, statements))
        harmless = all(map(is_harmless, statements))
        lines = [sql_comment(f"{'Not needed' if harmless else 'Not carried over'}: {reason}.") for reason in reasons]
        if len(self.script.parts) == written or not harmless:
            lines += [f"--   {line}".rstrip() for line in text.splitlines()]
        self.script.parts.insert(written, "\n".join(lines))
        self.losses += [NotCarried(reason, text, statements[0].span, harmless) for reason in reasons]

    def _text_of(self, statement: Statement) -> str:
        return self.text[statement.span.start : statement.span.end].strip()

    def _write(self, statement: Statement) -> None:
        operations = statement.operations
        if statement.problem is not None:
            self._reasons.append(f"the statement is not read: {statement.problem.message}")
        elif not operations:
            self._reasons.append(f"{statement.kind.upper()} has no equivalent")
        elif all(isinstance(item, op.Transaction) for item in operations):
            self._transaction(operations)
        elif all(isinstance(item, _SESSION) for item in operations):
            self._reasons.append(f"SQLite does not need {first_words(self._text_of(statement))}")
        elif all(isinstance(item, _ROWS) for item in operations) and statement.kind != "do":
            self._rows(statement)
        else:
            self._schema(self._moments.get(id(statement), []))

    def _transaction(self, operations: tuple[Operation, ...]) -> None:
        for item in operations:
            if isinstance(item, op.Transaction):
                name = f" {identifier(item.name)}" if item.name else ""
                self.script.parts.append(f"{item.action.upper()}{name};")

    def _rows(self, statement: Statement) -> None:
        """Write a statement that reads or changes rows."""
        text = self._text_of(statement)
        moments = self._moments.get(id(statement))
        schema = moments[0].before if moments else self.step.before
        try:
            kinds = kinds_of(schema, tables_named(schema, tables_of(statement.operations)))
            found = row_statements(text, statement.operations, schema, self.script.schema, kinds)
        except TranslationError as problem:
            self._reasons.append(str(problem))
            return
        objection = self.script.rows(*found)
        if objection is not None:
            self._reasons.append(objection)

    def _schema(self, moments: list[OperationTrace]) -> None:
        """Write what changes the schema, or several things at once."""
        for renaming, found in groupby(moments, key=lambda moment: isinstance(moment.operation, _RENAMES)):
            group = [*found]
            if any(moment.failed for moment in group):
                self._reasons.append("it fails on PostgreSQL, or may fail there")
            group = [moment for moment in group if not moment.failed]
            if renaming:
                for moment in group:
                    self._rename(moment)
            elif group:
                self._unlike(group)
                self._reasons += numbering_lost(group)
                before, after = group[0].before, group[-1].after
                self.tables.labels, self.tables.conversions = renamed_labels(group), [*conversions(group)]
                self._changes(before, self._with_defaults(group, after))
                for moment in group:
                    self._copied(moment)

    def _with_defaults(self, moments: list[OperationTrace], after: Schema) -> Schema:
        """Return the schema with the defaults that columns are added with, and that are dropped at once.

        SQLite adds no column that is NOT NULL without one, and has no other way to drop it than to copy the table.
        """
        for moment in moments:
            operation = moment.operation
            if not isinstance(operation, op.AddColumn) or operation.column.default is None:
                continue
            key = relation_key(operation.table, Dialect.POSTGRES)
            table = after.table(key)
            column = None if table is None else table.columns.get(operation.column.name)
            if table is None or column is None or column.default is not None or column.nullable is not False:
                continue
            self._notes.append(
                f"{table.name.name}.{column.name} keeps its default, without which SQLite adds no column"
            )
            columns = {**table.columns, column.name: replace(column, default=operation.column.default)}
            after = after.put(key, replace(table, columns=columns))
        return after

    def _rename(self, moment: OperationTrace) -> None:
        operation = moment.operation
        if isinstance(operation, op.Rename) and operation.kind in _TABLE_KINDS:
            self._try(f"ALTER TABLE {own_name(operation.name)} RENAME TO {identifier(operation.new)};")
        elif isinstance(operation, op.RenameColumn) and operation.kind in _TABLE_KINDS:
            words = f"RENAME COLUMN {identifier(operation.column)} TO {identifier(operation.new)}"
            self._try(f"ALTER TABLE {own_name(operation.table)} {words};")
        elif not self._rename_index(moment):
            self.tables.labels, self.tables.conversions = {}, ()
            self._changes(moment.before, moment.after)

    def _rename_index(self, moment: OperationTrace) -> bool:
        """Give the index that stands for a unique constraint its new name, if there is one."""
        found = renamed_index(moment.operation, moment.after, self.script.schema)
        if found is not None:
            self._try(f"DROP INDEX IF EXISTS {identifier(found[0])};")
            self._index(found[1], moment.after, self._objects(moment.after))
        return found is not None

    def _try(self, text: str) -> None:
        """Write a statement that changes the schema if SQLite runs it."""
        objection = self.script.change(text)
        if objection is not None:
            self._reasons.append(objection)

    def _unlike(self, moments: list[OperationTrace]) -> None:
        """Note the operations whose effect is not one on the schema, in a statement that does several things."""
        for moment in moments:
            if isinstance(moment.operation, (*_ROWS, op.Opaque)):
                self._reasons.append("what it does to rows is not carried over")

    def _copied(self, moment: OperationTrace) -> None:
        """Write the rows that a table is created with."""
        operation = moment.operation
        if not isinstance(operation, op.CreateTable) or operation.query is None or not operation.with_data:
            return
        name = own_name(operation.name)
        try:
            kinds = kinds_of(moment.before, tables_named(moment.before, operation.query.relations))
            query = translate_statement(operation.query.text, Dialect.POSTGRES, kinds=kinds)
        except TranslationError as problem:
            self._reasons.append(f"the rows of {operation.name.name}: {problem}")
            return
        # The table is there already where the script runs again.
        text = (
            f"INSERT INTO {name} SELECT * FROM ({query.rstrip().rstrip(';')}) WHERE NOT EXISTS (SELECT 1 FROM {name})"
        )
        objection = self.script.rows(text)
        if objection is not None:
            self._reasons.append(f"the rows of {operation.name.name}: {objection}")

    def _objects(self, schema: Schema) -> SqliteObjects:
        return SqliteObjects(schema, self.types, self._reasons.append, self.script.objection_to, self.strict)

    def _changes(self, before: Schema, after: Schema) -> None:
        """Write what leads from one schema of PostgreSQL to another."""
        keys = changed_keys(before, after)
        objects = self._objects(after)
        for key in dropped_first(keys, before, after):
            if not self._is_hidden(key, before, after):
                self._drop(key, before)
        for key in sorted(keys, key=lambda key: creation_rank(key, after)):
            self._put(key, before, after, objects)
        for key in sorted(tables_with_changed_types(keys, before, after)):
            self.tables.alter(key, before, after, objects)
        self.tables.rebuild()

    def _drop(self, key: Key, before: Schema) -> None:
        value = before.find(key)
        own = relation_key(Name(None, key.name), Dialect.SQLITE)
        there = self.script.schema.find(own)
        if isinstance(value, Trigger):
            for _, trigger in self.script.schema.users(
                relation_key(Name(None, value.table.name), Dialect.SQLITE), Trigger
            ):
                if is_named_after(trigger.name, value):
                    self._try(f"DROP TRIGGER IF EXISTS {identifier(trigger.name)};")
        elif isinstance(value, (Table, View, Index)) and isinstance(there, (Table, View, Index)):
            self._try(f"DROP {type(there).__name__.upper()} IF EXISTS {identifier(there.name.name)};")
        elif isinstance(value, Index) and value.unique and value.constraint is None and value.table is not None:
            self._drop_unique(value)

    def _drop_unique(self, index: Index) -> None:
        """Drop the constraint that stands for a unique index."""
        assert index.table is not None
        own = relation_key(Name(None, index.table.name), Dialect.SQLITE)
        here = self.script.schema.table(own)
        keys = tuple((element.column or "").lower() for element in index.elements)
        if here is None or index.where is not None:
            return
        kept = {
            label: item
            for label, item in here.constraints.items()
            if item.kind != "unique" or tuple(name.lower() for name in item.columns) != keys
        }
        if len(kept) < len(here.constraints):
            self._reasons += self.script.lead_to(self.script.schema.put(own, replace(here, constraints=kept)))

    def _index(self, value: Index, after: Schema, objects: SqliteObjects) -> None:
        # The index of a constraint is created with it, and that of a partition is the one of the table.
        if value.constraint is None and value.parent is None:
            owner = None if value.table is None else after.table(relation_key(value.table, Dialect.POSTGRES))
            self._create(objects.create_index(value, owner))

    def _is_hidden(self, key: Key, before: Schema, after: Schema) -> bool:
        """Return whether SQLite's relation of this name stands for that of another schema, and say so."""
        other = namesake(key, before, after, self._start)
        if other is not None and not isinstance(after.find(key) or before.find(key), Index):
            self._reasons.append(f"{key.schema}.{key.name} has the name of {other.schema}.{other.name}")
        return other is not None

    def _put(self, key: Key, before: Schema, after: Schema, objects: SqliteObjects) -> None:
        value, was = after.find(key), before.find(key)
        if value is None or self._is_hidden(key, before, after):
            return
        match value:
            case Table() if value.kind == "table" and value.partition_of is None:
                if isinstance(was, Table) or value.assumed:
                    self.tables.alter(key, before, after, objects)
                else:
                    self._create(objects.create_table(value))
            case Table() if value.partition_of is not None:
                self._reasons.append(f"partition {key.name} is a part of its table on SQLite")
            case Index():
                if not is_same_index(was, value):
                    self._index(value, after, objects)
            case View():
                self._create(objects.create_view(value))
            case Trigger():
                self._trigger(value, after)
            case Sequence():
                if not value.implicit and value.owned_by is None:
                    self._reasons.append(f"sequence {key.name} has no equivalent")
            case _:
                self._other(key, value)

    def _other(self, key: Key, value: object) -> None:
        if key.space in _NOT_NEEDED:
            self._reasons.append(_NOT_NEEDED[key.space])
        elif isinstance(value, Routine):
            if value.returns is None or value.returns.name != "trigger":
                self._reasons.append(f"function {value.name.name} has no equivalent")
        elif key.space not in ("type", "rows") and not key.space.endswith("name"):
            self._reasons.append(f"{key.space.removeprefix('other ')} {key.name} has no equivalent")

    def _create(self, text: str | None) -> None:
        if text is not None:
            self._try(guarded(text))

    def _trigger(self, value: Trigger, after: Schema) -> None:
        try:
            triggers = [*sqlite_triggers(value, after)]
        except TranslationError as problem:
            self._reasons.append(f"trigger {value.name}: {problem}")
            return
        for trigger in triggers:
            objection = self.script.trigger(trigger, value.table.name)
            if objection is not None:
                self._reasons.append(f"trigger {trigger.name}: {objection}")


def _alters(statement: Statement) -> bool:
    """Return whether a statement alters tables, or labels of enums that are checks of tables, and renames no table."""
    return bool(statement.operations) and all(
        isinstance(item, _LABELS)
        or (isinstance(item, TableOperation) and item.kind == "table" and not isinstance(item, _RENAMES))
        for item in statement.operations
    )
