"""Ways to lose something in the rebuild of an SQLite table, each with rows, on the engine.

Each case runs with foreign keys enforced and not, inside of a transaction and outside; then the rollback runs again.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from miglint.base.model import Dialect
from miglint.dryrun.sqlite.catalog import read_schema
from miglint.dryrun.sqlite.library import ApswConnection, StandardConnection
from miglint.dryrun.sqlite.text import canonical
from miglint.replay.apply import run
from miglint.replay.steps import empty_schema
from miglint.schema.diff import diff
from miglint.sql.sqlite.judge import accepts
from miglint.sql.sqlite.tokens import pieces
from miglint.writer.reading import read
from miglint.writer.renames import Renames
from miglint.writer.transition import write_transition


class Case(NamedTuple):
    """A schema with rows, a forward, and the queries whose results the rollback has to restore."""

    before: str
    forward: str
    queries: tuple[str, ...]
    restores: str = "exact"


_PARENT = "CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO p VALUES (1, 'a'), (2, 'b'), (7, NULL);"
_WIDER = "ALTER TABLE p ADD COLUMN extra TEXT;"
_CHILD = (
    "CREATE TABLE c (id INTEGER PRIMARY KEY, p INT REFERENCES p (id) {}); INSERT INTO c VALUES (1, 1), (2, 2), (3, "
    "2), (4, NULL);"
)

CASES = {
    "1: rows of children cascade": Case(
        _PARENT + _CHILD.format("ON DELETE CASCADE"), _WIDER, ("SELECT * FROM p", "SELECT * FROM c")
    ),
    "1: rows of children lose what they refer to": Case(
        _PARENT + _CHILD.format("ON DELETE SET NULL"), _WIDER, ("SELECT * FROM p", "SELECT * FROM c")
    ),
    "1: rows of children get a default": Case(
        _PARENT + "CREATE TABLE c (p INT DEFAULT 7 REFERENCES p ON DELETE SET DEFAULT); INSERT INTO c VALUES (1), (2);",
        _WIDER,
        ("SELECT * FROM c",),
    ),
    "1: children refuse the deletion": Case(
        _PARENT + _CHILD.format("ON DELETE RESTRICT"), _WIDER, ("SELECT * FROM p", "SELECT * FROM c")
    ),
    "1: children with immediate keys": Case(
        _PARENT + _CHILD.format(""), _WIDER, ("SELECT * FROM p", "SELECT * FROM c")
    ),
    "2: updates cascade too, over two generations": Case(
        _PARENT
        + _CHILD.format("ON DELETE CASCADE ON UPDATE CASCADE")
        + "CREATE TABLE g (c INT REFERENCES c (id) ON DELETE CASCADE ON UPDATE CASCADE); INSERT INTO g VALUES (1), "
          "(3);"
        "CREATE TABLE l (what); CREATE TRIGGER tc AFTER DELETE ON c BEGIN INSERT INTO l VALUES ('deleted'); END;"
        "CREATE TRIGGER uc AFTER UPDATE ON c BEGIN INSERT INTO l VALUES ('updated'); END;",
        _WIDER,
        ("SELECT * FROM p", "SELECT * FROM c", "SELECT * FROM g", "SELECT * FROM l"),
    ),
    "2: keys of text, of several columns, and triggers of the parent": Case(
        "CREATE TABLE p (a TEXT, b BLOB UNIQUE, v, PRIMARY KEY (a, v)); INSERT INTO p VALUES ('x', x'00', 1), ('y', "
        "x'01', 2);"
        "CREATE TABLE c (a, v, FOREIGN KEY (a, v) REFERENCES p ON DELETE CASCADE); INSERT INTO c VALUES ('x', 1), "
        "(NULL, 2);"
        "CREATE TABLE d (b REFERENCES p (b) ON DELETE CASCADE); INSERT INTO d VALUES (x'01');"
        "CREATE TABLE l (a); CREATE TRIGGER u AFTER UPDATE ON p BEGIN INSERT INTO l VALUES (NEW.a); END;",
        _WIDER,
        ("SELECT * FROM p", "SELECT * FROM c", "SELECT * FROM d", "SELECT * FROM l"),
    ),
    "2: a key under a check": Case(
        "CREATE TABLE p (id TEXT PRIMARY KEY CHECK (length(id) = 1)); INSERT INTO p VALUES ('x');"
        "CREATE TABLE c (p REFERENCES p ON DELETE CASCADE); INSERT INTO c VALUES ('x');",
        _WIDER,
        ("SELECT * FROM p", "SELECT * FROM c"),
    ),
    "3: a table that refers to itself": Case(
        "CREATE TABLE p (id INTEGER PRIMARY KEY, up INT REFERENCES p ON DELETE CASCADE); INSERT INTO p VALUES (1, "
        "NULL), (2, 1), (3, 2);",
        _WIDER,
        ("SELECT * FROM p",),
    ),
    "3: tables that refer to each other": Case(
        "CREATE TABLE p (id INTEGER PRIMARY KEY, c INT REFERENCES c ON DELETE CASCADE);"
        "CREATE TABLE c (id INTEGER PRIMARY KEY, p INT REFERENCES p ON DELETE CASCADE);"
        "INSERT INTO p VALUES (1, NULL); INSERT INTO c VALUES (5, 1); UPDATE p SET c = 5;",
        _WIDER + "ALTER TABLE c ADD COLUMN extra;",
        ("SELECT * FROM p", "SELECT * FROM c"),
    ),
    "4: triggers": Case(
        "CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT, at TEXT); INSERT INTO p VALUES (1, 'a', 'never');"
        "CREATE TRIGGER tr AFTER UPDATE OF name ON p WHEN NEW.name <> ';END' BEGIN UPDATE p SET at = 'now'; END;",
        _WIDER,
        ("SELECT * FROM p", "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"),
    ),
    "5: views, and triggers of other tables": Case(
        _PARENT + "CREATE TABLE o (a); CREATE VIEW v AS SELECT name FROM p; CREATE VIEW w AS SELECT * FROM v;"
        "CREATE TRIGGER tr AFTER INSERT ON o BEGIN DELETE FROM p WHERE id = NEW.a; END;"
        "CREATE TRIGGER tv INSTEAD OF INSERT ON v BEGIN INSERT INTO p (name) VALUES (NEW.name); END;",
        "DROP VIEW v;" + _WIDER + "CREATE VIEW v AS SELECT name, extra FROM p;",
        ("SELECT * FROM w", "SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY 1"),
    ),
    "5: a view that is broken already": Case(
        _PARENT + "CREATE VIEW v AS SELECT * FROM nowhere;", _WIDER, ("SELECT * FROM p",)
    ),
    "6: keys of children keep their table": Case(
        _PARENT + _CHILD.format(""),
        "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT ''); INSERT INTO n SELECT id, "
        "coalesce(name, '') FROM p;"
        "PRAGMA foreign_keys = OFF; DROP TABLE p; ALTER TABLE n RENAME TO p;",
        ("SELECT id FROM p", "SELECT * FROM c", "SELECT sql FROM sqlite_master WHERE name = 'c'"),
        "schema_only",
    ),
    "7: constraints with and without names": Case(
        "CREATE TABLE o (x INT, y INT, UNIQUE (x, y)); INSERT INTO o VALUES (1, 2);"
        "CREATE TABLE p (a INT CHECK (a > 0) CONSTRAINT u UNIQUE ON CONFLICT REPLACE, b INT CONSTRAINT nn NOT NULL "
        "ON CONFLICT FAIL,"
        " CONSTRAINT big CHECK (b < 100), CHECK (a < b), UNIQUE (b COLLATE NOCASE DESC), PRIMARY KEY (a, b) ON "
        "CONFLICT IGNORE,"
        " FOREIGN KEY (a, b) REFERENCES o (x, y) DEFERRABLE INITIALLY DEFERRED); INSERT INTO p VALUES (1, 2);",
        _WIDER,
        ("SELECT * FROM p",),
    ),
    "8: indexes": Case(
        _PARENT + "CREATE INDEX i ON p (name COLLATE NOCASE DESC, id); CREATE UNIQUE INDEX j ON p (lower(name), id "
                  "+ 1) WHERE id > 1;",
        _WIDER,
        ("SELECT * FROM p WHERE id > 1 ORDER BY lower(name)",),
    ),
    "9: generated columns": Case(
        "CREATE TABLE p (a INT, v INT AS (a * 2), s TEXT GENERATED ALWAYS AS ('<' || a || '>') STORED, b); INSERT "
        "INTO p (a, b) VALUES (1, 2), (3, 4);",
        "ALTER TABLE p DROP COLUMN v; " + _WIDER,
        ("SELECT * FROM p",),
    ),
    "10: numbers go on": Case(
        "CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT, a); INSERT INTO p (a) VALUES (1), (2), (3); DELETE "
        "FROM p WHERE id > 1;"
        "CREATE TABLE e (id INTEGER PRIMARY KEY AUTOINCREMENT, a); INSERT INTO e (a) VALUES (1); DELETE FROM e;",
        _WIDER + "ALTER TABLE e ADD COLUMN x;",
        ("SELECT * FROM sqlite_sequence ORDER BY name", "SELECT * FROM p"),
    ),
    "10: AUTOINCREMENT comes back": Case(
        "CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT, a); INSERT INTO p (a) VALUES (1), (2);",
        "CREATE TABLE n (id INTEGER PRIMARY KEY, a); INSERT INTO n SELECT * FROM p; DROP TABLE p; ALTER TABLE n "
        "RENAME TO p;",
        ("SELECT * FROM sqlite_sequence", "SELECT * FROM p"),
    ),
    "11: collations": Case(
        "CREATE TABLE p (name TEXT COLLATE NOCASE PRIMARY KEY); INSERT INTO p VALUES ('A');"
        "CREATE TABLE c (p TEXT COLLATE NOCASE REFERENCES p ON DELETE CASCADE); INSERT INTO c VALUES ('a');",
        _WIDER + "ALTER TABLE c ADD COLUMN extra;",
        ("SELECT * FROM c JOIN p ON c.p = p.name",),
    ),
    "12: the table as it stands": Case(
        "CREATE TABLE p (id INTEGER PRIMARY KEY); ALTER TABLE p ADD COLUMN later TEXT DEFAULT 'x'; INSERT INTO p "
        "VALUES (1, 'y');"
        "ALTER TABLE p RENAME COLUMN later TO last; CREATE INDEX i ON p (last);",
        _WIDER,
        ("SELECT id, last FROM p",),
    ),
    "13: values keep their storage class": Case(
        "CREATE TABLE p (j JSON, n NUMERIC, b BLOB, a, i INT, r REAL, d DATETIME);"
        """INSERT INTO p VALUES ('{"a": 1}', '1.50', x'00', '007', 'word', 3, '2020-01-01'), (NULL, 1e300, 'text', """
        """x'31', 9007199254740993, 'x', 1.0);""",
        _WIDER,
        ("SELECT *, typeof(j), typeof(n), typeof(b), typeof(a), typeof(i), typeof(r), typeof(d) FROM p",),
    ),
    "13: STRICT and WITHOUT ROWID": Case(
        "CREATE TABLE p (k ANY, v BLOB, PRIMARY KEY (k)) STRICT, WITHOUT ROWID; INSERT INTO p VALUES ('001', "
        "x'01'), (1, NULL);",
        _WIDER,
        ("SELECT *, typeof(k) FROM p ORDER BY typeof(k)",),
    ),
    "14: a column that goes stays while it is there": Case(
        "CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INT DEFAULT 3, k TEXT NOT NULL UNIQUE);"
        "INSERT INTO p VALUES (1, 'x', 5, 'k1'), (2, 'y', NULL, 'k2');",
        "ALTER TABLE p DROP COLUMN a; ALTER TABLE p DROP COLUMN b;",
        ("SELECT id, k FROM p",),
        "schema_only",
    ),
    "15: the parent is rebuilt with the child": Case(
        _PARENT + _CHILD.format("ON DELETE CASCADE"),
        _WIDER + "ALTER TABLE c ADD COLUMN extra;",
        ("SELECT * FROM p", "SELECT * FROM c"),
    ),
    "15: the child's parent goes": Case(
        "CREATE TABLE c (id INTEGER PRIMARY KEY, p INT); INSERT INTO c VALUES (1, 1);",
        "CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1);"
        "CREATE TABLE n (id INTEGER PRIMARY KEY, p INT REFERENCES p ON DELETE CASCADE); INSERT INTO n SELECT * FROM "
        "c; DROP TABLE c;"
        "ALTER TABLE n RENAME TO c;",
        ("SELECT * FROM c",),
    ),
    "a parent's key is an index": Case(
        "CREATE TABLE p (k TEXT, n); CREATE UNIQUE INDEX pk ON p (k); INSERT INTO p VALUES ('a', 1);"
        "CREATE TABLE c (p REFERENCES p (k) ON DELETE CASCADE); INSERT INTO c VALUES ('a');",
        _WIDER,
        ("SELECT * FROM p", "SELECT * FROM c"),
    ),
    "columns that were renamed": Case(
        "CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT, b TEXT CHECK (A <> 'a')); INSERT INTO p VALUES (1, NULL, "
        "'y'), (2, 'x', NULL);"
        "CREATE INDEX i ON p (lower(a)); CREATE VIEW v AS SELECT a FROM p; CREATE TABLE c (p INT REFERENCES p (id));",
        "ALTER TABLE p RENAME COLUMN a TO first; ALTER TABLE p RENAME COLUMN id TO number;",
        ("SELECT id, a, b FROM p", "SELECT a FROM v"),
    ),
    "names that need quotes": Case(
        """CREATE TABLE "Odd "" name" ("select" INT, "a b" TEXT DEFAULT 'it''s', [c] "varchar(3)"); INSERT INTO """
        """"Odd "" name" VALUES (1, 'x', 'y');""",
        """ALTER TABLE "Odd "" name" ADD COLUMN "to";""",
        ('SELECT * FROM "Odd "" name"',),
    ),
}  # fmt: skip


def statements(sql):
    return [sql[start:end] for start, end in pieces(sql)]


def opened(kind, sql, *, enforced):
    db = kind()
    for text in statements(sql):
        db.rows(text)
    db.rows(f"PRAGMA foreign_keys = {'ON' if enforced else 'OFF'}")
    return db


def execute(db, sql, *, transaction=False):
    texts = statements(sql)
    for text in ["BEGIN", *texts, "COMMIT"] if transaction else texts:
        db.rows(text)
    assert not db.in_transaction


def stored(db):
    rows = db.rows("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY 1, 2")
    return [(kind, name, canonical(sql or "")) for kind, name, sql in rows]


def written(before, forward):
    base = run(empty_schema(Dialect.SQLITE, closed=True), read(before, Dialect.SQLITE))
    assert base.failed is None, base.failed
    done = run(base.schema, read(forward, Dialect.SQLITE))
    assert done.failed is None, done.failed
    return write_transition(done.schema, base.schema, renames=Renames(done.moments))


def rolled_back(before, forward):
    """Yield a database for each number of statements of a forward that have run, all of which are then rolled back."""
    back, parts = written(before, forward), statements(forward)
    for count in range(len(parts) + 1):
        db = opened(StandardConnection, before, enforced=False)
        execute(db, ";".join(parts[:count]))
        execute(db, back.sql)
        assert [name for _, name, _ in stored(db)] == ["p"], count
        yield count, db


@pytest.mark.parametrize("transaction", [False, True], ids=["alone", "inside"])
@pytest.mark.parametrize("enforced", [False, True], ids=["unchecked", "enforced"])
@pytest.mark.parametrize("case", CASES)
def test_nothing_is_lost(case, enforced, transaction):
    before, forward, queries, restores = CASES[case]
    back = written(before, forward)
    assert (back.restores, back.missing) == (restores, ()), back.sql
    for kind in (StandardConnection, ApswConnection):
        db = opened(kind, before, enforced=enforced)
        schema, text, rows = read_schema(db), stored(db), [db.rows(query) for query in queries]
        execute(db, forward)
        db.rows(f"PRAGMA foreign_keys = {'ON' if enforced else 'OFF'}")
        for _ in range(2):
            execute(db, back.sql, transaction=transaction)
            assert not diff(schema, read_schema(db)), back.sql
            assert stored(db) == text, back.sql
            assert [db.rows(query) for query in queries] == rows, back.sql
            assert not enforced or not db.rows("PRAGMA foreign_key_check"), back.sql
        execute(db, forward)


def test_half_a_forward_loses_nothing():
    before = (
        "CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INT); INSERT INTO p VALUES (1, 'x', 5), (2, "
        "'y', 6);"
    )
    forward = (
        "ALTER TABLE p ADD COLUMN c; CREATE TABLE n (id INTEGER PRIMARY KEY, a TEXT, d); INSERT INTO n SELECT id, "
        "a, 1 FROM p;"
        "DROP TABLE p; ALTER TABLE n RENAME TO p; CREATE INDEX i ON p (d);"
    )
    for count, db in rolled_back(before, forward):
        assert db.rows("SELECT id, a FROM p") == [(1, "x"), (2, "y")], count
        if count < 4:
            assert db.rows("SELECT b FROM p") == [(5,), (6,)], count


def test_rows_that_are_not_accepted_stop_the_script():
    before = (
        "CREATE TABLE p (a INT UNIQUE ON CONFLICT REPLACE, b INT NOT NULL ON CONFLICT IGNORE); INSERT INTO p VALUES "
        "(1, 1);"
    )
    forward = "CREATE TABLE n (a INT, b INT); INSERT INTO n SELECT * FROM p; DROP TABLE p; ALTER TABLE n RENAME TO p;"
    back = written(before, forward)
    assert len(back.may_fail) == 2, back.may_fail
    for rows in ("(1, 2)", "(3, NULL)"):
        db = opened(StandardConnection, before, enforced=False)
        execute(db, f"{forward} INSERT INTO p VALUES {rows};")
        with pytest.raises(Exception, match="constraint failed"):
            execute(db, back.sql)
        db.rows("ROLLBACK")
        assert db.rows("SELECT count(*) FROM p") == [(2,)]


def test_a_table_that_was_renamed_is_renamed_back():
    before = _PARENT + _CHILD.format("ON DELETE CASCADE") + "CREATE VIEW v AS SELECT name FROM p;"
    back = written(before, "ALTER TABLE p RENAME TO q;" + _WIDER.replace(" p ", " q "))
    assert back.restores == "exact"
    assert "ALTER TABLE q RENAME TO p;" in back.sql
    db = opened(StandardConnection, before, enforced=True)
    text = stored(db)
    execute(db, "ALTER TABLE p RENAME TO q;" + _WIDER.replace(" p ", " q "))
    execute(db, back.sql)
    assert [name for _, name, _ in stored(db)] == [name for _, name, _ in text]
    assert db.rows("SELECT * FROM c") == [(1, 1), (2, 2), (3, 2), (4, None)]


@pytest.mark.parametrize("version", [(3, 35), (3, 40), (3, 46), (3, 54)])
def test_every_version_takes_the_statements(version):
    for case, (before, forward, _, _) in CASES.items():
        if "STRICT" not in before or version >= (3, 37):
            assert accepts(written(before, forward).sql, 0, version).accepted is not False, case


@pytest.mark.parametrize(
    "forward",
    [
        "CREATE TABLE n AS SELECT * FROM p; DROP TABLE p; CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT, b INT, c);"
        "INSERT INTO p (id, a, b) SELECT id, a, b FROM n; DROP TABLE n;",
        "ALTER TABLE p RENAME TO n; CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT, b INT, c);"
        "INSERT INTO p (id, a, b) SELECT id, a, b FROM n; DROP TABLE n;",
        "ALTER TABLE p RENAME COLUMN a TO x; ALTER TABLE p RENAME COLUMN b TO a; ALTER TABLE p ADD COLUMN c;",
    ],
    ids=["copied away and back", "renamed away and copied back", "columns that swap names"],
)
def test_rows_are_found_wherever_half_a_forward_leaves_them(forward):
    before = (
        "CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INT);INSERT INTO p VALUES (1, 'x', 5), (2, 'y', 6);"
    )
    assert written(before, forward).restores == "exact"
    for count, db in rolled_back(before, forward):
        assert db.rows("SELECT * FROM p") == [(1, "x", 5), (2, "y", 6)], count


def test_a_column_that_comes_and_goes():
    before = "CREATE TABLE p (id INTEGER PRIMARY KEY, a BLOB); INSERT INTO p VALUES (1, x'00');"
    forward = "ALTER TABLE p DROP COLUMN a; ALTER TABLE p ADD COLUMN a BLOB NOT NULL DEFAULT x'01';"
    back = written(before, forward)
    for count, left in ((0, [(1, b"\0")]), (1, [(1, None)]), (2, [(1, b"\1")])):
        db = opened(StandardConnection, before, enforced=False)
        execute(db, ";".join(statements(forward)[:count]))
        execute(db, back.sql)
        assert db.rows("SELECT * FROM p") == left


def test_a_view_comes_back_as_it_was_written():
    before = (
        "CREATE TABLE p (id INTEGER PRIMARY KEY);"
        "CREATE VIEW v AS WITH w AS (SELECT id, 1 AS one FROM p) SELECT * FROM w;"
    )
    assert "CREATE VIEW IF NOT EXISTS v AS WITH" in written(before, "DROP VIEW v;").sql
    named = before.replace("VIEW v AS", "VIEW v (a, b) AS")
    assert "CREATE VIEW IF NOT EXISTS v (a, b) AS WITH" in written(named, "DROP VIEW v;").sql


def test_values_come_back_from_where_a_forward_copied_them():
    before = "CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT, b INT); INSERT INTO p VALUES (1, 'x', 5), (2, NULL, 6);"
    forward = (
        "CREATE TABLE n (id INTEGER PRIMARY KEY, label TEXT, c INT); INSERT INTO n (id, label) SELECT id, a FROM p;"
        "DROP TABLE p; ALTER TABLE n RENAME TO p; UPDATE p SET label = 'z' WHERE id = 2;"
    )
    back = written(before, forward)
    assert [str(item) for item in back.schema_only] == ["p.b"]
    db = opened(StandardConnection, before, enforced=False)
    execute(db, forward)
    for _ in range(2):
        execute(db, back.sql)
        assert db.rows("SELECT id, a FROM p") == [(1, "x"), (2, "z")]


@pytest.mark.parametrize(
    ("one", "two", "copied", "lost"),
    [
        ("a INT", "a TEXT", "a", []),
        ("a TEXT", "a INT", "a", ["the values of p.a stay rewritten as numbers"]),
        ("a", "a TEXT", "a", ["the values of p.a stay rewritten as texts"]),
        ("a REAL", "a TEXT", "a", ["the values of p.a stay rounded to 15 digits"]),
        ("a BLOB", "a TEXT", "a", []),
        ("a INT", "a REAL", '"a"', []),
        ("a TEXT", "a TEXT", "p.a", []),
        ("a TEXT", "a TEXT NOT NULL", "coalesce(a, '')", ["the values of p.a stay as the copy of the table made them"]),
        ("a TEXT", "a TEXT", "upper(a) AS a", ["the values of p.a stay as the copy of the table made them"]),
        ("a TEXT", "a TEXT", "NULL", ["the values of p.a stay as the copy of the table made them"]),
    ],
)
def test_values_that_a_copy_changes_are_named(one, two, copied, lost):
    """What a rebuild computes, and what the affinity of another type makes of values, no rollback can tell."""
    forward = (
        f"CREATE TABLE n (id INTEGER PRIMARY KEY, {two}); INSERT INTO n SELECT id, {copied} FROM p;"
        "DROP TABLE p; ALTER TABLE n RENAME TO p;"
    )
    back = written(f"CREATE TABLE p (id INTEGER PRIMARY KEY, {one});", forward)
    assert [item.sentence for item in back.schema_only] == lost
    db = opened(StandardConnection, f"CREATE TABLE p (id INTEGER PRIMARY KEY, {one});", enforced=False)
    values = {
        "TEXT": ["'007'", "'x'", "NULL"],
        "INT": ["7"],
        "REAL": ["0.1 + 0.2"],
        "BLOB": ["x'00'"],
        "": ["1", "'a'"],
    }
    execute(db, f"INSERT INTO p (a) VALUES {', '.join(f'({value})' for value in values[one.partition(' ')[2]])};")
    was = db.rows("SELECT * FROM p")
    execute(db, forward)
    execute(db, back.sql)
    assert (db.rows("SELECT * FROM p") == was) is not bool(lost)
