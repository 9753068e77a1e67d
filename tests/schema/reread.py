"""Scripts over SQLite's triggers and expressions that mention columns which are not there, with what SQLite says."""

from __future__ import annotations

from .cases import Case

T = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT); CREATE TABLE u (id INTEGER PRIMARY KEY, t_id INT);"
OTHERS = T + "CREATE TABLE o (x INT, y INT);"
GONE = "undefined_column"
HELD = "dependent_objects_still_exist"


def on_u(body: str, when: str = "AFTER INSERT") -> str:
    return f"CREATE TRIGGER g {when} ON u BEGIN {body}; END;"


def held(name: str, setup: str, column: str = "b") -> Case:
    return Case(f"drop column: {name}", setup, f"ALTER TABLE t DROP COLUMN {column};", HELD, HELD)


def dropped(name: str, setup: str) -> Case:
    return Case(f"drop column: {name}", setup, "ALTER TABLE t DROP COLUMN b;", None, GONE)


def broken(name: str, setup: str) -> Case:
    return Case(f"rename another: {name}", OTHERS + setup, "ALTER TABLE o RENAME TO o2;", GONE, GONE)


def whole(name: str, setup: str) -> Case:
    return Case(f"rename another: {name}", OTHERS + setup, "ALTER TABLE o RENAME TO o2;", None, "undefined_table")


def fired(name: str, setup: str, script: str) -> Case:
    return Case(f"fire: {name}", OTHERS + setup, script, GONE, GONE)


LEGACY = "PRAGMA legacy_alter_table = ON;"
REBUILD = "CREATE TABLE n (id INTEGER PRIMARY KEY, a INT); DROP TABLE t; ALTER TABLE n RENAME TO t;"

