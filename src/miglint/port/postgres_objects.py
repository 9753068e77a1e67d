"""Objects of a SQLite schema as statements of PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from miglint.base.model import Dialect
from miglint.base.structs import Struct
from miglint.port.booleans import BooleanColumns
from miglint.port.choices import TypeChoices, is_key
from miglint.port.constraints import is_of_column, key_words
from miglint.port.expressions import Translation, TranslationError, translate, translate_statement
from miglint.port.number_values import NUMBER_TYPES
from miglint.port.replacements import replaced_tables
from miglint.schema.objects import Index, Table, View
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Constraint, Expression
from miglint.writer.words import identifier, identifiers, type_name

# Collations of SQLite, and what compares like them in PostgreSQL.
_BOOLEANS = frozenset({"bool", "boolean"})


class PostgresObjects(Struct, frozen=True):
    """Writes the objects of `schema`, as it is after a migration, for PostgreSQL.

    `types` are the types to choose, `lost` receives what is left out, `here` gives the tables of PostgreSQL as they are
    so far, by folded name.
    """

    schema: Schema
    types: TypeChoices
    lost: Callable[[str], None]
    here: Callable[[], Mapping[str, Table]]

    def booleans(self) -> BooleanColumns:
        """Return the columns that are boolean in PostgreSQL, in every table that has them."""
        found: dict[str, set[bool]] = {}
        there = self.here()
        listed = {name: [item.name.lower() for item in table.columns.values()] for name, table in there.items()}
        for table in there.values():
            for item in table.columns.values():
                found.setdefault(item.name.lower(), set()).add(item.type is not None and item.type.name == "bool")
        for _, value in self.schema.items():
            if isinstance(value, Table) and value.name.name.lower() not in there:
                for item in value.columns.values():
                    chosen = None if item.type is None else self.types.of(item.type, self.schema)
                    found.setdefault(item.name.lower(), set()).add(chosen in _BOOLEANS)
        names = frozenset(name for name, kinds in found.items() if kinds == {True})
        for _, value in self.schema.items():
            if isinstance(value, View):
                found.update({name.lower(): set() for name in value.columns or ()})
        columns = frozenset(found) if self._all_known() else None
        return BooleanColumns(
            names, listed, columns, replaced_tables(self.schema), self._numbers(there), self._numbered()
        )

    def _numbers(self, there: Mapping[str, Table]) -> frozenset[str]:
        """Return the columns that are numbers in every table that has them."""
        found: dict[str, set[bool]] = {}
        for table in there.values():
            for item in table.columns.values():
                is_number = item.type is not None and not item.type.dimensions and item.type.name in NUMBER_TYPES
                found.setdefault(item.name.lower(), set()).add(is_number)
        return frozenset(name for name, kinds in found.items() if kinds == {True})

    def _numbered(self) -> dict[str, str]:
        """Return the keys of SQLite's tables that number their rows, by the tables."""
        return {
            table.name.name.lower(): item.name.lower()
            for _, table in self.schema.items()
            if isinstance(table, Table)
            for item in table.columns.values()
            if is_numbered(table, item)
        }

    def _all_known(self) -> bool:
        """Return whether the columns of all tables are known from the scripts."""
        return not any(isinstance(value, (View, Table)) and value.assumed for _, value in self.schema.items())

    def create_table(self, table: Table) -> str:
        """Return `CREATE TABLE`."""
        lines = [self._line(table, item) for item in table.columns.values()]
        for item in table.constraints.values():
            if not is_of_column(item):
                lines += self.constraint(table, item)
        words = "TEMPORARY " if table.persistence == "temporary" else ""
        body = "(\n    " + ",\n    ".join(lines) + "\n)" if lines else "()"
        return f"CREATE {words}TABLE {identifier(table.name.name)} {body};"

    def _line(self, table: Table, item: Column) -> str:
        text = self.column(table, item)
        for one in table.constraints.values():
            if is_of_column(one, item):
                text += "".join(f" {part}" for part in self.constraint(table, one, behind=True))
        return text

    def column(self, table: Table, item: Column) -> str:
        """Return the definition of a column, without the constraints that are written apart."""
        numbered = is_numbered(table, item)
        parts = [identifier(item.name), self.type(table, item)]
        if numbered:
            parts.append("GENERATED BY DEFAULT AS IDENTITY")
        elif item.generated and item.default is not None:
            made = self.expression(item.default, f"the expression of {table.name.name}.{item.name}")
            if made is not None:
                # PostgreSQL has virtual columns since 18 only.
                parts.append(f"GENERATED ALWAYS AS ({made.text}) STORED")
        elif item.default is not None:
            parts += self.default(table, item)
        if item.collation and item.collation.lower() != "binary":
            self.lost(f"collation {item.collation} of {table.name.name}.{item.name} has no equivalent")
        if item.nullable is False and not numbered:
            parts.append("NOT NULL")
        return " ".join(part for part in parts if part)

    def type(self, table: Table, item: Column) -> str:
        """Return the type of a column."""
        chosen = self._referenced_type(table, item)
        if chosen is None and item.type is not None:
            chosen = self.types.of(item.type, self.schema, key=is_key(table, item))
            if chosen is not None and item.default is not None and not _takes(chosen, item.default):
                chosen = self.types.of(item.type, self.schema, key=True) if not is_key(table, item) else "text"
                chosen = chosen if chosen is not None and _takes(chosen, item.default) else "text"
        if chosen is None:
            self.lost(f"type {item.declared or item.type} of {table.name.name}.{item.name} is not known; it is text")
            return "text"
        return chosen

    def _referenced_type(self, table: Table, item: Column) -> str | None:
        """Return the type of the column that a column refers to, which has to be its own."""
        for one in table.constraints.values():
            if one.kind != "foreign" or one.table is None or len(one.columns) != 1:
                continue
            if one.columns[0].lower() != item.name.lower():
                continue
            other = self.here().get(one.table.name.lower())
            if other is None:
                continue
            primary = next((each.columns for each in other.constraints.values() if each.kind == "primary"), ())
            wanted = one.referenced or primary
            found = next(
                (each for each in other.columns.values() if wanted and each.name.lower() == wanted[0].lower()), None
            )
            if found is not None and found.type is not None:
                return type_name(found.type, Dialect.POSTGRES)
        return None

    def default(self, table: Table, item: Column) -> Iterator[str]:
        """Yield the default of a column."""
        assert item.default is not None
        made = self.expression(item.default, f"the default of {table.name.name}.{item.name}")
        if made is None:
            return
        text = made.text.strip()
        chosen = self.type(table, item)
        if chosen in _BOOLEANS and text in ("0", "1", "'0'", "'1'"):
            text = "true" if "1" in text else "false"
        elif chosen.partition("(")[0] in NUMBER_TYPES and text.lower() in ("true", "false"):
            text = "1" if text.lower() == "true" else "0"
        elif chosen.partition("(")[0] in _WORDS and made.constant and text.lstrip("-").replace(".", "").isdecimal():
            text = f"'{text}'"
        elif text.startswith('"') and text.endswith('"'):
            # A name in double quotes that is no column's is a string.
            text = "'" + text[1:-1].replace('""', '"').replace("'", "''") + "'"
        yield f"DEFAULT {text}"

    def constraint(self, table: Table, item: Constraint, *, behind: bool = False) -> Iterator[str]:
        """Yield the definition of a constraint: of a table, or as it stands `behind` its column."""
        label, what = _named(item, table)
        written = {folded: one.name for folded, one in table.columns.items()}
        columns = tuple(written.get(one.lower(), one) for one in item.columns)
        if item.on_conflict:
            self.lost(f"ON CONFLICT {item.on_conflict.upper()} of {what} has no equivalent")
        if item.kind in ("primary", "unique") or (item.kind == "foreign" and item.table is not None):
            yield label + key_words(item, columns, behind=behind)
        elif item.kind == "check" and item.expression is not None:
            made = self.expression(item.expression, what)
            if made is not None and not self._is_truth(table, item):
                yield f"{label}CHECK ({made.text})"

    def _is_truth(self, table: Table, item: Constraint) -> bool:
        """Return whether a check says that a column is 0 or 1, which is a boolean then."""
        if len(item.columns) != 1 or item.expression is None:
            return False
        column = table.columns.get(item.columns[0].lower())
        if column is None or column.type is None or self.types.of(column.type, self.schema) not in _BOOLEANS:
            return False
        rest = item.expression.text.lower().replace(column.name.lower(), "", 1)
        return set(rest) <= set(' ()[]in01,`"')

    def create_index(self, index: Index) -> str | None:
        """Return `CREATE INDEX`, or None if PostgreSQL has no such index."""
        if index.table is None:
            return None
        what = f"index {index.name.name}"
        keys = []
        for element in index.elements:
            if element.column is not None:
                text = identifier(element.column)
            elif element.expression is not None:
                made = self.expression(element.expression, f"a key of {what}")
                if made is None:
                    return None
                text = f"({made.text})"
            else:
                return None
            if element.collation and element.collation.lower() == "nocase":
                text = f"lower({text})"
                text = f"({text})"
            keys.append(f"{text} DESC" if element.descending else text)
        where = ""
        if index.where is not None:
            made = self.expression(index.where, f"the condition of {what}")
            if made is None:
                return None
            where = f" WHERE {made.text}"
        unique = "UNIQUE " if index.unique else ""
        name = identifier(index.name.name)
        return f"CREATE {unique}INDEX {name} ON {identifier(index.table.name)} ({', '.join(keys)}){where};"

    def create_view(self, view: View) -> str | None:
        """Return `CREATE VIEW`, or None if PostgreSQL cannot run its query."""
        if view.query is None:
            return None
        try:
            query = translate_statement(view.query.text, Dialect.SQLITE, self.booleans())
        except TranslationError as problem:
            self.lost(f"view {view.name.name}: {problem}")
            return None
        listed = f" ({identifiers(view.listed)})" if view.listed else ""
        return f"CREATE VIEW {identifier(view.name.name)}{listed} AS\n{query.rstrip().rstrip(';')};"

    def expression(self, expression: Expression, what: str) -> Translation | None:
        """Return an expression in PostgreSQL's words; None, and a loss, if it has none."""
        try:
            return translate(expression.text, Dialect.SQLITE, self.booleans())
        except TranslationError as problem:
            self.lost(f"{what}: {problem}")
            return None


