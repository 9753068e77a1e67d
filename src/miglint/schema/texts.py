"""How the texts of two schemas are compared: by whom they were written, and which columns they may name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from miglint.base.model import Dialect
from miglint.base.structs import replace
from miglint.schema.objects import Domain, Index, Key, Policy, RewriteRule, SchemaObject, Table, Trigger, View
from miglint.schema.sameness import Spell
from miglint.schema.spellings import NOWHERE, Surroundings, spelled, stored_text
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Name, Type


def _exactly(text: str) -> str:
    return text


class Texts:
    """The texts of two schemas; `printed` ones are those of one engine, which prints what is the same alike."""

    def __init__(self, before: Schema | None = None, after: Schema | None = None, *, printed: bool = False) -> None:
        self._schemas = (before, after)
        self.sqlite = before is not None and before.dialect is Dialect.SQLITE
        self.printed = printed

    def spells(self, one: SchemaObject, two: SchemaObject) -> tuple[Spell, Spell]:
        """Return what distinguishes the texts of an object before and after."""
        if self.sqlite:
            return _exactly, _exactly
        places = (_surroundings(value, schema) for value, schema in zip((one, two), self._schemas, strict=True))
        spell = stored_text if self.printed else spelled
        before, after = (partial(spell, place=place) for place in places)
        return before, after

    def collation(self, name: str | None) -> str:
        """Return what distinguishes the collation of a column: a name of PostgreSQL has the letters that it has."""
        return (name or "default").lower() if self.sqlite else name or "default"


NO_TEXTS = Texts()


def _surroundings(value: SchemaObject, schema: Schema | None) -> Surroundings:
    """Return what an object may name."""
    overloads = NOWHERE.overloads if schema is None else partial(schema.count_overloads, "public")
    return Surroundings(_kinds(value, schema), overloads)


def _kinds(value: SchemaObject, schema: Schema | None) -> Mapping[str, str]:
    """Return the types of the columns that an object may name."""
    if isinstance(value, Table):
        return _of_tables([value])
    if isinstance(value, Domain):
        return NOWHERE.kinds if value.base is None else {"value": _named(value.base), "VALUE": _named(value.base)}
    if schema is None:
        return NOWHERE.kinds
    if isinstance(value, (Index, Trigger, Policy, RewriteRule)) and value.table is not None:
        return _of_tables(_found([value.table], schema))
    if isinstance(value, View) and value.query is not None:
        return _of_tables(_found(value.query.relations, schema))
    return NOWHERE.kinds


def _found(names: Iterable[Name], schema: Schema) -> list[Table | View]:
    found = (schema.find(Key("relation", name.schema or "public", name.name)) for name in names)
    return [value for value in found if isinstance(value, (Table, View))]


def _of_tables(relations: list[Table | View]) -> Mapping[str, str]:
    kinds: dict[str, str] = {}
    for relation in relations:
        for name, kind in _columns(relation):
            kinds[name] = kind if kinds.get(name, kind) == kind else ""
    return {name: kind for name, kind in kinds.items() if kind != "?"}


def _columns(relation: Table | View) -> Iterable[tuple[str, str]]:
    if isinstance(relation, View):
        return zip(relation.columns or (), relation.types or (), strict=False)
    return ((name, _kind(column)) for name, column in relation.columns.items())


def _kind(column: Column) -> str:
    """Return the type of a column without its modifiers, `?` for one that is not known."""
    return "?" if column.type is None else _named(column.type)


def _named(kind: Type) -> str:
    return str(replace(kind, args=()))
