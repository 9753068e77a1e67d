"""Objects of a PostgreSQL schema as statements of SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from miglint.base.model import Dialect
from miglint.base.structs import Struct, field
from miglint.port.choices import ROWID_TYPE, TypeChoices, strict_type
from miglint.port.constraints import is_of_column, key_words
from miglint.port.expressions import Translation, TranslationError, translate, translate_statement, with_column
from miglint.port.value_kinds import CONVERTED, NO_KINDS, kind_of_type, kinds_of, tables_named
from miglint.schema.objects import Domain, Enum, Index, Key, Table, View
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Constraint, Expression, IndexElement, Name
from miglint.writer.words import identifier, identifiers, literal

# Collations that need no word in SQLite: those that compare byte by byte, and the default of a database.
_BINARY = frozenset({"C", "POSIX", "ucs_basic", "default", "pg_catalog.default", "pg_catalog.C"})
_WITH_AN_ORDER = frozenset({"btree", "hash"})


class SqliteObjects(Struct, frozen=True):
    """Writes the objects of `schema`, as it is after a statement, for SQLite.

    `types` are the types to choose, `compiles` says what SQLite's library has against an expression over the columns of
    a table (None: nothing), `lost` receives what is left out.
    """

    schema: Schema
    types: TypeChoices
    lost: Callable[[str], None]
    compiles: Callable[[str, Iterable[str]], str | None]
    strict: bool = False
    columns: list[str] = field(default_factory=list)

    def create_table(self, table: Table) -> str:
        """Return `CREATE TABLE` with the columns and constraints that SQLite has."""
        numbered = self.numbered(table)
        lines = [self._line(table, item, numbered=item.name == numbered) for item in table.columns.values()]
        for item in table.constraints.values():
            if not is_of_column(item):
                lines += self.constraint(table, item)
        if table.inherits:
            self.lost(f"table {table.name.name} inherits; SQLite has no inheritance")
        if table.partition_by:
            self.lost(f"table {table.name.name} is partitioned; on SQLite it is one table")
        words = "TEMPORARY " if table.persistence == "temporary" else ""
        tail = " STRICT" if self.strict else ""
        return f"CREATE {words}TABLE {own_name(table.name)} (\n    " + ",\n    ".join(lines) + f"\n){tail};"

    def _line(self, table: Table, item: Column, *, numbered: bool) -> str:
        """Return a column with the constraints that are about it alone."""
        text = self.column(table, item, numbered=numbered)
        for one in table.constraints.values():
            if is_of_column(one, item) and not (numbered and one.kind == "primary"):
                text += "".join(f" {part}" for part in self.constraint(table, one, behind=True))
        return text

    def numbered(self, table: Table) -> str | None:
        """Return the column that SQLite numbers by itself: the primary key that draws from a sequence."""
        primary = next((item for item in table.constraints.values() if item.kind == "primary"), None)
        if primary is None or len(primary.columns) != 1:
            return None
        column = table.columns.get(primary.columns[0])
        if column is None:
            return None
        drawn = column.default is not None and column.default.sequence is not None
        return column.name if column.serial or column.identity is not None or drawn else None

    def column(self, table: Table, item: Column, *, numbered: bool = False) -> str:
        """Return the definition of a column, without the constraints that are written apart."""
        if numbered:
            return f"{identifier(item.name)} {ROWID_TYPE} PRIMARY KEY AUTOINCREMENT"
        parts = [identifier(item.name), self.type(table, item)]
        if item.collation and item.collation not in _BINARY:
            self.lost(f"collation {item.collation} of {table.name.name}.{item.name} is not known to SQLite")
        if item.generated and item.default is not None:
            made = self.expression(item.default, f"the expression of {table.name.name}.{item.name}", table)
            if made is not None:
                parts.append(f"GENERATED ALWAYS AS ({made.text}) {item.generated.upper()}")
        elif item.default is not None or self._default_of_type(item) is not None:
            parts += self.default(table, item)
        elif item.serial or item.identity is not None:
            self.lost(f"{table.name.name}.{item.name} draws from a sequence; SQLite numbers primary keys alone")
        if item.nullable is False:
            parts.append("NOT NULL")
        parts += self._checked(table, item)
        return " ".join(part for part in parts if part)

    def type(self, table: Table, item: Column) -> str:
        """Return the type of a column as it is declared."""
        if item.type is None:
            self.lost(f"the type of {table.name.name}.{item.name} is not known")
            return "TEXT"
        chosen = self.types.of(item.type, self.schema)
        if chosen is None:
            self.lost(f"type {item.type} of {table.name.name}.{item.name} has no equivalent; it is TEXT")
            chosen = "TEXT"
        return strict_type(chosen) if self.strict else chosen

    def default(self, table: Table, item: Column) -> Iterator[str]:
        """Yield the default of a column."""
        default = item.default or self._default_of_type(item)
        assert default is not None
        if default.sequence is not None or item.serial:
            self.lost(f"{table.name.name}.{item.name} draws from a sequence; SQLite numbers primary keys alone")
            return
        text = default.text
        converted = CONVERTED.get(kind_of_type(item.type, self.schema))
        if converted is not None and "::" not in text and text.startswith("'"):
            text = f"{text}::{converted}"
        found = self.expression(
            Expression(text, text), f"the default of {table.name.name}.{item.name}", table, columns=()
        )
        if found is None:
            return
        plain = found.constant or found.text.upper() in ("CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME")
        yield f"DEFAULT {found.text if plain else f'({found.text})'}"

    def _domains(self, item: Column) -> Iterator[Domain]:
        """Yield the domains that the type of a column is made from, the nearest one first."""
        kind, seen = item.type, 0
        while kind is not None and not kind.dimensions and seen < 32:
            found = self.schema.find(Key("type", kind.schema or "public", kind.name))
            if not isinstance(found, Domain):
                return
            yield found
            kind, seen = found.base, seen + 1

    def _default_of_type(self, item: Column) -> Expression | None:
        """Return the default that a column has from its domain."""
        if item.generated or item.identity is not None or item.serial:
            return None
        return next((one.default for one in self._domains(item) if one.default is not None), None)

    def _checked(self, table: Table, item: Column) -> Iterator[str]:
        """Yield the conditions that come with the type of a column: labels of an enum, checks of a domain."""
        kind = item.type
        seen = 0
        while kind is not None and not kind.dimensions and seen < 32:
            seen += 1
            found = self.schema.find(Key("type", kind.schema or "public", kind.name))
            if isinstance(found, Enum):
                if found.labels:
                    yield f"CHECK ({identifier(item.name)} IN ({', '.join(map(literal, found.labels))}))"
                return
            if not isinstance(found, Domain):
                return
            if not found.nullable and item.nullable is not False:
                yield "NOT NULL"
            for one in found.constraints.values():
                if one.kind == "check" and one.expression is not None:
                    what = f"check {one.name} of domain {found.name.name}"
                    made = self._about_value(one.expression, item, what, table)
                    if made is not None:
                        yield f"CHECK ({made.text})"
            kind = found.base

    def _about_value(self, expression: Expression, item: Column, what: str, table: Table) -> Translation | None:
        """Return the condition of a domain, which says VALUE for the column that is of it."""
        try:
            text = with_column(expression.text, Dialect.POSTGRES, "value", item.name)
        except TranslationError as problem:
            self.lost(f"{what}: {problem}")
            return None
        return self.expression(Expression(text, text), what, table)

    def constraint(self, table: Table, item: Constraint, *, behind: bool = False) -> Iterator[str]:
        """Yield the definition of a constraint, if SQLite has such: of a table, or as it stands `behind` its column."""
        label = "" if item.generated or item.name is None else f"CONSTRAINT {identifier(item.name)} "
        what = f"constraint {item.name} of {table.name.name}"
        if item.kind in ("primary", "unique"):
            if item.nulls_not_distinct:
                self.lost(f"{what} takes NULLs for equal; SQLite does not")
            if item.deferrable:
                self.lost(f"{what} is deferrable; on SQLite it is checked at once")
            yield label + key_words(item, item.columns, behind=behind)
        elif item.kind == "foreign" and item.table is not None:
            yield label + key_words(item, item.columns, behind=behind)
        elif item.kind == "check" and item.expression is not None:
            made = self.expression(item.expression, what, table)
            if made is not None:
                yield f"{label}CHECK ({made.text})"
        elif item.kind != "not_null":
            self.lost(f"{what} ({item.kind.upper()}) has no equivalent")

    def create_index(self, index: Index, table: Table | None) -> str | None:
        """Return `CREATE INDEX`, or None if SQLite has no such index."""
        if index.table is None:
            return None
        what = f"index {index.name.name}"
        if index.method not in _WITH_AN_ORDER:
            self.lost(f"{what} uses {index.method}, which SQLite does not have")
            return None
        elements = []
        for element in index.elements:
            text = self._element(element, what, table)
            if text is None:
                return None
            elements.append(text)
        where = ""
        if index.where is not None:
            made = self.expression(index.where, f"the condition of {what}", table)
            if made is None:
                return None
            where = f" WHERE {made.text}"
        if index.nulls_not_distinct:
            self.lost(f"{what} takes NULLs for equal; SQLite does not")
        unique = "UNIQUE " if index.unique else ""
        keys = ", ".join(elements)
        return f"CREATE {unique}INDEX {identifier(index.name.name)} ON {own_name(index.table)} ({keys}){where};"

    def _element(self, element: IndexElement, what: str, table: Table | None) -> str | None:
        if element.column is not None:
            text = identifier(element.column)
        elif element.expression is not None:
            made = self.expression(element.expression, f"a key of {what}", table)
            if made is None:
                return None
            text = made.text if made.text.endswith(")") else f"({made.text})"
        else:
            return None
        if element.collation and element.collation not in _BINARY:
            self.lost(f"collation {element.collation} of {what} is not known to SQLite")
        return f"{text} DESC" if element.descending else text

    def create_view(self, view: View) -> str | None:
        """Return `CREATE VIEW`, or None if SQLite cannot run its query."""
        if view.query is None:
            return None
        try:
            kinds = kinds_of(self.schema, tables_named(self.schema, view.query.relations))
            query = translate_statement(view.query.text, Dialect.POSTGRES, kinds=kinds)
        except TranslationError as problem:
            self.lost(f"view {view.name.name}: {problem}")
            return None
        if view.materialized:
            self.lost(f"materialized view {view.name.name} is a view on SQLite, which is always up to date")
        listed = f" ({identifiers(view.listed)})" if view.listed else ""
        return f"CREATE VIEW {own_name(view.name)}{listed} AS\n{query.rstrip().rstrip(';')};"

    def expression(
        self, expression: Expression, what: str, table: Table | None, columns: Iterable[str] | None = None
    ) -> Translation | None:
        """Return an expression in SQLite's words; None, and a loss, if it has none."""
        try:
            kinds = NO_KINDS if table is None else kinds_of(self.schema, [table])
            found = translate(expression.text, Dialect.POSTGRES, kinds=kinds)
        except TranslationError as problem:
            self.lost(f"{what}: {problem}")
            return None
        if columns is None:
            columns = () if table is None else (item.name for item in table.columns.values())
        objection = self.compiles(found.text, columns)
        if objection is not None:
            self.lost(f"{what}: {objection}")
            return None
        return found


def own_name(value: Name) -> str:
    """Return the name of a relation in SQLite, which has no schemas."""
    return identifier(value.name)
