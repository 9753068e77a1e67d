"""A schema as SQL statements, in an order in which they can run."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.model import Dialect
from miglint.base.template_names import has_tag
from miglint.schema.describe import describe
from miglint.schema.objects import (
    Comment,
    Composite,
    Domain,
    Enum,
    Extension,
    Index,
    Key,
    Namespace,
    Other,
    OtherType,
    Policy,
    Privileges,
    RewriteRule,
    Routine,
    Rows,
    SchemaObject,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Constraint, IndexElement, Name

# Kinds of objects in order of dependency.
_ORDER = (
    Namespace,
    Extension,
    Enum,
    Composite,
    OtherType,
    Sequence,
    Domain,
    Table,
    Routine,
    View,
    Index,
    Trigger,
    RewriteRule,
    Policy,
    Other,
    Rows,
    Comment,
    Privileges,
)


def statements(schema: Schema) -> Iterator[str]:
    """Yield the statements that create the schema."""
    objects = sorted(schema.items(), key=lambda item: (_ORDER.index(type(item[1])), item[0]))
    writer = _Writer(schema.dialect)
    tables = [value for _, value in objects if isinstance(value, Table)]
    missing = len(tables)
    for key, value in _parents_first(schema, objects):
        if text := writer.create(key, value):
            yield text
        missing -= isinstance(value, Table)
        if missing == 0 and isinstance(value, Table):
            # A foreign key may reference a table that comes later in the order.
            for table in tables:
                yield from writer.foreign_keys(table)


def _parents_first(schema: Schema, objects: list[tuple[Key, SchemaObject]]) -> Iterator[tuple[Key, SchemaObject]]:
    """Move an object after those of its own kind that it depends on: partitions, inheriting tables, views on views."""
    needs: dict[Key, set[Key]] = {}
    kinds = {key: type(value) for key, value in objects}
    for key, value in objects:
        for user in schema.on(key):
            if kinds.get(user) is type(value) and user != key and not isinstance(value, Index):
                needs.setdefault(user, set()).add(key)
    by_key = dict(objects)
    done: set[Key] = set()
    for key, _ in objects:
        pending = [key]
        entered: set[Key] = set()
        while pending:
            top = pending[-1]
            missing = [] if top in entered else sorted(needs.get(top, set()) - done - entered)
            entered.add(top)
            if missing:
                pending += missing
                continue
            pending.pop()
            if top not in done:
                done.add(top)
                yield top, by_key[top]


class _Writer:
    """Writes objects in one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def create(self, key: Key, value: SchemaObject) -> str:
        """Return the statement that creates an object, a comment for an assumed one, or nothing."""
        if value.assumed:
            kind = "table" if isinstance(value, Table) else type(value).__name__.lower()
            return f"-- {kind} {_flat(str(key))} is used, but not made here"
        match value:
            case Table():
                return self._table(value)
            case View():
                kind = "MATERIALIZED VIEW" if value.materialized else "VIEW"
                if value.query is None:
                    return f"-- {kind.lower()} {_flat(str(value.name))}: its query is not known"
                columns = f" ({_names(value.columns)})" if value.columns and "*" not in value.columns else ""
                return f"CREATE {kind} {name(value.name)}{columns} AS\n{value.query.text};"
            case Index():
                return self._index(value)
            case Sequence():
                return "" if value.implicit else f"CREATE SEQUENCE {name(value.name)}{_comment_of(value.options)};"
            case Enum():
                return f"CREATE TYPE {name(value.name)} AS ENUM ({', '.join(map(literal, value.labels))});"
            case Domain():
                return self._domain(value)
            case Composite():
                inside = ", ".join(f"{identifier(item.name)} {item.type}" for item in value.columns.values())
                return f"CREATE TYPE {name(value.name)} AS ({inside});"
            case Extension():
                return f"CREATE EXTENSION IF NOT EXISTS {identifier(value.name)};"
            case Namespace():
                return "" if value.name == "public" else f"CREATE SCHEMA {identifier(value.name)};"
            case Comment():
                return f"-- comment on {_flat(str(key))}: {_flat(value.text)}"
            case Privileges():
                return f"-- {_flat(str(key))}: {_flat(describe(value))}"
            case Routine():
                return f"-- {value.kind} {_flat(str(key))}{_definition(value.definition, *value.options, value.body)}"
            case Trigger() | Policy() | RewriteRule():
                kind = type(value).__name__.lower()
                return f"-- {kind} {_flat(value.name)} on {_flat(str(value.table))}{_definition(value.definition)}"
            case Rows():
                return f"-- rows {_flat(str(value.name))}"
            case OtherType() | Other():
                return f"-- {value.kind or 'type'} {_flat(str(value.name))}{_definition(value.definition)}"

    def _table(self, table: Table) -> str:
        if table.partition_of is not None:
            bound = table.partition_bound or "DEFAULT"
            return f"CREATE TABLE {name(table.name)} PARTITION OF {name(table.partition_of)} {bound};"
        lines = [self._column(column) for column in table.columns.values()]
        lines += [
            self._constraint(item)
            for item in table.constraints.values()
            if item.kind not in ("not_null", "foreign") or (item.kind == "foreign" and not self._separate())
        ]
        words = {"unlogged": "UNLOGGED ", "temporary": "TEMPORARY "}.get(table.persistence, "")
        if table.kind != "table":
            head = f"-- {table.kind} {_flat(str(table.name))}{_definition(table.definition or '')}"
            return head + "".join(f"\n--     {_flat(line)}" for line in lines)
        tail = [f" PARTITION BY {table.partition_by}"] if table.partition_by else []
        if table.inherits:
            tail.insert(0, f" INHERITS ({', '.join(map(name, table.inherits))})")
        flags = [word for word, on in (("STRICT", table.strict), ("WITHOUT ROWID", table.without_rowid)) if on]
        body = "(\n    " + ",\n    ".join(lines) + "\n)" if lines else "()"
        end = f" {', '.join(flags)}" if flags else ""
        return f"CREATE {words}TABLE {name(table.name)} {body}{''.join(tail)}{end};"

    def foreign_keys(self, table: Table) -> Iterator[str]:
        """Yield the foreign keys of a table as separate statements, if the engine supports these."""
        if not self._separate() or table.kind != "table" or table.assumed:
            return
        for item in table.constraints.values():
            if item.kind == "foreign":
                yield f"ALTER TABLE {name(table.name)} ADD {self._constraint(item)};"

    def _separate(self) -> bool:
        return self._dialect is Dialect.POSTGRES

    def _column(self, column: Column) -> str:
        parts = [identifier(column.name)]
        if column.type is not None and str(column.type):
            parts.append(str(column.type))
        elif self._dialect is Dialect.POSTGRES:
            parts.append("/* type not known */")
        if column.collation:
            parts.append(f"COLLATE {identifier(column.collation)}")
        if column.generated and column.default is not None:
            parts.append(f"GENERATED ALWAYS AS ({column.default.text}) {column.generated.upper()}")
        elif column.identity:
            parts.append(f"GENERATED {column.identity.upper()} AS IDENTITY")
        elif column.default is not None:
            parts.append(f"DEFAULT {self._default(column.default.text)}")
        if column.nullable is False:
            parts.append("NOT NULL")
        return " ".join(parts)

    def _default(self, text: str) -> str:
        # SQLite requires parentheses around anything but a constant, and allows them around one.
        return f"({text})" if self._dialect is Dialect.SQLITE and "(" in text and not text.startswith("(") else text

    def _constraint(self, item: Constraint) -> str:
        generated = item.name is None or item.name.startswith("#")
        head = "" if generated else f"CONSTRAINT {identifier(item.name or '')} "
        columns = f"({_names(item.columns)})"
        match item.kind:
            case "primary" | "unique":
                words = "PRIMARY KEY" if item.kind == "primary" else "UNIQUE"
                words += " NULLS NOT DISTINCT" if item.nulls_not_distinct else ""
                body = f"{words} {columns}" + (f" INCLUDE ({_names(item.include)})" if item.include else "")
            case "check":
                body = f"CHECK ({item.expression.text if item.expression is not None else 'true'})"
            case "foreign":
                referenced = f" ({_names(item.referenced)})" if item.referenced else ""
                target = name(item.table) if item.table is not None else "/* not known */"
                body = f"FOREIGN KEY {columns} REFERENCES {target}{referenced}"
                body += "" if item.match == "simple" else f" MATCH {item.match.upper()}"
                body += "" if item.on_update == "no action" else f" ON UPDATE {item.on_update.upper()}"
                body += "" if item.on_delete == "no action" else f" ON DELETE {item.on_delete.upper()}"
            case _:
                body = f"EXCLUDE {f'USING {item.method} ' if item.method else ''}({item.elements or ''})"
        if item.on_conflict:
            body += f" ON CONFLICT {item.on_conflict.upper()}"
        if item.deferrable:
            body += " DEFERRABLE" + (" INITIALLY DEFERRED" if item.deferred else "")
        return head + body + ("" if item.validated else " NOT VALID")

    def _index(self, index: Index) -> str:
        if (
            index.constraint is not None
            or index.table is None
            or index.name.name.startswith(("#", "sqlite_autoindex_"))
        ):
            return ""
        method = "" if index.method == "btree" else f" USING {index.method}"
        keys = ", ".join(_element(item) for item in index.elements)
        text = f"CREATE {'UNIQUE ' if index.unique else ''}INDEX {identifier(index.name.name)} ON {name(index.table)}"
        text += f"{method} ({keys})"
        text += f" INCLUDE ({_names(index.include)})" if index.include else ""
        text += " NULLS NOT DISTINCT" if index.nulls_not_distinct else ""
        text += f" WHERE {index.where.text}" if index.where is not None else ""
        return f"{text};" + ("" if index.valid else " -- left invalid by a CONCURRENTLY that failed")

    def _domain(self, domain: Domain) -> str:
        text = f"CREATE DOMAIN {name(domain.name)} AS {domain.base}"
        text += f" DEFAULT {domain.default.text}" if domain.default is not None else ""
        text += "" if domain.nullable else " NOT NULL"
        return text + "".join(f" {self._constraint(item)}" for item in domain.constraints.values()) + ";"


