"""SchemaComparison of the replay's schema with the engine's: a difference is a bug in miglint.

Objects read from the engine are rendered as SQL and parsed by the same front end as the migrations, so that both sides
have the same form. Engines do not keep the text of views and routines: for a view its columns are compared, for
routines, triggers and the like only their existence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from miglint.base.model import Dialect, Direction, History, Script, SourceFile, Span
from miglint.base.structs import Struct, replace
from miglint.replay.apply import run
from miglint.replay.steps import ForwardPass, apply_forward, empty_schema
from miglint.schema.change import Change
from miglint.schema.depends import relation_key
from miglint.schema.diff import diff
from miglint.schema.journal import differing
from miglint.schema.objects import Domain, Enum, Index, Key, SchemaObject, Table, View
from miglint.schema.parts import of_kind
from miglint.schema.sameness import loose
from miglint.schema.value import Schema
from miglint.sql import parse
from miglint.sql.operations import Column
from miglint.writer.schema_sql import statements

# Namespaces of objects that have a comparable form on both sides.
_COMPARED = frozenset({"relation", "type", "routine", "trigger", "policy", "rule", "extension", "schema"})
_EVALUATED = frozenset({"bool", "date", "time", "timetz", "timestamp", "timestamptz", "interval", "bytea", "numeric"})
_NUMBERS = frozenset({"int2", "int4", "int8", "float4", "float8"})
_BOOKKEEPING = frozenset({"schema_migrations", "schema_migration", "__diesel_schema_migrations"})


class ExecutedSchemas(Struct, frozen=True):
    """Dry run results of one migration: the schemas before and after its forward script, None if it failed."""

    before: Schema | None
    after: Schema | None


class SchemaComparison(Struct, frozen=True):
    """The differences of one migration, seen from the database, and its way through the replay.

    The objects `left` are not compared from there on: their differences are known, or nothing is known of them.
    """

    differences: tuple[Change, ...]
    passage: ForwardPass
    left: frozenset[Key]


class Model:
    """Replays a history and compares it with the engine, migration by migration.

    `start` is the schema before the first migration that is compared. `left` are the objects that are not compared any
    more by then; `doubted` is whether the effect of an earlier migration is not known in full.
    """

    def __init__(
        self, history: History, start: Schema | None = None, left: Iterable[Key] = (), *, doubted: bool = False
    ) -> None:
        self._history = history
        self._schema = start if start is not None else empty_schema(history.dialect)
        self._translated: dict[int, tuple[SchemaObject, SchemaObject | None]] = {}
        # Differences already reported, or unknown from the start; they are reported once.
        self._left: set[Key] = set(left)
        self._doubted = doubted

    def compare(self, number: int, seen: ExecutedSchemas) -> SchemaComparison:
        """Compare the objects changed by migration `number` (from 0)."""
        passage = apply_forward(self._history.migrations[number], parse, self._schema)
        self._schema = passage.after
        self._doubted = self._doubted or passage.doubted
        found: tuple[Change, ...] = ()
        if self._doubted or seen.after is None or seen.before is None:
            left = passage.touched
        else:
            keys = {key for key in self._keys(passage, seen.before, seen.after) if key not in self._left}
            parents = self._parents(keys, seen.after)
            real = Schema.of(self._history.dialect, {**dict(parents), **dict(self._real(keys, seen.after))}.items())
            model = self._reduced(keys, real)
            found = tuple(change for change in diff(real, model, keys) if change.counts and change.certain)
            left = frozenset(change.key for change in found)
        self._left |= left
        return SchemaComparison(found, passage, left)

    def _keys(self, passage: ForwardPass, before: Schema, after: Schema) -> Iterator[Key]:
        for key in differing(before, after) | passage.touched:
            if key.space in _COMPARED and key.name not in _BOOKKEEPING and self._schema.get(key) is not None:
                yield key

    def _parents(self, keys: set[Key], after: Schema) -> Iterator[tuple[Key, SchemaObject]]:
        """Yield the tables whose primary keys foreign keys refer to without naming columns."""
        for value in map(after.find, keys):
            for constraint in of_kind(value.constraints, "foreign") if isinstance(value, Table) else ():
                if constraint.table is None or constraint.referenced:
                    continue
                key = relation_key(constraint.table, self._history.dialect)
                parent = after.find(key)
                if parent is not None:
                    yield key, parent

    def _real(self, keys: set[Key], after: Schema) -> Iterator[tuple[Key, SchemaObject]]:
        for key in keys:
            value = after.find(key)
            if value is None:
                continue
            known = self._translated.get(id(value))
            if known is None or known[0] is not value:
                known = self._translated[id(value)] = (value, translate(key, value, self._history.dialect))
            if known[1] is None:
                # If its definition cannot be parsed, only existence is compared.
                mine = self._schema.find(key)
                yield key, mine if mine is not None else value
            else:
                yield key, known[1]

    def _reduced(self, keys: set[Key], real: Schema) -> Schema:
        """Return the replay's schema with incomparable properties taken from the database."""
        schema = self._schema
        for key in keys:
            mine, other = schema.find(key), real.find(key)
            if mine is None or other is None:
                continue
            if getattr(mine, "assumed", False):
                schema = schema.put(key, other)
            elif isinstance(mine, Domain) and isinstance(other, Domain):
                if _checks(mine) == _checks(other):
                    schema = schema.put(key, replace(mine, constraints=other.constraints))
            elif isinstance(mine, View) and isinstance(other, View):
                unknown = mine.columns is None or "*" in mine.columns
                schema = schema.put(key, replace(other, columns=other.columns if unknown else mine.columns))
            elif isinstance(mine, Table) and isinstance(other, Table):
                schema = schema.put(key, _reduced_table(mine, other, schema.dialect))
        return schema


