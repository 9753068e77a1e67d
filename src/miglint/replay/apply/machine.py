"""The machine that operations run on: the schema at hand, the session's settings, and what happened.

Handlers take a machine and an operation; they read and replace `machine.schema`, raise `Refused` for an error that
the engine would raise, and leave notes. A machine runs one script and returns an immutable `Run`.
"""

from __future__ import annotations

from miglint.base.model import Dialect, Span
from miglint.base.structs import replace
from miglint.replay.apply.search_path import full_expression
from miglint.replay.apply.session_settings import SessionSettings, TransactionStart
from miglint.replay.apply.system_names import is_system_relation
from miglint.replay.apply.tracking import is_tracking_table
from miglint.schema.assumption import Assumption
from miglint.schema.builtin_types import BUILTIN_TYPES
from miglint.schema.depends import relation_key
from miglint.schema.objects import ABSENT, Absent, Index, Key, OtherType, SchemaObject, Sequence, Table, View
from miglint.schema.outcome import Failure, Note, OperationTrace
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Constraint, Expression, Name, Statement, Type

# Errors that the state of the schema has no part in.
_OF_TEXT = frozenset({"syntax_error", "raise_exception"})
# Errors that depend on the types of columns.
_OF_TYPES = frozenset({"datatype_mismatch", "invalid_foreign_key", "invalid_text_representation", "undefined_function"})

# Stands until the first statement runs.
_NO_STATEMENT = Statement(Span(0, 0), "", ())


