"""What a script renamed or moved, and the statements that give it its old name back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from miglint.base.model import Dialect
from miglint.schema.objects import Key
from miglint.schema.outcome import OperationTrace
from miglint.schema.value import Schema
from miglint.sql.operations import Drop, DropColumn, Name, Rename, RenameColumn, SetSchema
from miglint.writer.remarks import relation_word
from miglint.writer.row_paths import RowPaths
from miglint.writer.words import identifier, name

_RELATIONS = frozenset({"table", "view", "materialized view", "index", "sequence", "foreign table"})


class Renamed(NamedTuple):
    """An object that is still there under another key."""

    old: Key
    new: Key


class RenamedColumn(NamedTuple):
    """A column that is still there under another name, in the relation that is now at `relation`."""

    relation: Key
    old: str
    new: str


class Renames:
    """The relations and columns that were there before a run and are called otherwise after it."""

    def __init__(self, moments: Iterable[OperationTrace]) -> None:
        moments = tuple(moments)
        self.rows = RowPaths(moments)
        self._relations: dict[Key, Key] = {}
        self._columns: dict[tuple[Key, str], str] = {}
        for moment in moments:
            if not moment.failed:
                self._follow(moment)

    def relations(self) -> Iterator[Renamed]:
        """Yield what has another name or schema than before."""
        for new, old in self._relations.items():
            if new != old:
                yield Renamed(old, new)

    def columns(self) -> Iterator[RenamedColumn]:
        """Yield the columns that have another name than before."""
        for (relation, new), old in self._columns.items():
            if new != old:
                yield RenamedColumn(relation, old, new)

    def _follow(self, moment: OperationTrace) -> None:
        operation, before = moment.operation, moment.before
        match operation:
            case Rename() if operation.kind in _RELATIONS:
                self._move(moment, _key(before, operation.name), operation.new, None)
            case SetSchema() if operation.kind in _RELATIONS:
                self._move(moment, _key(before, operation.name), None, operation.schema)
            case RenameColumn() if operation.kind != "type":
                key = _key(before, operation.table)
                if key is not None:
                    old, new = (_folded(before, text) for text in (operation.column, operation.new))
                    self._columns[key, new] = self._columns.pop((key, old), old)
            case Drop() if operation.kind in _RELATIONS:
                key = _key(before, operation.name)
                if key is not None:
                    self._relations.pop(key, None)
                    self._columns = {item: old for item, old in self._columns.items() if item[0] != key}
            case DropColumn():
                key = _key(before, operation.table)
                if key is not None:
                    self._columns.pop((key, _folded(before, operation.column)), None)

    def _move(self, moment: OperationTrace, old: Key | None, named: str | None, schema: str | None) -> None:
        if old is None:
            return
        new = old._replace(
            name=old.name if named is None else _folded(moment.before, named),
            schema=old.schema if schema is None else schema,
        )
        if moment.after.find(new) is None or moment.after.find(old) is not None:
            return
        self._relations[new] = self._relations.pop(old, old)
        self._columns = {(new if key == old else key, column): was for (key, column), was in self._columns.items()}


def _folded(schema: Schema, text: str) -> str:
    return text.lower() if schema.dialect is Dialect.SQLITE else text


def _key(schema: Schema, relation: Name) -> Key | None:
    own = _folded(schema, relation.name)
    for place in (relation.schema,) if relation.schema is not None else schema.path:
        key = Key("relation", place, own)
        if schema.find(key) is not None:
            return key
    return None


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