def _checks(domain: Domain) -> dict[str, str]:
    return {
        name: loose(check.expression.key) for name, check in domain.constraints.items() if check.expression is not None
    }


def _reduced_table(mine: Table, other: Table, dialect: Dialect) -> Table:
    columns = {name: _reduced_column(column, other.columns.get(name)) for name, column in mine.columns.items()}
    constraints = mine.constraints
    if dialect is Dialect.SQLITE:
        # Constraint names are insignificant in SQLite, and the catalog reader does not read them.
        constraints = {
            f"#{number}": replace(constraint, name=None, generated=True)
            for number, constraint in enumerate(constraints.values())
        }
    return replace(mine, columns=columns, constraints=constraints, options=other.options)


def _reduced_column(mine: Column, other: Column | None) -> Column:
    """Return a column of the replay with properties that it cannot know taken from the database.

    Types of extensions are in no schema known from the scripts, and the server stores the value of some constants
    instead of their text: `'f'` is `false`, `'epoch'` a timestamp.
    """
    if other is None or mine.type is None or other.type is None:
        return mine
    if mine.type != other.type and replace(other.type, schema=mine.type.schema) == mine.type:
        mine = replace(mine, type=other.type)
    kind = other.type.name
    if mine.default is not None and other.default is not None:
        constants = mine.default.literal is not None and other.default.literal is not None
        # A number that is too large for an integer is printed as a text with a cast.
        same = constants and mine.default.literal == other.default.literal and kind in _NUMBERS
        if same or (constants and kind in _EVALUATED) or "interval" in mine.default.text.lower():
            mine = replace(mine, default=other.default)
    return mine


def translate(key: Key, value: SchemaObject, dialect: Dialect) -> SchemaObject | None:
    """Convert an object read from the engine to the form of the replay; None if that is not possible."""
    if isinstance(value, View):
        return replace(value, query=None)
    if not isinstance(value, (Table, Index, Domain, Enum)):
        return None
    if isinstance(value, Index) and value.constraint is not None:
        return None
    if isinstance(value, Table) and (value.kind != "table" or value.partition_of is not None):
        return None
    text = "\n".join(statements(Schema.of(dialect, [(key, value)])))
    if not text:
        return None
    script = Script(SourceFile("", text), Span(0, len(text)), Direction.FORWARD, dialect)
    found = run(empty_schema(dialect), parse(script)).schema.find(key)
    if isinstance(found, Table) and isinstance(value, Table):
        # Properties that the schema writer omits.
        columns = {
            name: replace(column, autoincrement=value.columns[name].autoincrement) if name in value.columns else column
            for name, column in found.columns.items()
        }
        return replace(found, columns=columns, options=value.options)
    if isinstance(found, Index) and isinstance(value, Index):
        return replace(found, valid=value.valid, options=value.options, tablespace=value.tablespace)
    return found
