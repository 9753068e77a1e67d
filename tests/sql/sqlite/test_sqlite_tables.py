"""What the reader says of a `CREATE TABLE` is what SQLite then holds."""

from __future__ import annotations

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miglint.sql.operations import Column, Constraint, CreateIndex, CreateTable
from miglint.sql.sqlite import parse

TABLES = [
    "CREATE TABLE t (a)",
    "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT NOT NULL DEFAULT 'x', c varchar ( 40 ))",
    "create table t(a int primary key, b real default -1.5, c numeric(10, -2) default +3)",
    "CREATE TABLE t (a TEXT PRIMARY KEY, b INT) WITHOUT ROWID",
    "CREATE TABLE t (a TEXT PRIMARY KEY, b INT) STRICT",
    "CREATE TABLE t (a INTEGER PRIMARY KEY, b INT) STRICT",
    "CREATE TABLE t (a INTEGER PRIMARY KEY, b INT) STRICT, WITHOUT ROWID",
    "CREATE TABLE t (a INT, b INT, PRIMARY KEY (a, b)) WITHOUT ROWID",
    "CREATE TABLE t (a INTEGER, PRIMARY KEY (a AUTOINCREMENT))",
    "CREATE TABLE t (a INT, b INT, UNIQUE (a COLLATE NOCASE, b DESC) ON CONFLICT IGNORE, CHECK (a > 0))",
    "CREATE TABLE t (a INT CONSTRAINT foo, b INT CONSTRAINT nn NOT NULL CONSTRAINT uq UNIQUE)",
    "CREATE TABLE t (a INT, CHECK (a > 0) CONSTRAINT c UNIQUE (a) PRIMARY KEY (a))",
    "CREATE TABLE 't' ('a' 'text', \"b c\" [big int], `d` \"x\")",
    "CREATE TABLE t (a INT DEFAULT foo, b INT DEFAULT true, c DEFAULT (1 + (2)), d DEFAULT NULL, e DEFAULT x'00')",
    "CREATE TABLE t (a TIMESTAMP WITHOUT TIME ZONE DEFAULT CURRENT_TIMESTAMP, b timestamp   with time zone)",
    "CREATE TABLE t (a INT, b INT GENERATED ALWAYS AS (a + 1) STORED, c AS (a * 2), d INT AS (a) VIRTUAL)",
    "CREATE TABLE t (generated int, always int, key text, left text, indexed int, replace blob, if text)",
    "CREATE TABLE t (a int generated always, b generated)",
    "CREATE TABLE t (a INT REFERENCES u, b INT REFERENCES u (x) ON DELETE CASCADE ON UPDATE SET NULL MATCH full)",
    "CREATE TABLE t (a INT, b INT, FOREIGN KEY (a, b) REFERENCES u (x, y) ON DELETE SET DEFAULT ON UPDATE RESTRICT)",
    "CREATE TABLE t (a INT REFERENCES u DEFERRABLE INITIALLY DEFERRED, b INT NOT NULL ON CONFLICT REPLACE DEFAULT 1)",
    "CREATE TABLE t (a INT COLLATE NOCASE NOT NULL UNIQUE ON CONFLICT REPLACE) -- done",
    "CREATE TEMP TABLE IF NOT EXISTS t (a INT /* one */, b INT NULL) ;",
    "CREATE TABLE main.t (a INT, b TEXT[])",
    "CREATE TABLE t (a CHARACTER VARYING(20), b DOUBLE PRECISION, c BIGINT UNSIGNED NOT NULL)",
]


def table_of(text: str) -> CreateTable:
    (statement,) = parse(text)
    assert statement.problem is None
    (operation,) = statement.operations
    assert isinstance(operation, CreateTable), operation
    return operation


def words(text: str) -> str:
    return "".join(text.upper().split())


def described(table: CreateTable) -> list[tuple[object, ...]]:
    """Say of a table what `PRAGMA table_xinfo` says."""
    primary: list[str] = []
    for constraint in table.constraints:
        if constraint.kind == "primary":
            primary = [name.lower() for name in constraint.columns]
    rows = []
    for column in table.columns:
        assert column.type is not None
        default = column.default.text if column.default and not column.generated else None
        place = primary.index(column.name.lower()) + 1 if column.name.lower() in primary else 0
        hidden = {None: 0, "virtual": 2, "stored": 3}[column.generated]
        rows.append((column.name, words(str(column.type)), not column.nullable, default, place, hidden))
    return rows


def executed(text: str) -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    connection.execute(text)
    return connection


