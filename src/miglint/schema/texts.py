"""How the texts of two schemas are compared: by whom they were written, and which columns they may name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect
from miglint.base.structs import replace
from miglint.schema.objects import Domain, Index, Key, Policy, RewriteRule, SchemaObject, Table, Trigger, View
from miglint.schema.printed_texts import stored_text
from miglint.schema.sameness import Spell
from miglint.schema.spellings import NOWHERE, Surroundings, spelled
from miglint.schema.value import Schema
from miglint.sql.operations import Name, Type
from miglint.sql.shown_names import may_have_strings, with_columns

if TYPE_CHECKING:
    from miglint.sql.postgres.analysis.stored.definitions import StoredForm


class Texts:
    """The texts of two schemas; `printed` ones are those of one engine, which prints what is the same alike.

    `are_written` says that they are those of PostgreSQL scripts, of which the form that the server stores is computed.
    """

    def __init__(self, before: Schema | None = None, after: Schema | None = None, *, printed: bool = False) -> None:
        self.schemas = (before, after)
        self.sqlite = before is not None and before.dialect is Dialect.SQLITE
        self.printed = printed
        self.are_written = not (printed or self.sqlite) and before is not None

    def spells(self, one: SchemaObject, two: SchemaObject, *, lenient: bool = False) -> tuple[Spell, Spell]:
        """Return what distinguishes the texts of an object before and after.

        With `lenient`, those that the server may store alike are not distinguished.
        """
        pairs = tuple(zip((one, two), self.schemas, strict=True))
        if self.sqlite:
            one_spell, two_spell = (partial(_sqlite, value, schema) for value, schema in pairs)
            return one_spell, two_spell
        spell = _printed if self.printed else partial(_spelled, lenient)
        before, after = (partial(spell, _surroundings(value, schema)) for value, schema in pairs)
        return before, after

    def collation(self, name: str | None) -> str:
        """Return what distinguishes the collation of a column: a name of PostgreSQL has the letters that it has."""
        return (name or "default").lower() if self.sqlite else name or "default"


NO_TEXTS = Texts()


def _printed(place: Surroundings, text: str, written: str, target: Type | None = None) -> str:
    return stored_text(text, place)


def _spelled(lenient: bool, place: Surroundings, text: str, written: str, target: Type | None = None) -> str:
    return spelled(text, place, written, target, lenient=lenient)


def _surroundings(value: SchemaObject, schema: Schema | None) -> Surroundings:
    """Return what an object may name: looked up when it is asked for, since a table may have many columns."""
    overloads = NOWHERE.overloads if schema is None else partial(schema.count_overloads, "public")
    if isinstance(value, Domain):
        kind = None if value.base is None else _named(value.base)
        return Surroundings(
            lambda name: kind if name in ("value", "VALUE") else None, overloads, stored=_stored(value, schema)
        )
    relations = _relations(value, schema)

    def owners(name: str) -> frozenset[str]:
        has = [one.name.name for one in relations if name in (one.columns or ())] if len(relations) > 1 else ()
        return frozenset(has)

    query = value.query if isinstance(value, View) else None
    # The names in a text were looked up when the view was made, perhaps in other schemas than now.
    reads = frozenset(() if query is None else map(str, query.relations))
    return Surroundings(partial(_kind_in, relations), overloads, owners, _stored(value, schema), reads)


def _stored(value: SchemaObject, schema: Schema | None) -> Callable[[str, str, Type | None], StoredForm | None]:
    """Return what reads the texts of an object as the server stores them; the catalogs load with the first text."""

    def read(text: str, written: str, target: Type | None) -> StoredForm | None:
        if schema is None:
            return None
        from miglint.schema.stored_forms import stored_form

        return stored_form(value, schema, text, written, target)

    return read


def _relations(value: SchemaObject, schema: Schema | None) -> Sequence[Table | View]:
    """Return the relations whose columns an object may name."""
    if isinstance(value, Table):
        return (value,)
    if schema is None:
        return ()
    if isinstance(value, (Index, Trigger, Policy, RewriteRule)) and value.table is not None:
        return _found([value.table], schema)
    return _found(value.query.relations, schema) if isinstance(value, View) and value.query is not None else ()


def _found(names: Iterable[Name], schema: Schema) -> list[Table | View]:
    found = (schema.find(Key("relation", name.schema or "public", name.name)) for name in names)
    return [value for value in found if isinstance(value, (Table, View))]


def _kind_in(relations: Sequence[Table | View], name: str) -> str | None:
    """Return the type of the columns of a name in relations, without modifiers."""
    kinds = {kind for relation in relations if (kind := _kind(relation, name)) is not None}
    return None if not kinds or "?" in kinds else kinds.pop() if len(kinds) == 1 else ""


def _kind(relation: Table | View, name: str) -> str | None:
    """Return the type of a column of a relation, `?` for one that is not known, and None where there is no column."""
    if isinstance(relation, View):
        return dict(zip(relation.columns or (), relation.types or (), strict=False)).get(name)
    column = relation.columns.get(name)
    return None if column is None else "?" if column.type is None else _named(column.type)


def _named(kind: Type) -> str:
    return str(replace(kind, args=()))


_WORD = pattern(r"""'[^']*(?:''[^']*)*'|"([^"]*(?:""[^"]*)*)"|([^\W\d][\w$]*)""")
_ALIAS = pattern(r"""'[^']*(?:''[^']*)*'|\b[aA][sS] (?:"([^"]*(?:""[^"]*)*)"|([^\W\d][\w$]*))""")


def _sqlite(value: SchemaObject, schema: Schema | None, text: str, written: str, target: Type | None = None) -> str:
    return text if not may_have_strings(text) else with_columns(text, _sqlite_names(value, schema, text))


def _sqlite_names(value: SchemaObject, schema: Schema | None, text: str) -> set[str]:
    """Return the names of the columns and relations that a text may read, and of its aliases."""
    relations: list[Table | View] = [value] if isinstance(value, Table) else []
    names = {(found[1] or found[2] or "").lower() for found in _ALIAS.finditer(text)}
    if schema is not None and not relations:
        words = {(found[1] or found[2] or "").lower() for found in _WORD.finditer(text)}
        if isinstance(value, (Index, Trigger)) and value.table is not None:
            words.add(value.table.name.lower())
        found = (schema.find(Key("relation", "main", word)) for word in sorted(words - {""}))
        relations = [relation for relation in found if isinstance(relation, (Table, View))]
    for relation in relations:
        names.add(relation.name.name.lower())
        names.update(column.lower() for column in relation.columns or ())
    return names