def identifier(text: str) -> str:
    """Write a name, quoted if necessary."""
    plain = text.isascii() and text.replace("_", "a").isalnum() and text == text.lower() and not text[:1].isdigit()
    return text if (plain and text not in _RESERVED) or has_tag(text) else '"' + text.replace('"', '""') + '"'


_RESERVED_WORDS = """
all analyse analyze and any array as asc asymmetric authorization between both case cast check collate column
constraint create cross current_date current_role current_time current_timestamp current_user default deferrable
delete desc distinct do drop else end except exists false fetch for foreign freeze from full grant group having
if ilike in index initially inner insert intersect into is isnull join lateral leading left like limit localtime
localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references
returning right select session_user set similar some symmetric table tablesample then to trailing trigger true
union unique update user using values variadic verbose when where window with
"""
_RESERVED = frozenset(_RESERVED_WORDS.split())


def name(value: Name) -> str:
    """Write a possibly qualified name; the default schemas are omitted."""
    if value.schema in (None, "public", "main"):
        return identifier(value.name)
    return f"{identifier(value.schema or '')}.{identifier(value.name)}"


def literal(text: str) -> str:
    """Write a string constant."""
    return "'" + text.replace("'", "''") + "'"


def _names(values: tuple[str, ...]) -> str:
    return ", ".join(map(identifier, values))


def _element(item: IndexElement) -> str:
    text = (
        identifier(item.column) if item.column is not None else f"({item.expression.text if item.expression else ''})"
    )
    text += f" COLLATE {identifier(item.collation)}" if item.collation else ""
    text += f" {item.opclass}" if item.opclass else ""
    text += " DESC" if item.descending else ""
    return text if item.nulls_first is None else f"{text} NULLS {'FIRST' if item.nulls_first else 'LAST'}"


def _flat(text: str) -> str:
    return " ".join(text.split())


def _definition(*texts: str | None) -> str:
    lines = [line for text in texts if text for line in text.splitlines() if line.strip()]
    return "".join(f"\n--     {line}" for line in lines)


def _comment_of(options: tuple[str, ...]) -> str:
    return f" /* {_flat(', '.join(options)).replace('*/', '')} */" if options else ""
