"""Statements other than `CREATE TABLE`, each as the operation that it is."""

from __future__ import annotations

import pytest

from miglint.base.model import Span
from miglint.sql.operations import (
    AddColumn,
    AddConstraint,
    ColumnUse,
    CreateTrigger,
    CreateView,
    Delete,
    Drop,
    DropColumn,
    DropConstraint,
    Insert,
    Maintenance,
    Name,
    Opaque,
    Operation,
    Pragma,
    Query,
    Rename,
    RenameColumn,
    Select,
    SetNullable,
    Transaction,
    Update,
)
from miglint.sql.sqlite import parse

T, U, V = Name(None, "t"), Name(None, "u"), Name(None, "v")


def only(text: str) -> Operation:
    (statement,) = parse(text)
    assert statement.problem is None, statement.problem
    (operation,) = statement.operations
    return operation


def whole(text: str) -> Span:
    return Span(0, len(text))


def clause(text: str, part: str) -> Span:
    start = text.index(part)
    return Span(start, start + len(part))


def query_of(text: str) -> Query:
    operation = only(text)
    assert isinstance(operation, Select), operation
    return operation.query


# --- statements and their places --------------------------------------------------------------------------------------


def test_spans_count_from_the_start_of_the_file() -> None:
    text = "-- first\nDROP TABLE t ; /* ; */\n\n ;\nALTER TABLE t\n  ADD a INT -- no\n  NOT NULL;;"
    one, two = parse(text, 100)
    assert (one.kind, text[one.span.start - 100 : one.span.end - 100]) == ("drop table", "DROP TABLE t")
    (add,) = two.operations
    assert text[add.span.start - 100 : add.span.end - 100] == "ADD a INT -- no\n  NOT NULL"
    assert text[two.span.start - 100 : two.span.end - 100].startswith("ALTER TABLE t\n")


def test_an_empty_script_has_no_statements() -> None:
    assert parse("") == parse(" ; -- nothing\n;/* at all") == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("CREATE TEMP TABLE t (a)", "create table"),
        ("CREATE UNIQUE INDEX i ON t (a)", "create index"),
        ("CREATE VIRTUAL TABLE f USING fts5(a)", "create table"),
        ("WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", "insert"),
        ("pragma foreign_keys", "pragma"),
        ("EXPLAIN SELECT 1", "explain"),
    ],
)
def test_kinds(text: str, kind: str) -> None:
    assert [statement.kind for statement in parse(text)] == [kind]


# --- tables -----------------------------------------------------------------------------------------------------------


def test_alter_table() -> None:
    text = "ALTER TABLE main.t RENAME TO 'new one'"
    expected = Rename(span=clause(text, "RENAME TO 'new one'"), kind="table", name=Name("main", "t"), new="new one")
    assert only(text) == expected
    text = "alter table t rename a to [b]"
    assert only(text) == RenameColumn(span=clause(text, "rename a to [b]"), table=T, column="a", new="b")
    text = "ALTER TABLE t RENAME COLUMN a TO b"
    assert only(text) == RenameColumn(span=clause(text, "RENAME COLUMN a TO b"), table=T, column="a", new="b")
    text = "ALTER TABLE t DROP a"
    assert only(text) == DropColumn(span=clause(text, "DROP a"), table=T, column="a")
    text = "ALTER TABLE t ADD COLUMN a INT NOT NULL DEFAULT 0 REFERENCES u"
    add = only(text)
    assert isinstance(add, AddColumn)
    assert (add.column.name, add.column.nullable, str(add.column.type)) == ("a", False, "INT")
    assert [(key.kind, key.table) for key in add.constraints] == [("foreign", U)]