def columns_of(connection: apsw.Connection) -> list[tuple[object, ...]]:
    return [
        (name, words(declared), bool(notnull), default, key, hidden)
        for _, name, declared, notnull, default, key, hidden in connection.execute("PRAGMA table_xinfo(t)")
    ]


def references_of(connection: apsw.Connection) -> set[tuple[object, ...]]:
    found: dict[int, list[tuple[object, ...]]] = {}
    for number, _, table, column, to, update, delete, _ in connection.execute("PRAGMA foreign_key_list(t)"):
        found.setdefault(number, []).append((table, column, to, update.lower(), delete.lower()))
    return {tuple(rows) for rows in found.values()}


def references(table: CreateTable) -> set[tuple[object, ...]]:
    return {
        tuple(
            (str(key.table), column, key.referenced[at] if key.referenced else None, key.on_update, key.on_delete)
            for at, column in enumerate(key.columns)
        )
        for key in table.constraints
        if key.kind == "foreign"
    }


def uniques_of(connection: apsw.Connection) -> list[tuple[str, ...]]:
    found = []
    for _, name, unique, origin, _ in connection.execute("PRAGMA index_list(t)").fetchall():
        if unique and origin == "u":
            found.append(tuple(row[2] for row in connection.execute("SELECT * FROM pragma_index_info(?)", (name,))))
    return sorted(found)


@pytest.mark.parametrize("text", TABLES)
def test_a_table_is_read_as_sqlite_reads_it(text: str) -> None:
    connection, table = executed(text), table_of(text)
    assert described(table) == columns_of(connection)
    assert references(table) == references_of(connection)
    uniques = sorted(constraint.columns for constraint in table.constraints if constraint.kind == "unique")
    primary = {constraint.columns for constraint in table.constraints if constraint.kind == "primary"}
    # A unique constraint on the columns of another makes no index of its own.
    assert sorted(set(uniques) - primary) == sorted(set(uniques_of(connection)) - primary)


names = st.sampled_from(["a", "b", "Total", '"order"', "[two words]", "`tick`", "key", "größe", "_x$1"])
types = st.sampled_from(
    ["", "INT", "integer", "TEXT", "varchar(255)", "NUMERIC (10, 2)", "double precision", "UNSIGNED BIG INT", "blob"]
)
defaults = st.sampled_from(
    [
        "",
        "DEFAULT 1",
        "DEFAULT -2.5e3",
        "DEFAULT 'it''s'",
        "DEFAULT (1+2)",
        "DEFAULT NULL",
        "DEFAULT x'ab'",
        "DEFAULT no",
    ]
)
nullability = st.sampled_from(["", "NOT NULL", "NULL", "CONSTRAINT nn NOT NULL ON CONFLICT ABORT"])
extras = st.sampled_from(
    [
        "",
        "UNIQUE",
        "CHECK (1 > 0)",
        "COLLATE NOCASE",
        "REFERENCES u (x) ON DELETE SET NULL",
        "CONSTRAINT fk REFERENCES u",
    ]
)


@st.composite
def tables(draw: st.DrawFn) -> str:
    chosen = draw(st.lists(names, min_size=1, max_size=5, unique_by=str.lower))
    parts = [f"{name} {draw(types)} {draw(defaults)} {draw(nullability)} {draw(extras)}" for name in chosen]
    if draw(st.booleans()):
        parts.append(f"PRIMARY KEY ({', '.join(chosen[:2])})")
    if draw(st.booleans()):
        parts.append(f"CONSTRAINT u1 UNIQUE ({chosen[-1]})")
    if draw(st.booleans()):
        parts.append(f"FOREIGN KEY ({chosen[0]}) REFERENCES u (y) ON UPDATE CASCADE")
    gap = draw(st.sampled_from([" ", "\n\t", " /* gap */ ", " -- gap\n"]))
    return f"CREATE TABLE t ({(',' + gap).join(parts)}){draw(st.sampled_from(['', ' ;', ' WITHOUT ROWID']))}"


@given(tables())
@settings(max_examples=200, deadline=None)
def test_any_table_is_read_as_sqlite_reads_it(text: str) -> None:
    try:
        connection = executed(text)
    except apsw.SQLError as error:
        assert "PRIMARY KEY missing" in str(error)
        return
    table = table_of(text)
    assert described(table) == columns_of(connection)
    assert references(table) == references_of(connection)