SQLITE = [
    held("its trigger's body", T + "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE u SET t_id = new.b; END;"),
    held("its trigger's condition", T + "CREATE TRIGGER g AFTER UPDATE ON t WHEN old.b > 1 BEGIN SELECT 1; END;"),
    held("another's trigger reads it", T + on_u("DELETE FROM t WHERE b = new.t_id")),
    held("another's trigger reads it in a query", T + on_u("UPDATE u SET t_id = (SELECT max(q.b) FROM t AS q)")),
    held("another's trigger reads it beside its own", T + on_u("UPDATE u SET t_id = (SELECT max(b) FROM t)")),
    held(
        "it has another name in a trigger that reads two tables",
        T
        + on_u("UPDATE u SET t_id = (SELECT max(b) FROM t)")
        + "ALTER TABLE t RENAME b TO c; ALTER TABLE t RENAME TO s;"
        "ALTER TABLE s RENAME TO t;",
        "c",
    ),
    dropped("it may be the other table's", T + "ALTER TABLE u ADD b;" + on_u("UPDATE u SET t_id = (SELECT b FROM t)")),
    held("the target of an upsert", T + on_u("INSERT INTO t (a) VALUES (1) ON CONFLICT (b) DO NOTHING")),
    held(
        "the other row of an upsert",
        T + on_u("INSERT INTO t (a) VALUES (1) ON CONFLICT (id) DO UPDATE SET a = excluded.b"),
    ),
    held(
        "a trigger that a rename has carried along",
        T + on_u("DELETE FROM t WHERE t.b = new.t_id") + "ALTER TABLE t RENAME COLUMN b TO c;",
        "c",
    ),
    held(
        "a trigger that renames of all have carried along",
        "CREATE TABLE s (id INTEGER PRIMARY KEY, z INT);"
        "CREATE TRIGGER g AFTER UPDATE OF z ON s BEGIN UPDATE s SET z = 1 WHERE z = old.z; END;"
        "ALTER TABLE s RENAME TO t; ALTER TABLE t RENAME COLUMN z TO b;",
    ),
    held("a generated column", "CREATE TABLE t (a INT, b INT, c INT AS (b + 1));"),
    dropped("what a trigger merely sets", T + on_u("UPDATE t SET b = 1; INSERT INTO t (b) VALUES (2)")),
    dropped(
        "what an upsert merely sets", T + on_u("INSERT INTO t (a) VALUES (1) ON CONFLICT (id) DO UPDATE SET b = 1")
    ),
    dropped("what a trigger merely waits for", T + "CREATE TRIGGER g AFTER UPDATE OF b ON t BEGIN DELETE FROM u; END;"),
    dropped("what may be a string", T + on_u('UPDATE t SET a = "b"') + 'CREATE VIEW v AS SELECT "b" FROM t;'),
    Case(
        "drop column: a view and a trigger under the old rules",
        T + "CREATE VIEW v AS SELECT b FROM t;" + on_u("DELETE FROM t WHERE t.b = 1"),
        f"{LEGACY} ALTER TABLE t DROP COLUMN b;",
        None,
        GONE,
    ),
    broken("a trigger reads what is not there", on_u("UPDATE t SET a = new.nope")),
    broken(
        "a trigger waits for what is not there", "CREATE TRIGGER g AFTER INSERT ON u WHEN new.nope BEGIN SELECT 1; END;"
    ),
    broken("a trigger reads the other table", on_u("UPDATE t SET a = t_id")),
    broken(
        "a table was made anew",
        on_u("DELETE FROM t WHERE b = 1") + LEGACY + REBUILD + "PRAGMA legacy_alter_table = OFF;",
    ),
    broken("neither table has it", on_u("UPDATE u SET t_id = (SELECT max(nope) FROM t)")),
    whole("a sub-query has it", on_u("UPDATE u SET t_id = (SELECT nope FROM (SELECT a AS nope FROM t))")),
    whole("one of two tables has it", on_u("UPDATE u SET t_id = (SELECT max(t_id + a) FROM t)")),
    whole("a trigger sets what is not there", on_u("UPDATE t SET nope = 1; INSERT INTO t (nope) VALUES (1)")),
    whole("a trigger names what may be a string", on_u('UPDATE t SET a = "nope"')),
    whole("a view names what may be a string", 'CREATE VIEW v AS SELECT "nope" FROM t;'),
    Case(
        "rename another: a table was made anew under the old rules",
        T + on_u("DELETE FROM t WHERE b = 1"),
        f"{LEGACY} {REBUILD}",
    ),
    fired("a column that is set", on_u("UPDATE t SET nope = 1"), "INSERT INTO u (t_id) VALUES (1);"),
    fired("a column that is read", on_u("UPDATE t SET a = new.nope"), "INSERT OR IGNORE INTO u (id) SELECT id FROM t;"),
    fired("an update", on_u("UPDATE t SET nope = 1", "AFTER UPDATE OF t_id"), "UPDATE u SET T_ID = 1;"),
    fired("a delete", on_u("UPDATE t SET nope = 1", "BEFORE DELETE"), "DELETE FROM u;"),
    fired(
        "an upsert",
        on_u("UPDATE t SET nope = 1", "AFTER UPDATE"),
        "INSERT INTO u (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET t_id = 1;",
    ),
    fired(
        "a table that was made anew",
        on_u("UPDATE t SET b = 1"),
        f"{LEGACY} {REBUILD} INSERT INTO u (t_id) VALUES (1);",
    ),
    Case(
        "fire: a table that is gone",
        T + on_u("DELETE FROM t") + "DROP TABLE t;",
        "INSERT INTO u (t_id) VALUES (1);",
        "undefined_table",
        "undefined_table",
    ),
    Case("fire: another column", T + on_u("UPDATE t SET nope = 1", "AFTER UPDATE OF t_id"), "UPDATE u SET id = id;"),
    Case("fire: another event", T + on_u("UPDATE t SET nope = 1"), "DELETE FROM u; UPDATE u SET id = 1;"),
    Case("a query reads what may be a string", T, 'INSERT INTO u (t_id) SELECT "nope" FROM t;'),
    Case("a query reads what is no string", T, "INSERT INTO u (t_id) SELECT [nope] FROM t;", GONE, GONE),
    Case("a query reads both", T, 'INSERT INTO u (t_id) SELECT "nope" FROM t WHERE nope > 1;', GONE, GONE),
    Case("index where", T, "CREATE INDEX i ON t (a) WHERE nope > 1;", GONE, GONE),
    Case("index on an expression", T, "CREATE INDEX i ON t (lower(nope));", GONE, GONE),
    Case("index where with a string", T, 'CREATE INDEX IF NOT EXISTS i ON t (A) WHERE "nope" > 1 AND B IS NOT TRUE;'),
    Case("check", "", "CREATE TABLE t (a INT, CHECK (nope > 1));", GONE, GONE),
    Case(
        "check on itself",
        "",
        'CREATE TABLE IF NOT EXISTS t (A INT CHECK (a > 1 AND t.a < 5 AND rowid > 0 AND "x" = 1));',
    ),
    Case("generated", "", "CREATE TABLE t (a INT, b INT AS (nope + 1));", GONE, GONE),
    Case("add column with a check", T, "ALTER TABLE t ADD COLUMN c INT CHECK (nope > 0);", GONE, GONE),
    Case("add generated column", T, "ALTER TABLE t ADD COLUMN c INT AS (nope);", GONE, GONE),
]