class Refused(Exception):  # noqa: N818 - it is an answer of the modelled engine, not an error of this program
    """The engine would raise this."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Machine:
    """State while one script runs.

    `origin` is the schema that the script met, with all that was assumed of it. `made` are the tables that the script
    has made and that still have their name. `dropping` are the objects that one `DROP` names together: they do not
    stand in each other's way. `calling` are the functions that are being carried out. Where something unknown happened
    before, `sure` are the keys of which an error can be certain all the same; `lost` means that it happened in this
    script. `puts` counts the objects that were set, `derived` those that were set by operations on many objects. Of the
    rows in `blind_to` nothing is known. `at_start` is the schema before the statement at hand.
    """

    __slots__ = (
        "assumptions",
        "at_start",
        "blind_to",
        "calling",
        "committed",
        "derived",
        "dialect",
        "dropped_defaults",
        "dropping",
        "lasting",
        "lost",
        "made",
        "moments",
        "notes",
        "origin",
        "path",
        "placed",
        "postgres",
        "prepared",
        "puts",
        "schema",
        "settings",
        "snapshots",
        "statement",
        "strict",
        "sure",
        "temporary",
        "touched",
        "undecided",
        "unknown",
    )

    def __init__(
        self,
        schema: Schema,
        *,
        strict: bool = False,
        kept: bool = True,
        sure: frozenset[Key] | None = None,
        blind: bool = False,
    ) -> None:
        self.strict = strict
        self.sure = sure
        self.lost = False
        self.blind_to = schema if blind else None
        self.schema = schema
        self.origin = self.at_start = schema
        # As of the last statement of the script that ended a transaction.
        self.committed = schema
        self.dialect = schema.dialect
        self.postgres = schema.dialect is Dialect.POSTGRES
        self.path = schema.path
        self.placed = schema
        self.settings: dict[str, str] = {}
        # What outlives the transaction: `SET LOCAL` changes only the current settings.
        self.lasting = SessionSettings(schema.path, {})
        self.snapshots: list[TransactionStart] = []
        # Of each prepared transaction, the objects that it met, and the schema that it leaves.
        self.prepared: dict[str, tuple[object, Schema]] = {}
        self.notes: list[Note] = []
        self.moments: list[OperationTrace] | None = [] if kept else None
        self.statement = _NO_STATEMENT
        # The columns whose default a statement drops, for that statement.
        self.dropped_defaults: tuple[Statement, frozenset[str]] = (_NO_STATEMENT, frozenset())
        self.unknown: list[str] = []
        self.touched: set[Key] = set()
        self.undecided: set[Key] = set()
        self.assumptions: list[Assumption] = []
        self.temporary = False
        self.made: set[Key] = set()
        self.dropping: frozenset[Key] = frozenset()
        self.calling: tuple[Key, ...] = ()
        self.puts = self.derived = 0

    # --- saying what happened

    def in_session(self) -> Schema:
        """Return the schema with the search path that the script has set by now, for lookups of names."""
        schema, path = self.schema, self.path
        if not path or path == schema.path:
            return schema
        if self.placed.objects is not schema.objects or self.placed.path != path:
            self.placed = replace(schema, path=path)
        return self.placed

    def refuse(
        self, condition: str, message: str, key: Key | None = None, part: str | None = None, *, certain: bool = True
    ) -> Refused:
        """Build the exception for an error of the engine."""
        if self.sure is not None and key is not None and condition not in _OF_TEXT:
            # What was made unseen may be a part of what is known.
            certain = certain and key in self.sure and condition != "undefined_column"
        certain = certain and not (condition in _OF_TYPES and key is not None and self.has_outdated_types(key))
        return Refused(Failure(condition, message, key, part, certain))

    def has_outdated_types(self, key: Key) -> bool:
        """Return whether the columns of a table may have other types by now than those that scripts gave them."""
        table = self.schema.table(key)
        return table is not None and table.outdated

    def note(self, kind: str, message: str, key: Key | None = None, part: str | None = None) -> None:
        """Add a note to the current operation."""
        self.notes.append(Note(kind, message, key, part))

    def doubt(self, reason: str) -> None:
        """Record that the schema is not fully known from here on, and why."""
        self.notes.append(Note("unknown", reason))
        self.unknown.append(reason)

    def lose(self, reason: str) -> None:
        """Record that anything may have happened here: from now on the scripts do not determine what exists."""
        self.doubt(reason)
        self.lost = True
        # Not even a baseline schema says what does not exist now.
        self.schema = replace(self.schema.uprooted(), closed=False)

    def in_statement(self, span: Span | None) -> Span | None:
        """Return a place relative to the start of the current statement: comments above it do not change the schema."""
        start = self.statement.span.start
        return None if span is None else Span(span.start - start, span.end - start)

    # --- the schema

    def put(self, key: Key, value: SchemaObject) -> None:
        """Set an object."""
        self.puts += 1
        self.touched.add(key)
        self.schema = self.schema.put(key, value)

    def drop(self, key: Key) -> None:
        """Remove an object."""
        self.touched.add(key)
        self.schema = self.schema.drop(key)
        if key.space == "relation":
            self.made.discard(key)
            self.schema = self.schema.forget(Key("rows", key.schema, key.name))

    def assume(self, key: Key, value: SchemaObject | Absent) -> None:
        """Assume that `key` was `value` before the script ran: it is unknown so far, and the script relies on it."""
        assumption = Assumption(key, value)
        self.assumptions.append(assumption)
        if not isinstance(value, Absent):
            self.rely_on_others()
        self.origin = assumption.apply(self.origin)
        self.schema = assumption.apply(self.schema)

    def rely_on_others(self) -> None:
        """Record that the script uses what no file creates: the files alone do not determine what exists."""
        if self.schema.rooted:
            self.origin, self.schema = self.origin.uprooted(), self.schema.uprooted()

    def assume_part(self, key: Key, part: str, name: str, value: Column | Constraint | None) -> None:
        """Assume that an assumed table had a `column` or `constraint` of that name, or with None that it had not."""
        assumption = Assumption(key, value, part, name)
        self.assumptions.append(assumption)
        self.origin = assumption.apply(self.origin)
        self.schema = assumption.apply(self.schema)

    def never(self, key: Key) -> bool:
        """Whether an object of which nothing is known cannot be there: in a rollback, when files make everything.

        A forward may rely on objects of other origin; its rollback then meets what the forwards created. The
        tracking tables of migration tools are in no script.
        """
        return self.strict and self.schema.rooted and not (key.space == "relation" and is_tracking_table(key.name))

    def never_made(self, key: Key) -> None:
        """A guard looked for what no file has made. Whether it was there is known only when files make everything."""
        if self.schema.rooted:
            self.assume(key, ABSENT)
        else:
            self.drop(key)

    def create(self, key: Key, value: SchemaObject, *, certain: bool = True) -> None:
        """Set an object that is new: if `certain`, it did not exist before if nothing was known of it."""
        if certain and not (self.schema.closed or key in self.origin.objects or key in self.schema.objects):
            assumption = Assumption(key, ABSENT)
            self.assumptions.append(assumption)
            self.origin = assumption.apply(self.origin)
        self.put(key, value)

    def settle(self) -> Schema:
        """Return the schema, prepared for lookups of objects without their keys."""
        self.schema = self.schema.settled()
        return self.schema

    # --- names

    def key(self, name: Name, space: str = "relation") -> Key:
        """Return the key of a name: in its own schema, or in the first schema of the search path that has it."""
        if not self.postgres:
            return self._sqlite_key(name, space)
        if name.schema is not None:
            return Key(space, name.schema, name.name)
        objects = self.schema.objects
        for schema in ("pg_temp", *self.path) if self.temporary else self.path:
            key = Key(space, schema, name.name)
            found = objects.get(key)
            if found is not None and found is not ABSENT:
                return key
        return Key(space, self.creation_schema, name.name)

    @property
    def creation_schema(self) -> str:
        """The schema in which unqualified names are created."""
        for schema in self.path:
            if schema not in ("pg_temp", "pg_catalog"):
                return schema
        return "public"

    def _sqlite_key(self, name: Name, space: str) -> Key:
        if name.schema is not None:
            return Key(space, name.schema.lower(), name.name.lower())
        folded = name.name.lower()
        temporary = Key(space, "temp", folded)
        if self.schema.find(temporary) is not None:
            return temporary
        return Key(space, "main", folded)

    def created(self, name: Name, *, temporary: bool = False) -> Name:
        """Return the full name under which a new object of that name is made."""
        self.temporary = self.temporary or temporary
        if not self.postgres:
            return Name("temp" if temporary else (name.schema or "main").lower(), name.name)
        if temporary:
            return Name("pg_temp", name.name)
        if name.schema is None and not self.path:
            raise self.refuse("invalid_schema_name", "no schema has been selected to create in")
        if name.schema is None and self.path[0] == "pg_temp":
            return self.created(name, temporary=True)
        if name.schema is None and self.path[0] == "pg_catalog":
            message = f'permission denied to create "pg_catalog.{name.name}"'
            raise self.refuse("insufficient_privilege", message, certain=False)
        return name if name.schema is not None else Name(self.creation_schema, name.name)

    def column_name(self, name: str) -> str:
        """Return a column's name as the mapping of columns has it."""
        return name if self.postgres else name.lower()

    def foreign(self, name: Name) -> bool:
        """Whether a relation belongs to the system, so that nothing is said about it."""
        return is_system_relation(name, postgres=self.postgres)

    # --- relations

    def relation(self, name: Name) -> tuple[Key, SchemaObject | Absent | None]:
        """Return key and object of a relation."""
        key = self.key(name)
        if self.postgres and not self.path and name.schema is None and not self.foreign(name) and not self.temporary:
            return key, ABSENT
        return key, self.schema.get(key)

    def missing_relation(self, name: Name, key: Key, kind: str = "relation") -> Refused:
        """Build the error for a relation that is not there."""
        if not self.postgres:
            return self.refuse("undefined_table", f"no such {'table' if kind == 'relation' else kind}: {name}", key)
        return self.refuse("undefined_table", f'{kind} "{name}" does not exist', key)

    def table(self, name: Name) -> tuple[Key, Table] | None:
        """Return a table to alter or refer to: assumed when nothing is known of it, None when it is no table of ours.

        Raises `Refused` when it is known not to exist.
        """
        key, found = self.relation(name)
        if isinstance(found, Table):
            return key, found
        if (found is not None and not isinstance(found, Absent)) or self.foreign(name):
            return None
        if found is not None or self.never(key):
            raise self.missing_relation(name, key)
        table = Table(Name(key.schema, name.name), assumed=True)
        self.assume(key, table)
        return key, table

    def only_tables(self, name: Name, action: str) -> None:
        """Raise `Refused` where a relation is there but is no table: PostgreSQL then refuses the action."""
        key, found = self.relation(name)
        if self.postgres and isinstance(found, (View, Index, Sequence)):
            message = f'ALTER action {action} cannot be performed on relation "{key.name}"'
            raise self.refuse("wrong_object_type", message, key)

    def full(self, name: Name) -> Name:
        """Return the name with its schema."""
        key = self.key(name)
        if self.postgres:
            return Name(key.schema, key.name)
        return Name(key.schema, name.name)

    def indexes(self, table: Key, column: str | None = None) -> list[tuple[Key, Index]]:
        """Return the indexes of a table, or with `column` at least those that are about it."""
        schema = self.schema
        found = schema.users(table, Index) if column is None else schema.indexes_about(table, column)
        return [(key, index) for key, index in found if self.owner(index) == table]

    def partitions(self, table: Key) -> list[Key]:
        """Return the keys of the partitions of a table."""
        name = Name(table.schema, table.name)
        tables = self.schema.heirs(table) if self.postgres else ()
        return [key for key, found in tables if found.partition_of == name]

    def owner(self, index: Index) -> Key | None:
        """Return the key of the table of an index."""
        return None if index.table is None else relation_key(index.table, self.dialect)

    # --- types and what expressions mention

    def type(self, written: Type | None) -> Type | None:
        """Resolve a type: a user-defined one gets its schema, a built-in one has none."""
        if written is None or not self.postgres:
            return written
        schema = self.type_name(Name(written.schema, written.name)).schema
        if schema == written.schema:
            return written
        return Type(written.name, written.args, written.dimensions, schema, written.setof)

    def _is_type(self, schema: str, name: str) -> bool:
        """Whether a type of a name is known: one of its own, or that of the rows of a relation."""
        if self.schema.find(Key("type", schema, name)) is not None:
            return True
        return isinstance(self.schema.find(Key("relation", schema, name)), (Table, View))

    def type_name(self, name: Name) -> Name:
        """Resolve the name of a type as `type` does."""
        if name.schema is None and name.name not in BUILTIN_TYPES:
            for schema in self.path:
                if self._is_type(schema, name.name):
                    return Name(schema, name.name)
        return name

    def function_name(self, name: Name) -> Name:
        """Resolve the name of a function: those that the files created get their schema."""
        if name.schema is not None:
            return name
        for schema in self.path:
            if self.schema.count_overloads(schema, name.name):
                return Name(schema, name.name)
        return name

    def expression(self, written: Expression | None) -> Expression | None:
        """Resolve what an expression mentions, so that dependencies can be followed."""
        return written if written is None or not self.postgres else full_expression(self, written)

    def assume_type(self, key: Key) -> OtherType:
        """Assume that a type exists."""
        value = OtherType(Name(key.schema, key.name), assumed=True)
        self.assume(key, value)
        return value