def test_columns_and_constraints_in_full() -> None:
    text = """CREATE TABLE t (
        id INTEGER CONSTRAINT pk PRIMARY KEY ON CONFLICT FAIL AUTOINCREMENT,
        kind TEXT COLLATE NOCASE NOT NULL DEFAULT 'a b' CHECK (kind IN ('a b', "other")),
        ref INT REFERENCES u (x) ON DELETE CASCADE NOT DEFERRABLE,
        CONSTRAINT pair UNIQUE (kind, ref))"""
    table = table_of(text)
    assert [(c.name, str(c.type), c.nullable, c.collation, c.autoincrement) for c in table.columns] == [
        ("id", "INTEGER", True, None, True),
        ("kind", "TEXT", False, "NOCASE", False),
        ("ref", "INT", True, None, False),
    ]
    default = table.columns[1].default
    assert default is not None
    assert (default.key, default.text, default.literal) == ("'a b'", "'a b'", "a b")
    primary, check, foreign, unique = table.constraints
    assert primary == Constraint("primary", "pk", ("id",), on_conflict="fail")
    assert primary.inline
    assert check.expression is not None
    assert (check.kind, check.name, check.columns) == ("check", None, ("kind", "other"))
    assert check.expression.key == "kind IN ( 'a b' , other )"
    assert (foreign.referenced, foreign.on_delete, foreign.on_update) == (("x",), "cascade", "no action")
    assert unique == Constraint("unique", "pair", ("kind", "ref"))
    assert not unique.inline
    assert unique.span is not None
    assert text[slice(*unique.span)] == "CONSTRAINT pair UNIQUE (kind, ref)"
    assert table.columns[2].span is not None
    assert text[slice(*table.columns[2].span)].startswith("ref INT REFERENCES u")


def test_spelling_does_not_change_a_table() -> None:
    one = table_of(
        "create table T (A int default (1), check (A>0 and B<>1), B text)".replace(", check (A>0 and B<>1)", "")
    )
    two = table_of('CREATE TABLE "T"("A" INT DEFAULT 1,\n [B] TEXT);')
    assert one.columns == two.columns
    check = "CREATE TABLE t (a, CHECK {})"
    keys = {
        table_of(check.format(text)).constraints[0].expression
        for text in ("(a>0 AND b!=1)", '( ("A" > 0\n and [b] <> 1) )', "(((a > 0 And b <> 1)))")
    }
    assert len(keys) == 1
    strings = {
        table_of(check.format(text)).constraints[0].expression for text in ("(a = 'X')", "(a = 'x')", '(a = "x")')
    }
    assert len(strings) == 3


def test_create_table_as_select() -> None:
    table = table_of("CREATE TABLE t AS SELECT u.a, b AS c, count(*) FROM u GROUP BY 1")
    assert table.query is not None
    assert table.columns == ()
    assert table.query.outputs == ("a", "c", None)


def test_virtual_tables() -> None:
    table = table_of(
        "CREATE VIRTUAL TABLE IF NOT EXISTS f USING fts5(title, body UNINDEXED, tokenize = 'porter ascii')"
    )
    assert (table.virtual, table.if_not_exists) == ("fts5", True)
    assert [column.name for column in table.columns] == ["title", "body"]
    assert table.options == ("title", "body UNINDEXED", "tokenize = 'porter ascii'")
    assert table_of("CREATE VIRTUAL TABLE v USING unknown(a)").columns == ()


def test_ten_thousand_columns() -> None:
    table = table_of("CREATE TABLE t (" + ",".join(f"c{number} INT NOT NULL" for number in range(10_000)) + ")")
    assert len(table.columns) == 10_000
    assert isinstance(table.columns[-1], Column)


@pytest.mark.parametrize(
    "text",
    [
        "CREATE UNIQUE INDEX IF NOT EXISTS i ON t (a COLLATE NOCASE DESC, lower(b)) WHERE a IS NOT NULL",
        "create index main.i on t ('a', \"b\" asc)",
        "CREATE INDEX i ON t ((a), b + 1)",
    ],
)
def test_an_index_is_read_as_sqlite_reads_it(text: str) -> None:
    (statement,) = parse(text)
    (index,) = statement.operations
    assert isinstance(index, CreateIndex)
    connection = executed("CREATE TABLE t (a, b)")
    connection.execute(text)
    ((_, _, unique, _, partial),) = connection.execute("PRAGMA index_list(t)").fetchall()
    rows = connection.execute("PRAGMA index_xinfo(i)").fetchall()
    assert (index.unique, index.where is not None) == (bool(unique), bool(partial))
    assert [element.column for element in index.elements] == [row[2] for row in rows if row[5]]
    assert [element.descending for element in index.elements] == [bool(row[3]) for row in rows if row[5]]