def test_alter_table_since_3_53() -> None:
    text = "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) ON CONFLICT IGNORE"
    add = only(text)
    assert isinstance(add, AddConstraint)
    assert (add.constraint.name, add.constraint.columns, add.constraint.on_conflict) == ("c", ("a",), "ignore")
    assert add.span == clause(text, "ADD CONSTRAINT c CHECK (a > 0) ON CONFLICT IGNORE")
    text = "ALTER TABLE t DROP CONSTRAINT c"
    assert only(text) == DropConstraint(span=clause(text, "DROP CONSTRAINT c"), table=T, constraint="c")
    text = "ALTER TABLE t ALTER COLUMN a SET NOT NULL"
    action = clause(text, "ALTER COLUMN a SET NOT NULL")
    assert only(text) == SetNullable(span=action, table=T, column="a", nullable=False)
    text = "ALTER TABLE t ALTER a DROP NOT NULL"
    assert only(text) == SetNullable(span=clause(text, "ALTER a DROP NOT NULL"), table=T, column="a", nullable=True)


@pytest.mark.parametrize("kind", ["table", "index", "view", "trigger"])
def test_drop(kind: str) -> None:
    text = f"DROP {kind.upper()} IF EXISTS main.x"
    assert only(text) == Drop(span=whole(text), kind=kind, name=Name("main", "x"), if_exists=True)


# --- views and triggers -----------------------------------------------------------------------------------------------


def test_view() -> None:
    text = "CREATE TEMP VIEW IF NOT EXISTS v (x, y) AS SELECT t.a, count(*) FROM t GROUP BY t.a"
    view = only(text)
    assert isinstance(view, CreateView)
    assert (view.name, view.columns, view.temporary, view.if_not_exists) == (V, ("x", "y"), True, True)
    assert view.query.relations == (T,)
    assert view.query.text == "SELECT t.a, count(*) FROM t GROUP BY t.a"


def test_trigger() -> None:
    text = """CREATE TRIGGER g AFTER UPDATE OF a, b ON t WHEN NEW.a > OLD.a BEGIN
        UPDATE u SET n = n + 1, m = CASE WHEN n > 1 THEN 1 ELSE 2 END WHERE id = NEW.c;
        INSERT INTO v (x) SELECT y FROM w;
        SELECT RAISE(ABORT, 'no');
    END"""
    (statement, following) = parse(text + ";\nDROP TABLE t")
    assert (statement.kind, following.kind) == ("create trigger", "drop table")
    (trigger,) = statement.operations
    assert isinstance(trigger, CreateTrigger)
    assert (trigger.name, trigger.table, trigger.columns, trigger.span) == ("g", T, ("a", "b"), whole(text))
    assert trigger.relations == (U, V, Name(None, "w"))
    assert {ColumnUse(T, "a"), ColumnUse(T, "c"), ColumnUse(U, "n")} <= set(trigger.uses)
    assert trigger.targets == (ColumnUse(U, "n"), ColumnUse(U, "m"), ColumnUse(V, "x"))
    assert trigger.event == "update"
    assert trigger.definition.startswith("after UPDATE of a , b WHEN new . a > old . a begin UPDATE u SET")
    same = only(text.replace("\n", " ").replace("g AFTER", "other AFTER"))
    assert isinstance(same, CreateTrigger)
    assert same.definition == trigger.definition


# --- data -------------------------------------------------------------------------------------------------------------


def insert_of(text: str) -> Insert:
    operation = only(text)
    assert isinstance(operation, Insert), operation
    return operation


def test_insert_values() -> None:
    insert = insert_of("INSERT INTO t (a, b, c, d) VALUES (1, 'it''s', NULL, abs(-2)), (-3, x'00', TRUE, (4))")
    assert (insert.table, insert.columns) == (T, ("a", "b", "c", "d"))
    assert insert.rows is not None
    assert [[value.key if value else None for value in row] for row in insert.rows] == [
        ["1", "'it''s'", "null", None],
        ["- 3", "X'00'", "true", "4"],
    ]
    assert insert.rows[0][1] is not None
    assert insert.rows[0][1].literal == "it's"


