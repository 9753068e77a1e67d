"""What a script renamed or moved, and the statements that give it its old name back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from miglint.base.structs import replace
from miglint.schema.journal import differing
from miglint.schema.lookup import folded, found_key
from miglint.schema.objects import Composite, Domain, Enum, Key, Part, Table, View
from miglint.schema.outcome import OperationTrace
from miglint.schema.value import Schema
from miglint.sql.operations import (
    Expression,
    Name,
    Rename,
    RenameColumn,
    RenameConstraint,
    RenameEnumValue,
    SetSchema,
)
from miglint.writer.column_paths import ColumnPaths
from miglint.writer.passing import PassingObjects
from miglint.writer.remarks import relation_word
from miglint.writer.row_paths import RowPaths
from miglint.writer.words import identifier, name

_RENAMING = (Rename, SetSchema, RenameColumn, RenameConstraint, RenameEnumValue)
# What belongs to something else and moves with it.
_FOLLOWING = frozenset({"comment", "privilege", "rows"})


class Renamed(NamedTuple):
    """An object that is still there under another key."""

    old: Key
    new: Key


class RenamedColumn(NamedTuple):
    """A column that is still there under another name, in the relation that is now at `relation`."""

    relation: Key
    old: str
    new: str


class RenamedPart(NamedTuple):
    """A part of an object that is still there under another name; the object is now at `key`.

    `kind` is `column`, `constraint` or `label` (of an enum).
    """

    key: Key
    kind: str
    old: str
    new: str


class Renames:
    """The objects and parts that a run has renamed.

    `passing` are those that it made and took away again; only on request, for a way back that undoes a part of it too.
    """

    def __init__(self, moments: Iterable[OperationTrace], *, passing: bool = False) -> None:
        moments = tuple(moments)
        self.rows = RowPaths(moments)
        self.values = ColumnPaths(moments)
        self.passing = PassingObjects(moments if passing else ())
        self._objects: dict[Key, Key] = {}
        self._parts: dict[tuple[Key, Part], str] = {}
        self._first: Schema | None = None
        for moment in moments:
            if self._first is None:
                self._first = moment.before
            if not moment.failed:
                self._follow(moment)

    def reversed(self) -> Renames:
        """Return the renames of the other direction."""
        found = Renames(())
        found._objects = {old: new for new, old in self._objects.items() if self._was_there(old)}
        found._parts = {
            (self._objects.get(key, key), replace(part, name=old)): part.name
            for (key, part), old in self._parts.items()
        }
        return found

    def _was_there(self, key: Key) -> bool:
        return self._first is None or self._first.find(key) is not None

    def written_tables(self) -> frozenset[Key]:
        """Return the tables, by the names of before, with rows that the run wrote."""
        return frozenset(self._objects.get(key, key) for key in self.values.written())

    def conversions(self) -> dict[tuple[Key, str], Expression]:
        """Return the expressions that made values of another type, by the names of before."""
        return {(self._objects.get(key, key), column): text for (key, column), text in self.values.using().items()}

    def relations(self) -> Iterator[Renamed]:
        """Yield the relations that have another name or schema than before."""
        return (moved for moved in self.objects() if moved.new.space == "relation")

    def columns(self) -> Iterator[RenamedColumn]:
        """Yield the columns of relations that have another name than before."""
        for part in self.parts():
            if part.kind == "column" and part.key.space == "relation":
                yield RenamedColumn(part.key, part.old, part.new)

    def objects(self) -> Iterator[Renamed]:
        """Yield all objects that have another key than before, schemas first."""
        for new, old in sorted(self._objects.items(), key=lambda item: (item[0].space != "schema", item)):
            if new != old and self._was_there(old):
                yield Renamed(old, new)

    def parts(self) -> Iterator[RenamedPart]:
        """Yield the columns, attributes, constraints and labels that have another name than before."""
        for (key, part), old in self._parts.items():
            if part.name != old and self._had_part(key, replace(part, name=old)):
                yield RenamedPart(key, part.kind, old, part.name)

    def _had_part(self, key: Key, part: Part) -> bool:
        """Return whether a part was there before, and not only under this name for a while."""
        if self._first is None:
            return True
        was = self._objects.get(key, key)
        value = self._first.find(was)
        return value is None or value.assumed or _has_part(self._first, was, part)

    def _follow(self, moment: OperationTrace) -> None:
        operation, before, after = moment.operation, moment.before, moment.after
        moved: dict[Key, Key] = {}
        if isinstance(operation, (Rename, SetSchema)):
            moved = _moved(operation, before, after)
        gone = [key for key in self._objects if key not in moved and before.find(key) and not after.find(key)]
        for key in gone:
            del self._objects[key]
        objects = {new: self._objects.pop(old, old) for old, new in moved.items()}
        self._objects.update(objects)
        renamed: dict[tuple[Key, Part], Part] = {}
        if isinstance(operation, _RENAMING) and not moved:
            renamed = _renamed_parts(operation, before)
        parts: dict[tuple[Key, Part], str] = {}
        for (key, part), was in self._parts.items():
            here = moved.get(key, key)
            if (key, part) not in renamed and _has_part(after, here, part):
                parts[here, part] = was
        for (key, part), new in renamed.items():
            if _has_part(after, key, new):
                parts[key, new] = self._parts.get((key, part), part.name)
        self._parts = parts


def _moved(operation: Rename | SetSchema, before: Schema, after: Schema) -> dict[Key, Key]:
    """Return the keys that an operation changed, with the new ones."""
    found: dict[Key, Key] = {}
    for key in sorted(differing(before, after)):
        if before.find(key) is None or key.space in _FOLLOWING or after.find(key) is not None:
            continue
        for new in _candidates(operation, key, before):
            if after.find(new) is not None and before.find(new) is None:
                found[key] = new
                break
    return found


def _candidates(operation: Rename | SetSchema, key: Key, schema: Schema) -> Iterator[Key]:
    """Yield the keys that an object may have after an operation."""
    if isinstance(operation, SetSchema):
        yield key._replace(schema=folded(schema, operation.schema))
        return
    old, new = folded(schema, operation.name.name), folded(schema, operation.new)
    if operation.kind == "schema":
        yield key._replace(schema=new) if key.schema == old else key._replace(name=new)
    elif key.name == old:
        yield key._replace(name=new)
    elif key.space == "routine" and key.name.partition("(")[0] == old:
        yield key._replace(name=new + key.name[len(old) :])
    elif key.owner == old:
        yield key._replace(owner=new)


def _renamed_parts(operation: object, before: Schema) -> dict[tuple[Key, Part], Part]:
    """Return the part that an operation renamed, with its new name."""
    match operation:
        case RenameColumn():
            key = found_key(before, operation.table, "type" if operation.kind == "type" else "relation")
            kind, old, new = "column", folded(before, operation.column), folded(before, operation.new)
        case RenameConstraint():
            key = found_key(before, operation.table, "type" if operation.kind == "domain" else "relation")
            kind, old, new = "constraint", operation.constraint, operation.new
        case RenameEnumValue():
            key = found_key(before, operation.name, "type")
            kind, old, new = "label", operation.value, operation.new
        case _:
            return {}
    return {} if key is None else {(key, Part(kind, old)): Part(kind, new)}


def _has_part(schema: Schema, key: Key, part: Part) -> bool:
    value = schema.find(key)
    if part.kind == "label":
        return isinstance(value, Enum) and part.name in value.labels
    if part.kind == "constraint":
        return isinstance(value, (Table, Domain)) and part.name in value.constraints
    if isinstance(value, View):
        return value.columns is None or part.name in value.columns
    return isinstance(value, (Table, Composite)) and part.name in value.columns


def rename_back(schema: Schema, renamed: Renamed, old_name: str) -> list[str]:
    """Return the statements that give a relation of a schema its old schema and name back."""
    word = relation_word(schema.find(renamed.new))
    texts = []
    here = Name(renamed.new.schema, _written(schema, renamed.new))
    if renamed.old.schema != renamed.new.schema:
        texts.append(f"ALTER {word} {name(here)} SET SCHEMA {identifier(renamed.old.schema)};")
        here = here._replace(schema=renamed.old.schema)
    if renamed.old.name != renamed.new.name:
        texts.append(f"ALTER {word} {name(here)} RENAME TO {identifier(old_name)};")
    return texts


def rename_column_back(schema: Schema, renamed: RenamedColumn, old_name: str, new_name: str) -> str:
    """Return the statement that gives a column of a schema its old name back."""
    word = relation_word(schema.find(renamed.relation))
    own = Name(renamed.relation.schema, _written(schema, renamed.relation))
    return f"ALTER {word} {name(own)} RENAME COLUMN {identifier(new_name)} TO {identifier(old_name)};"


def _written(schema: Schema, key: Key) -> str:
    own = getattr(schema.find(key), "name", None)
    return own.name if isinstance(own, Name) else key.name