def _takes(chosen: str, default: Expression) -> bool:
    """Return whether a constant default can be a value of a type."""
    if default.literal is None:
        return True
    text = default.literal.strip().strip("'\"")
    word = chosen.partition("(")[0]
    if word == "uuid":
        return len(text) == 36
    if word in ("json", "jsonb"):
        return text[:1] in ("{", "[", '"') or text.replace(".", "").isdecimal()
    return True


_WORDS = frozenset({"text", "varchar", "char", "uuid", "jsonb", "json"})


def is_numbered(table: Table, item: Column) -> bool:
    """Return whether SQLite numbers a column by itself: it is the primary key, and declared INTEGER."""
    if item.autoincrement:
        return True
    primary = next((one for one in table.constraints.values() if one.kind == "primary"), None)
    if primary is None or [name.lower() for name in primary.columns] != [item.name.lower()] or table.without_rowid:
        return False
    return item.type is not None and item.type.name.upper() == "INTEGER" and item.default is None


def _named(item: Constraint, table: Table) -> tuple[str, str]:
    """Return the name of a constraint as it starts its definition, and what to call it in a message."""
    if item.name is None or item.name.startswith("#"):
        return "", f"a constraint of {table.name.name}"
    return f"CONSTRAINT {identifier(item.name)} ", f"constraint {item.name} of {table.name.name}"