@pytest.mark.parametrize(
    ("text", "conflict", "columns"),
    [
        ("INSERT INTO t VALUES (1)", None, ()),
        ("INSERT OR REPLACE INTO t VALUES (1)", "replace", ()),
        ("REPLACE INTO t VALUES (1)", "replace", ()),
        ("INSERT OR IGNORE INTO t DEFAULT VALUES", "ignore", ()),
        ("INSERT OR ABORT INTO t VALUES (1)", None, ()),
        ("INSERT INTO t AS x (a) VALUES (1) ON CONFLICT DO NOTHING", "nothing", ()),
        (
            "INSERT INTO t (a) VALUES (1) ON CONFLICT (a, b) WHERE a > 0 DO UPDATE SET a = excluded.a WHERE a < 5",
            "update",
            ("a", "b"),
        ),
    ],
)
def test_insert_conflicts(text: str, conflict: str | None, columns: tuple[str, ...]) -> None:
    insert = insert_of(text)
    assert (insert.conflict, insert.conflict_columns, insert.query) == (conflict, columns, None)


def test_insert_select() -> None:
    insert = insert_of("INSERT INTO t (a, b) SELECT x, y AS z FROM u WHERE x > 0 RETURNING a")
    assert insert.query is not None
    assert (insert.rows, insert.anti_join) == (None, False)
    assert (insert.query.relations, insert.query.outputs) == ((U,), ("x", "z"))
    assert insert.query.uses == (ColumnUse(U, "x"), ColumnUse(U, "y"))


@pytest.mark.parametrize(
    ("source", "anti"),
    [
        ("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM t WHERE a = 1)", True),
        ("SELECT a FROM u WHERE a NOT IN (SELECT a FROM t)", True),
        ("SELECT u.a FROM u LEFT JOIN t ON t.a = u.a WHERE t.a IS NULL", True),
        ("SELECT a FROM u EXCEPT SELECT a FROM t", True),
        ("SELECT a FROM u WHERE NOT EXISTS (SELECT 1 FROM v WHERE v.a = u.a)", False),
        ("SELECT a FROM t", False),
    ],
)
def test_insert_of_what_is_not_there(source: str, anti: bool) -> None:
    assert insert_of(f"INSERT INTO t (a) {source}").anti_join is anti


def test_update_and_delete() -> None:
    text = "UPDATE OR IGNORE t AS x SET a = a + 1, b = (SELECT max(n) FROM u), (c, d) = (1, 2) WHERE x.a > 0"
    update = only(text)
    assert isinstance(update, Update)
    assert [(name, value.key if value else None) for name, value in update.assignments] == [
        ("a", "a + 1"),
        ("b", None),
        ("c", None),
        ("d", None),
    ]
    assert update.where is not None
    assert (update.where.key, update.relations, update.table) == ("x . a > 0", (U,), T)
    update = only("UPDATE t SET a = u.a FROM u WHERE u.b = t.b")
    assert isinstance(update, Update)
    assert update.relations == (U,)
    delete = only("DELETE FROM t WHERE a IN (SELECT a FROM u)")
    assert isinstance(delete, Delete)
    assert (delete.table, delete.relations) == (T, (U,))
    assert only("DELETE FROM t") == Delete(span=whole("DELETE FROM t"), table=T)


# --- queries ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "relations", "outputs"),
    [
        ("SELECT * FROM t, u AS x JOIN v USING (a)", (T, U, V), ("*",)),
        (
            "SELECT t.*, u.a b, 1 + 1, (SELECT 1), max(a) AS 'm' FROM t LEFT JOIN u ON t.a = u.a",
            (T, U),
            ("*", "b", None, None, "m"),
        ),
        ("VALUES (1, 2), (3, 4)", (), ("column1", "column2")),
        ("WITH w (n) AS (SELECT a FROM t), x AS (SELECT n FROM w) SELECT n FROM x", (T,), ("n",)),
        ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r", (), ("n",)),
        (
            "SELECT a FROM (SELECT a FROM t WHERE b IN (SELECT c FROM u)) AS s UNION SELECT b FROM v ORDER BY 1",
            (T, U, V),
            ("a",),
        ),
        ("SELECT a IS NOT DISTINCT FROM b FROM t", (T,), (None,)),
        ("SELECT a FROM t WHERE b IN u", (T, U), ("a",)),
        ("SELECT value FROM json_each('[]'), (t JOIN u)", (T, U), ("value",)),
    ],
)
def test_queries(text: str, relations: tuple[Name, ...], outputs: tuple[str | None, ...]) -> None:
    query = query_of(text)
    assert set(query.relations) == set(relations)
    assert query.outputs == outputs


