"""Scripts to try properties on: changes of a schema with their inverses, and statements that may fail."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from miglint.base.model import Dialect, Direction, Migration, Script, SourceFile, Span
from miglint.schema.value import Schema

TABLES = ("a", "b", "c")
COLUMNS = ("id", "k", "n", "x")
TYPES = {
    Dialect.POSTGRES: ("integer", "bigint", "text", "varchar(10)", "boolean", "timestamptz", "numeric(8,2)", "uuid"),
    Dialect.SQLITE: ("INTEGER", "TEXT", "BLOB", "REAL", "VARCHAR(10)"),
}
BASE = "CREATE TABLE a (id int PRIMARY KEY, k int, n text); CREATE TABLE b (id int PRIMARY KEY, a_id int, n text);"


def script(text: str, direction: Direction = Direction.FORWARD, dialect: Dialect = Dialect.POSTGRES) -> Script:
    """Return a script of its own file."""
    file = SourceFile(f"001.{direction.value}.sql", text)
    return Script(file, Span(0, len(text)), direction, dialect)


def migration(forward: str, rollback: str, dialect: Dialect) -> Migration:
    """Return a pair of scripts."""
    return Migration(
        "001", "", dialect, script(forward, Direction.FORWARD, dialect), script(rollback, Direction.ROLLBACK, dialect)
    )


def summary(schema: Schema) -> dict[str, object]:
    """Return tables with the names, types and nullability of their columns, and indexes: what both sides can tell."""
    from miglint.schema.objects import Index, Table

    found: dict[str, object] = {}
    for key, value in schema.items():
        if isinstance(value, Table):
            found[f"table {key.name}"] = [(column.name, str(column.type)) for column in value.columns.values()]
        elif isinstance(value, Index) and not key.name.startswith("sqlite_autoindex"):
            columns = [element.column for element in value.elements]
            found[f"index {key.name}"] = (value.table and value.table.name, columns, value.unique)
    return found


@dataclass
class Model:
    """The tables and columns that are there while a pair is drawn, so that each change is possible."""

    dialect: Dialect
    tables: dict[str, list[str]] = field(default_factory=lambda: {"a": ["k", "n"], "b": ["a_id", "n"]})
    number: int = 0

    def new(self, word: str) -> str:
        """Return a name that nothing has."""
        self.number += 1
        return f"{word}{self.number}"


@st.composite
def pairs(draw: st.DrawFn, dialect: Dialect) -> tuple[str, str]:
    """Draw a forward over `BASE`, and the rollback that undoes it statement by statement."""
    model = Model(dialect)
    kinds = ["table", "column", "index", "unique index", "rename table", "rename column", "view"]
    if dialect is Dialect.POSTGRES:
        kinds += ["check", "unique", "foreign key", "nullable", "default", "type", "enum", "comment", "sequence"]
    done: list[tuple[str, str]] = []
    for kind in draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=6)):
        table = draw(st.sampled_from(sorted(model.tables)))
        column = draw(st.sampled_from(model.tables[table]))
        done.append(_change(draw, model, kind, table, column))
    return "\n".join(one for one, _ in done), "\n".join(two for _, two in reversed(done))


def _change(draw: st.DrawFn, model: Model, kind: str, table: str, column: str) -> tuple[str, str]:
    alter = f"ALTER TABLE {table}"
    of_type = draw(st.sampled_from(TYPES[model.dialect]))
    name = model.new("x")
    match kind:
        case "table":
            model.tables[name] = ["k"]
            return f"CREATE TABLE {name} (id int PRIMARY KEY, k {of_type} UNIQUE);", f"DROP TABLE {name};"
        case "column":
            model.tables[table].append(name)
            return f"{alter} ADD COLUMN {name} {of_type};", f"{alter} DROP COLUMN {name};"
        case "index":
            return f"CREATE INDEX {name} ON {table} ({column});", f"DROP INDEX {name};"
        case "unique index":
            return f"CREATE UNIQUE INDEX {name} ON {table} ({column}, id);", f"DROP INDEX {name};"
        case "rename table":
            model.tables[name] = model.tables.pop(table)
            return f"{alter} RENAME TO {name};", f"ALTER TABLE {name} RENAME TO {table};"
        case "rename column":
            model.tables[table] = [name if one == column else one for one in model.tables[table]]
            return f"{alter} RENAME COLUMN {column} TO {name};", f"{alter} RENAME COLUMN {name} TO {column};"
        case "view":
            return f"CREATE VIEW {name} AS SELECT id, {column} FROM {table};", f"DROP VIEW {name};"
        case _:
            return _postgres_change(model, kind, table, column, name)


def _postgres_change(model: Model, kind: str, table: str, column: str, name: str) -> tuple[str, str]:
    alter = f"ALTER TABLE {table}"
    match kind:
        case "check":
            return f"{alter} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL);", f"{alter} DROP CONSTRAINT {name};"
        case "unique":
            return f"{alter} ADD CONSTRAINT {name} UNIQUE ({column});", f"{alter} DROP CONSTRAINT {name};"
        case "foreign key":
            key = "FOREIGN KEY (id) REFERENCES"
            return f"{alter} ADD CONSTRAINT {name} {key} {table} (id);", f"{alter} DROP CONSTRAINT {name};"
        case "nullable":
            # Nothing in the base or in what is added is NOT NULL but the keys.
            model.tables[table].append(name)
            start = f"{alter} ALTER COLUMN {name}"
            return (
                f"{alter} ADD COLUMN {name} int; {start} SET NOT NULL;",
                f"{start} DROP NOT NULL; {alter} DROP COLUMN {name};",
            )
        case "default":
            start = f"{alter} ALTER COLUMN {column} "
            return f"{start} SET DEFAULT NULL;", f"{start} DROP DEFAULT;"
        case "type":
            model.tables[table].append(name)
            start = f"{alter} ALTER COLUMN {name} TYPE"
            return (
                f"{alter} ADD COLUMN {name} int; {start} bigint;",
                f"{start} int; {alter} DROP COLUMN {name};",
            )
        case "enum":
            return (
                f"CREATE TYPE {name} AS ENUM ('p', 'q'); {alter} ADD COLUMN {name}_c {name};",
                f"{alter} DROP COLUMN {name}_c; DROP TYPE {name};",
            )
        case "comment":
            return f"COMMENT ON TABLE {table} IS '{name}';", f"COMMENT ON TABLE {table} IS NULL;"
        case _:
            return f"CREATE SEQUENCE {name};", f"DROP SEQUENCE {name};"


def statements(dialect: Dialect) -> st.SearchStrategy[str]:
    """Draw one statement that may or may not succeed, over a handful of names."""
    table, column = st.sampled_from(TABLES), st.sampled_from(COLUMNS)
    of_type = st.sampled_from(TYPES[dialect])
    guard = st.sampled_from(("", "IF NOT EXISTS "))
    present = st.sampled_from(("", "IF EXISTS "))
    index = st.sampled_from(("i", "j", "a"))
    fmt = st.builds
    common = [
        fmt("CREATE TABLE {0}{1} (id int PRIMARY KEY, {2} {3})".format, guard, table, column, of_type),
        fmt("CREATE TABLE {0}{1} (id int, {2} {3} UNIQUE)".format, guard, table, column, of_type),
        fmt("DROP TABLE {0}{1}".format, present, table),
        fmt("ALTER TABLE {0} ADD COLUMN {1} {2}".format, table, column, of_type),
        fmt("ALTER TABLE {0} DROP COLUMN {1}".format, table, column),
        fmt("ALTER TABLE {0} RENAME TO {1}".format, table, table),
        fmt("ALTER TABLE {0} RENAME COLUMN {1} TO {2}".format, table, column, column),
        fmt("CREATE INDEX {0}{1} ON {2} ({3})".format, guard, index, table, column),
        fmt("CREATE UNIQUE INDEX {0}{1} ON {2} ({3})".format, guard, index, table, column),
        fmt("DROP INDEX {0}{1}".format, present, index),
    ]
    postgres = [
        fmt("ALTER TABLE {0} ADD COLUMN IF NOT EXISTS {1} {2}".format, table, column, of_type),
        fmt("ALTER TABLE {0} DROP COLUMN IF EXISTS {1} CASCADE".format, table, column),
        fmt("ALTER TABLE {0} ADD CONSTRAINT {1} UNIQUE ({2})".format, table, index, column),
        fmt("ALTER TABLE {0} ADD UNIQUE ({1})".format, table, column),
        fmt("ALTER TABLE {0} ADD FOREIGN KEY ({1}) REFERENCES {0} (id)".format, table, st.just("id")),
        fmt("ALTER TABLE {0} DROP CONSTRAINT {1}{2}".format, table, present, index),
        fmt("ALTER TABLE {0} ALTER COLUMN {1} SET NOT NULL".format, table, column),
        fmt("ALTER INDEX {0}{1} RENAME TO {2}".format, present, index, index),
        fmt("CREATE SEQUENCE {0}{1}".format, guard, index),
        fmt("DROP TABLE {0}{1} CASCADE".format, present, table),
    ]
    return st.one_of(*common, *(postgres if dialect is Dialect.POSTGRES else []))
