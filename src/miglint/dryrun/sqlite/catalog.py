"""Read a live SQLite schema: from the pragmas, and from the stored SQL for what they omit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from miglint.base.model import Dialect
from miglint.base.structs import replace
from miglint.dryrun.sqlite.catalog_queries import schema_details, stored_objects
from miglint.dryrun.sqlite.library import Connection
from miglint.dryrun.sqlite.text import (
    TableText,
    after_name,
    canonical,
    canonical_default,
    read_index,
    read_table,
    virtual_module,
)
from miglint.dryrun.sqlite.wire import IndexDetails, SchemaDetails, StoredObject, TableDetails
from miglint.schema.objects import Index, Key, SchemaObject, Table, Trigger, View
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Constraint, Expression, IndexElement, Name, Query, Type

_MAIN = "main"
_HIDDEN_VIRTUAL = 1
_GENERATED_VIRTUAL = 2
_GENERATED_STORED = 3


# Parsed objects by what describes them completely: their stored SQL, and the columns of a view.
_KnownObjects = dict[tuple[object, ...], SchemaObject]


# The names of shadow tables, after the name of the virtual table and an underscore, by module.
_FULL_TEXT = ("content", "segments", "segdir", "docsize", "stat")
_TREE = ("node", "parent", "rowid")
_PARTS = {
    "fts3": _FULL_TEXT,
    "fts4": _FULL_TEXT,
    "fts5": ("data", "idx", "content", "docsize", "config"),
    "rtree": _TREE,
    "rtree_i32": _TREE,
    "geopoly": _TREE,
}
# The shadow tables of virtual tables, by the name of these.
_Shadows = dict[str, tuple[StoredObject, ...]]

# Queries the pragmas for tables, indexes and views by name.
Ask = Callable[[list[str], list[str], list[str]], SchemaDetails]

# A migration and its rollback move between two states.
_MOST_RECENT = 4


class _Read(NamedTuple):
    """A schema with what it was read from: the stored objects, and the columns of views, which depend on tables."""

    stored: tuple[StoredObject, ...]
    views: dict[str, tuple[str, ...]]
    objects: dict[Key, SchemaObject]
    schema: Schema


class CatalogReader:
    """Reads the schemas of the databases of one library; what is the same as in the last ones is not read again."""

    def __init__(self) -> None:
        self._known: _KnownObjects = {}
        # The last one first. Several threads may use a reader: the worst that happens is that one is forgotten.
        self._recent: tuple[_Read, ...] = ()

    def schema(self, stored: tuple[StoredObject, ...], ask: Ask) -> Schema:
        """Return the schema with these stored objects."""
        recent = self._recent
        views = any(one.kind == "view" for one in stored)
        same = None if views else next((read for read in recent if read.stored == stored), None)
        if same is None:
            shadows = _shadows(stored)
            hidden = {one.name for parts in shadows.values() for one in parts}
            shown = [one for one in stored if not (one.kind == "table" and one.name in hidden)]
            details = _ask(shown, ask, self._known)
            same = next((read for read in recent if read.stored == stored and read.views == details.views), None)
            if same is None:
                objects = dict(_objects(shown, shadows, details, self._known))
                same = self._changed(recent, stored, details.views, objects)
        if not recent or same is not recent[0]:
            self._recent = (same, *(read for read in recent if read is not same))[:_MOST_RECENT]
        return same.schema

    def _changed(
        self,
        recent: tuple[_Read, ...],
        stored: tuple[StoredObject, ...],
        views: dict[str, tuple[str, ...]],
        objects: dict[Key, SchemaObject],
    ) -> _Read:
        """Return a new schema: the last one, with what is different put or dropped."""
        last = recent[0] if recent else None
        if last is None:
            return _Read(stored, views, objects, Schema.of(Dialect.SQLITE, objects.items()))
        old, schema = last.objects, last.schema
        for key in old.keys() - objects.keys():
            schema = schema.drop(key).forget(key)
        for key, value in objects.items():
            if old.get(key) is not value:
                schema = schema.put(key, value)
        return _Read(stored, views, objects, schema)


def read_schema(db: Connection) -> Schema:
    """Return all objects of the `main` database of an in-process connection."""
    return CatalogReader().schema(stored_objects(db), lambda *names: schema_details(db, *names))


def _objects(
    shown: list[StoredObject], shadows: _Shadows, details: SchemaDetails, known: _KnownObjects
) -> Iterator[tuple[Key, SchemaObject]]:
    tables = _tables(shown)
    for one in shown:
        key = Key("relation", _MAIN, one.name.lower())
        if _is_described(one):
            value = _known(one, tables, details, known)
            yield key, _with_shadows(value, one, shadows[one.name], known) if one.name in shadows else value
        elif one.kind == "view":
            columns = details.views.get(one.name, ())
            place = (*_place(one), columns)
            view = known.get(place)
            if view is None:
                view = known[place] = _view(one.name, one.sql or "", columns)
            yield key, view
        elif one.kind == "trigger":
            trigger = known.get(_place(one))
            if trigger is None:
                definition = after_name(one.sql or "", one.name)
                trigger = Trigger(one.name, Name(None, one.owner), definition=definition, source=one.sql or "")
                known[_place(one)] = trigger
            yield Key("trigger", _MAIN, one.name.lower()), trigger


def _tables(shown: list[StoredObject]) -> dict[str, StoredObject]:
    return {one.name.lower(): one for one in shown if one.kind == "table"}


def _is_described(one: StoredObject) -> bool:
    """Return whether pragmas describe an object with a stored text: not an index of a key."""
    return one.kind == "table" or (one.kind == "index" and bool(one.sql))


def _ask(shown: list[StoredObject], ask: Ask, known: _KnownObjects) -> SchemaDetails:
    """Query what is not known of the objects; of views always, since their tables change them."""
    owners = _tables(shown)
    new = [one for one in shown if _is_described(one) and _place_of(one, owners) not in known]
    tables = [one.name for one in new if one.kind == "table"]
    indexes = [one.name for one in new if one.kind == "index"]
    views = [one.name for one in shown if one.kind == "view"]
    return ask(tables, indexes, views) if tables or indexes or views else SchemaDetails({}, {}, {})


def _known(
    one: StoredObject, tables: dict[str, StoredObject], details: SchemaDetails, known: _KnownObjects
) -> SchemaObject:
    place = _place_of(one, tables)
    value = known.get(place)
    if value is None:
        value = _described(one, details)
        owner = tables.get(one.owner.lower())
        if isinstance(value, Index) and owner is not None:
            value = _of_table(value, _known(owner, tables, details, known))
        if one.name in details.tables or one.name in details.indexes:
            known[place] = value
    return value


def _of_table(index: Index, table: SchemaObject) -> Index:
    """Return an index without the collations that its columns have in their table."""
    columns = table.columns if isinstance(table, Table) else {}

    def plain(element: IndexElement) -> IndexElement:
        column = columns.get((element.column or "").lower())
        own = None if column is None else column.collation or "binary"
        return replace(element, collation=None) if own == element.collation else element

    return replace(index, elements=tuple(map(plain, index.elements)))


def _place(one: StoredObject) -> tuple[str, str, str]:
    return (one.name, one.owner, one.sql or "")


def _place_of(one: StoredObject, tables: dict[str, StoredObject]) -> tuple[object, ...]:
    """Return what an object is known by: an index has the collations of its table, too."""
    owner = tables.get(one.owner.lower()) if one.kind == "index" else None
    return _place(one) if owner is None else (*_place(one), _place(owner))


def _described(one: StoredObject, details: SchemaDetails) -> SchemaObject:
    if one.kind == "table":
        return _table(one.name, one.sql or "", details.tables.get(one.name, TableDetails(())))
    return _index(one.name, one.owner, one.sql or "", details.indexes.get(one.name, ()))


def _shadows(stored: tuple[StoredObject, ...]) -> _Shadows:
    """Return the virtual tables with the shadow tables in which their modules keep their contents.

    Only a name that the module itself gives is one of these: another table whose name begins like that of a virtual
    table is a table of the project.
    """
    tables = {one.name.lower(): one for one in stored if one.kind == "table"}
    found: dict[str, tuple[StoredObject, ...]] = {}
    for name, one in tables.items():
        module = virtual_module(one.sql or "")
        if module is not None:
            parts = (f"{name}_{part}" for part in _PARTS.get(module, ()))
            found[one.name] = tuple(tables[part] for part in parts if part in tables)
    return found


def _with_shadows(
    value: SchemaObject, one: StoredObject, shadows: tuple[StoredObject, ...], known: _KnownObjects
) -> SchemaObject:
    """Return a virtual table with its shadow tables as its options, so that a script cannot drop or change them unseen.

    They are created and dropped with it, and are no objects of their own.
    """
    assert isinstance(value, Table)
    place = (*_place(one), shadows)
    complete = known.get(place)
    if complete is None:
        options = {f"shadow table {part.name}": part.sql or "" for part in shadows}
        complete = known[place] = replace(value, options=options)
    return complete


def _table(name: str, sql: str, details: TableDetails) -> Table:
    text = read_table(sql)
    virtual = virtual_module(sql) is not None
    columns: dict[str, Column] = {}
    keys: list[tuple[int, str]] = []
    generated = dict(text.generated)
    collations = dict(text.collations)
    conflicts = dict(text.conflicts)
    for column, kind, not_null, default, primary, hidden in details.columns:
        if hidden == _HIDDEN_VIRTUAL:
            continue
        key = column.lower()
        expression = generated.get(key) if hidden in (_GENERATED_VIRTUAL, _GENERATED_STORED) else default
        columns[key] = Column(
            column,
            _type(kind),
            nullable=not not_null,
            default=None if expression is None else Expression(_key(expression, hidden), expression),
            generated={_GENERATED_VIRTUAL: "virtual", _GENERATED_STORED: "stored"}.get(hidden),
            collation=collations.get(key),
            autoincrement=text.autoincrement == key,
            declared=kind or None,
            not_null_conflict=conflicts.get(f"not {key}"),
        )
        if primary:
            keys.append((primary, column))
    constraints = {} if virtual else _constraints(text, tuple(column for _, column in sorted(keys)), details)
    return Table(
        Name(None, name),
        columns,
        constraints,
        kind="virtual table" if virtual else "table",
        strict="strict" in text.options,
        without_rowid="without rowid" in text.options,
        definition=after_name(sql, name) if virtual else None,
        source=sql if virtual else "",
    )


def _key(expression: str, hidden: int) -> str:
    """Return the canonical text of a default or of what generates a column."""
    return canonical(expression) if hidden else canonical_default(expression)


def _type(text: str) -> Type:
    words, _, inside = text.partition("(")
    arguments = tuple(part.strip() for part in inside.rstrip(") ").split(",")) if inside else ()
    return Type(" ".join(words.upper().split()), arguments)


def _constraints(text: TableText, primary: tuple[str, ...], details: TableDetails) -> dict[str, Constraint]:
    """Return the constraints by a descriptive key, so that unnamed ones are compared by content."""
    found: dict[str, Constraint] = {}
    conflicts, orders = dict(text.conflicts), dict(text.orders)

    def add(label: str, constraint: Constraint) -> None:
        number = 2
        key = label
        while key in found:
            key, number = f"{label} {number}", number + 1
        found[key] = constraint

    if primary:
        columns = ",".join(primary).lower()
        place = f"primary {columns}"
        key = Constraint("primary", None, primary, on_conflict=conflicts.get(place), orders=orders.get(place, ()))
        add("#primary", key)
    for part in details.unique:
        unique = tuple(column for column in part if column is not None)
        label = ",".join(unique).lower()
        place = f"unique {label}"
        key = Constraint("unique", None, unique, on_conflict=conflicts.get(place), orders=orders.get(place, ()))
        add(f"#unique {label}", key)
    for label, constraint in _foreign(text, details):
        add(label, constraint)
    for _, expression, _ in sorted(text.checks, key=lambda check: check[1]):
        add(f"#check {expression}", Constraint("check", None, expression=Expression(expression, expression)))
    return found


def _foreign(text: TableText, details: TableDetails) -> Iterator[tuple[str, Constraint]]:
    rows: dict[int, list[tuple[str, str, str | None, str, str, str]]] = {}
    for number, part in details.foreign:
        rows.setdefault(number, []).append(part)
    # SQLite numbers foreign keys in reverse order.
    written = list(reversed(text.foreign))
    for number, parts in sorted(rows.items()):
        table, _, _, on_update, on_delete, match = parts[0]
        clause = f" {written[number][2]} " if number < len(written) else ""
        deferrable = " deferrable " in clause and " not deferrable " not in clause
        columns = tuple(part[1] for part in parts)
        referenced = tuple(part[2] for part in parts if part[2] is not None)
        label = f"#foreign {','.join(columns)} {table}".lower()
        yield (
            label,
            Constraint(
                "foreign",
                None,
                columns,
                table=Name(None, table),
                referenced=referenced,
                on_delete=on_delete.lower(),
                on_update=on_update.lower(),
                match="simple" if match == "NONE" else match.lower(),
                deferrable=deferrable,
                deferred=deferrable and " initially deferred" in clause,
            ),
        )


def _index(name: str, owner: str, sql: str, details: IndexDetails) -> Index:
    elements = []
    expressions, where = read_index(sql)
    for number, column, descending, collation in details:
        text = expressions[number] if column is None and number < len(expressions) else ""
        elements.append(
            IndexElement(
                column,
                None if column is not None else Expression(text, text),
                None if column is None and collation == "BINARY" else collation.lower(),
                descending=bool(descending),
            )
        )
    return Index(
        Name(None, name),
        Name(None, owner),
        tuple(elements),
        # SQLite writes the first words of the stored statement itself.
        unique=sql[:13].upper() == "CREATE UNIQUE",
        where=None if where is None else Expression(where, where),
    )


def _view(name: str, sql: str, columns: tuple[str, ...]) -> View:
    return View(
        Name(None, name), Query(after_name(sql, name), sql), tuple(_result(one, sql) for one in columns) or None
    )


def _result(column: str, sql: str) -> str:
    """Return the name of a column of a view, without white space and letters of an expression that it is called by."""
    if column.replace("_", "").isalnum() or any(quoted.format(column) in sql for quoted in _QUOTES):
        return column
    return canonical(column)


_QUOTES = ('"{}"', "[{}]", "`{}`", "'{}'")