def test_columns_find_their_relations() -> None:
    query = query_of("SELECT x.a, b, c AS d FROM t AS x JOIN main.u y ON x.id = y.id WHERE d > 0 ORDER BY d")
    main = Name("main", "u")
    assert query.relations == (T, main)
    assert set(query.uses) == {
        ColumnUse(T, "a"),
        ColumnUse(None, "b"),
        ColumnUse(None, "c"),
        ColumnUse(T, "id"),
        ColumnUse(main, "id"),
    }
    query = query_of("SELECT a, sum(b) OVER (PARTITION BY c ORDER BY d ROWS 1 PRECEDING), CAST(e AS VARCHAR(3)) FROM t")
    assert set(query.uses) == {ColumnUse(T, name) for name in "abcde"}
    assert query.functions == (Name(None, "sum"),)
    assert query.types == (Name(None, "VARCHAR(3)"),)
    assert query_of("SELECT s.n FROM (SELECT a AS n FROM t) AS s").uses == (ColumnUse(T, "a"),)
    stars = query_of("SELECT u.*, v.a FROM t JOIN u JOIN v").stars
    assert stars == (U,)


# --- the session ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "action", "name"),
    [
        ("BEGIN", "begin", None),
        ("BEGIN IMMEDIATE TRANSACTION", "begin", None),
        ("COMMIT", "commit", None),
        ("END TRANSACTION", "commit", None),
        ("ROLLBACK", "rollback", None),
        ("SAVEPOINT s", "savepoint", "s"),
        ("RELEASE SAVEPOINT s", "release", "s"),
        ("ROLLBACK TRANSACTION TO SAVEPOINT s", "rollback to", "s"),
    ],
)
def test_transactions(text: str, action: str, name: str | None) -> None:
    assert only(text) == Transaction(span=whole(text), action=action, name=name)


@pytest.mark.parametrize(
    ("text", "name", "value", "schema"),
    [
        ("PRAGMA foreign_keys = OFF", "foreign_keys", "OFF", None),
        ("PRAGMA Foreign_Keys(0)", "foreign_keys", "0", None),
        ("PRAGMA main.user_version = -5", "user_version", "-5", "main"),
        ("PRAGMA table_info('t')", "table_info", "t", None),
        ("PRAGMA foreign_key_check", "foreign_key_check", None, None),
    ],
)
def test_pragmas(text: str, name: str, value: str | None, schema: str | None) -> None:
    assert only(text) == Pragma(span=whole(text), name=name, value=value, schema=schema)


@pytest.mark.parametrize(
    ("text", "kind", "target"),
    [
        ("VACUUM", "vacuum", None),
        ("ANALYZE main.t", "analyze", Name("main", "t")),
        ("REINDEX t", "reindex", T),
        ("ATTACH DATABASE 'other.db' AS other", "attach", Name(None, "other")),
        ("DETACH other", "detach", Name(None, "other")),
        ("EXPLAIN QUERY PLAN SELECT 1", "explain", None),
    ],
)
def test_maintenance(text: str, kind: str, target: Name | None) -> None:
    assert only(text) == Maintenance(span=whole(text), kind=kind, target=target)


def test_what_is_too_deep_is_opaque() -> None:
    text = "SELECT " + "(SELECT " * 80 + "1" + ")" * 80
    (statement,) = parse(text)
    (operation,) = statement.operations
    assert isinstance(operation, Opaque)
    assert not operation.schema_effect
    assert operation.reason == "queries are nested too deeply to be read"


@pytest.mark.parametrize(
    "text",
    ["SELECT a FROM t ORDER BY a NULLS LAST", "SELECT group_concat(a, ',' ORDER BY a DESC NULLS FIRST) FROM t"],
)
def test_where_nulls_are_sorted_is_no_column(text: str) -> None:
    assert set(query_of(text).uses) == {ColumnUse(T, "a")}
