"""Rows that scripts have put into tables, against statements that such rows make fail: as PostgreSQL and SQLite do."""

from __future__ import annotations

import pytest

from .conftest import Failures

SQLITE = 'dialect = "sqlite"'
POSTGRES_18 = 'targets = ["postgres>=18"]'
T = "CREATE TABLE t (k int PRIMARY KEY, n int, s text);\n"
ROWS = f"{T}INSERT INTO t VALUES (1, NULL, 'a'), (2, -5, 'a');\n"
PARENT = "CREATE TABLE p (id int PRIMARY KEY);\nINSERT INTO p VALUES (1), (2);\n"
CHILD = f"{PARENT}CREATE TABLE c (p int REFERENCES p);\nINSERT INTO c VALUES (1);\n"
TRIGGER = (
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n := 1; RETURN NEW; END $$;\n"
    "CREATE TRIGGER g BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();\n"
)
LABELS = (
    "CREATE TYPE e AS ENUM ('a', 'b');\nCREATE DOMAIN d AS e;\nCREATE TABLE t (s d PRIMARY KEY, n int, m e);\n"
    "INSERT INTO t VALUES ('a', 1, 'a');\n"
)
SWEEP = "CREATE FUNCTION sweep() RETURNS int LANGUAGE plpython3u AS 'plpy.execute(1)';\n"

# Statements, the configuration, and the error of one of them; None for no error.
SCRIPTS: dict[str, tuple[str, str, str | None]] = {
    "a NULL is in the way of NOT NULL": (
        f"{ROWS}ALTER TABLE t ALTER COLUMN n SET NOT NULL;", "", 'column "n" of relation "t" contains null values'
    ),
    "not once it has a value": (
        f"{ROWS}UPDATE t SET n = 0 WHERE n IS NULL;\nALTER TABLE t ALTER COLUMN n SET NOT NULL;", "", None
    ),
    "nor once its row is gone": (
        f"{ROWS}DELETE FROM t WHERE k = 1;\nALTER TABLE t ALTER COLUMN n SET NOT NULL;", "", None
    ),
    "a row that another condition chooses stays": (
        f"{ROWS}DELETE FROM t WHERE k = 2;\nALTER TABLE t ALTER COLUMN n SET NOT NULL;", "", "contains null values"
    ),
    "what a query decides is not known": (
        f"{ROWS}CREATE TABLE o (k int);\nDELETE FROM t USING o WHERE t.k = o.k;\n"
        "ALTER TABLE t ALTER COLUMN n SET NOT NULL;",
        "",
        None,
    ),
    "nor what a trigger does": (
        f"{T}{TRIGGER}INSERT INTO t (k) VALUES (1);\nALTER TABLE t ALTER COLUMN n SET NOT NULL;", "", None
    ),
    "nor what a function does that is not read": (
        f"{ROWS}{SWEEP}SELECT sweep();\nALTER TABLE t ALTER COLUMN n SET NOT NULL;", "", None
    ),
    "a row is in the way of a check": (
        f"{ROWS}ALTER TABLE t ADD CONSTRAINT c CHECK (n > 0);", "", 'check constraint "c" of relation "t" is violated'
    ),
    "but not of one for rows to come": (
        f"{ROWS}ALTER TABLE t ADD CONSTRAINT c CHECK (n > 0) NOT VALID;", "", None
    ),
    "until that is validated": (
        f"{ROWS}ALTER TABLE t ADD CONSTRAINT c CHECK (n > 0) NOT VALID;\nALTER TABLE t VALIDATE CONSTRAINT c;",
        "",
        'check constraint "c" of relation "t" is violated',
    ),
    "two rows are in the way of a unique constraint": (
        f"{ROWS}ALTER TABLE t ADD CONSTRAINT u UNIQUE (s);", "", 'could not create unique index "u"'
    ),
    "and of a unique index": (f"{ROWS}CREATE UNIQUE INDEX u ON t (s);", "", 'could not create unique index "u"'),
    "but not of one over other rows": (f"{ROWS}CREATE UNIQUE INDEX u ON t (s) WHERE n > 0;", "", None),
    "nor of one over more columns": (f"{ROWS}CREATE UNIQUE INDEX u ON t (s, k);", "", None),
    "a NULL is not equal to another": (
        "CREATE TABLE w (n int);\nINSERT INTO w VALUES (NULL), (NULL);\nCREATE UNIQUE INDEX u ON w (n);", "", None
    ),
    "but where they are not distinct": (
        "CREATE TABLE w (n int);\nINSERT INTO w VALUES (NULL), (NULL);\n"
        "CREATE UNIQUE INDEX u ON w (n) NULLS NOT DISTINCT;",
        "",
        'could not create unique index "u"',
    ),
    "a second NULL is refused there": (
        "CREATE TABLE w (n int UNIQUE NULLS NOT DISTINCT);\nINSERT INTO w VALUES (NULL);\nINSERT INTO w VALUES (NULL);",
        "",
        "a row with n=NULL is in",
    ),
    "a new column is NULL in rows that are there": (
        f"{ROWS}ALTER TABLE t ADD COLUMN x int;\nALTER TABLE t ALTER COLUMN x SET NOT NULL;", "", "contains null values"
    ),
    "or what its default is": (
        f"{ROWS}ALTER TABLE t ADD COLUMN x int DEFAULT 1;\nALTER TABLE t ALTER COLUMN x SET NOT NULL;", "", None
    ),
    "values go with a renamed column": (
        f"{ROWS}ALTER TABLE t RENAME COLUMN n TO m;\nALTER TABLE t ADD COLUMN n int NOT NULL DEFAULT 1;\n"
        "ALTER TABLE t ADD CHECK (n > 0);",
        "",
        None,
    ),
    "and with a renamed table": (
        f"{ROWS}ALTER TABLE t RENAME TO v;\nALTER TABLE v ALTER COLUMN n SET NOT NULL;", "", "contains null values"
    ),
    "a type may change them": (
        f"{ROWS}ALTER TABLE t ALTER COLUMN n TYPE int USING coalesce(n, 0);\n"
        "ALTER TABLE t ALTER COLUMN n SET NOT NULL;",
        "",
        None,
    ),
    "a row stays that another refers to": (
        f"{CHILD}DELETE FROM p WHERE id = 1;", "", 'update or delete on table "p" violates foreign key constraint'
    ),
    "all rows stay where one of them does": (
        f"{CHILD}DELETE FROM p;", "", 'update or delete on table "p" violates foreign key constraint'
    ),
    "a key stays that another row refers to": (
        f"{CHILD}UPDATE p SET id = 9 WHERE id = 1;", "", 'update or delete on table "p" violates foreign key constraint'
    ),
    "a row goes that none refers to": (f"{CHILD}DELETE FROM p WHERE id = 2;", "", None),
    "and one after those that do": (f"{CHILD}DELETE FROM c;\nDELETE FROM p WHERE id = 1;", "", None),
    "keys go along where that is said": (
        f"{PARENT}CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p ON DELETE CASCADE);\n"
        "INSERT INTO c VALUES (7, 1);\nDELETE FROM p;\nINSERT INTO c VALUES (7, NULL);",
        "",
        None,
    ),
    "and those of what goes along with that": (
        f"{PARENT}CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p ON DELETE CASCADE);\n"
        "CREATE TABLE g (id int PRIMARY KEY, c int REFERENCES c ON DELETE CASCADE);\n"
        "INSERT INTO c VALUES (7, 1);\nINSERT INTO g VALUES (8, 7);\nDELETE FROM p;\n"
        "INSERT INTO g VALUES (8, NULL);\nDELETE FROM c;",
        "",
        None,
    ),
    "TRUNCATE CASCADE empties what refers to a table": (
        f"{CHILD}CREATE UNIQUE INDEX u ON c (p);\nTRUNCATE p CASCADE;\nINSERT INTO p VALUES (1);\n"
        "INSERT INTO c VALUES (1);",
        "",
        None,
    ),
    "rows of a child are deleted through its parent": (
        f"{ROWS}CREATE TABLE q (k int, n int, s text);\nALTER TABLE q ALTER COLUMN k SET NOT NULL;\n"
        "ALTER TABLE t INHERIT q;\nDELETE FROM q;\nALTER TABLE t ALTER COLUMN n SET NOT NULL;",
        "",
        None,
    ),
    "a condition on another column tells which key is gone": (
        f"{ROWS}DELETE FROM t WHERE n = -5;\nINSERT INTO t VALUES (2, 0, 'b');", "", None
    ),
    "and which is not": (
        f"{ROWS}DELETE FROM t WHERE n = -6;\nINSERT INTO t VALUES (2, 0, 'b');", "", "a row with k=2 is in"
    ),
    "a guard finds a row that is there": (
        f"{ROWS}DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM t WHERE k = 1) THEN INSERT INTO t VALUES (1); END IF; END $$;",
        "",
        None,
    ),
    "a guard over another row finds none": (
        f"{ROWS}DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM t WHERE k = 9) THEN INSERT INTO t VALUES (1); END IF; END $$;",
        "",
        "a row with k=1 is in",
    ),
    "a key is there after a conflict, too": (
        f"{T}INSERT INTO t VALUES (1) ON CONFLICT (k) DO NOTHING;\nINSERT INTO t VALUES (1);",
        "",
        "a row with k=1 is in",
    ),
    "rows that are copied have their keys": (
        f"{ROWS}CREATE TABLE o (k int PRIMARY KEY);\nINSERT INTO o SELECT k FROM t WHERE s = 'a';\n"
        "INSERT INTO o VALUES (2);",
        "",
        "a row with k=2 is in",
    ),
    "but those that a condition leaves out": (
        f"{ROWS}CREATE TABLE o (k int PRIMARY KEY);\nINSERT INTO o SELECT k FROM t WHERE n < 0;\n"
        "INSERT INTO o VALUES (1);",
        "",
        None,
    ),
    "of all rows an aggregate makes one": (
        f"{ROWS}CREATE TABLE o (k int PRIMARY KEY);\nINSERT INTO o SELECT max(k) FROM t;\nINSERT INTO o VALUES (1);",
        "",
        None,
    ),
    "a sub-query gives the value of a row": (
        f"{ROWS}CREATE TABLE o (k int PRIMARY KEY);\nINSERT INTO o VALUES ((SELECT k FROM t WHERE n = -5));\n"
        "INSERT INTO o VALUES (2);",
        "",
        "a row with k=2 is in",
    ),
    "or one that is the same each time": (
        "CREATE TABLE s (id serial PRIMARY KEY, n text);\nINSERT INTO s (n) VALUES ('a');\n"
        "CREATE TABLE o (k int PRIMARY KEY);\nINSERT INTO o VALUES ((SELECT id FROM s WHERE n = 'a'));\n"
        "INSERT INTO o VALUES ((SELECT id FROM s WHERE n = 'a'));",
        "",
        "a row with k=id of s where (n = 'a') is in",
    ),
    "SQLite makes no unique index over equal rows": (
        "CREATE TABLE t (a TEXT);\nINSERT INTO t VALUES ('x'), ('x');\nCREATE UNIQUE INDEX u ON t (a);",
        SQLITE,
        "UNIQUE constraint failed: t.a",
    ),
    "SQLite writes to no view": (
        "CREATE TABLE t (a TEXT);\nCREATE VIEW v AS SELECT a FROM t;\nINSERT INTO v VALUES ('x');",
        SQLITE,
        "cannot modify v because it is a view",
    ),
    "but where a trigger stands in for it": (
        "CREATE TABLE t (a TEXT);\nCREATE VIEW v AS SELECT a FROM t;\n"
        "CREATE TRIGGER g INSTEAD OF INSERT ON v BEGIN INSERT INTO t VALUES (NEW.a); END;\nINSERT INTO v VALUES ('x');",
        SQLITE,
        None,
    ),
    "what a failed statement would have made is not missed": (
        "CREATE TABLE t (n int DEFAULT 'x');\nCREATE INDEX i ON t (n);\nALTER TABLE t ADD COLUMN m int;\n"
        "CREATE VIEW v AS SELECT n, m FROM t;\nDROP VIEW v;\nDROP TABLE t;",
        "",
        "invalid input syntax for type integer",
    ),
    "nor is a column of it": (
        "CREATE TABLE t (a int);\nALTER TABLE t ADD COLUMN n int DEFAULT 'x';\nCREATE INDEX i ON t (n);\n"
        "UPDATE t SET n = 1;\nALTER TABLE t DROP COLUMN n;",
        "",
        "invalid input syntax for type integer",
    ),
    "a renamed label is that of the rows": (
        f"{LABELS}ALTER TYPE e RENAME VALUE 'a' TO 'c';\nINSERT INTO t VALUES ('c', 2);", "", "duplicate key value"
    ),
    "and the old one may be a new row": (
        f"{LABELS}ALTER TYPE e RENAME VALUE 'a' TO 'c';\nALTER TYPE e RENAME VALUE 'b' TO 'a';\n"
        "INSERT INTO t VALUES ('a', 2);",
        "",
        None,
    ),
    "the other columns of the row stay": (
        f"{LABELS}ALTER TYPE e RENAME VALUE 'a' TO 'c';\nALTER TABLE t ADD CHECK (m <> 'c' OR n > 1);",
        "",
        "is violated by some row",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("script", "configuration", "error"), SCRIPTS.values(), ids=SCRIPTS)
def test_a_statement_fails_or_not(failures: Failures, script: str, configuration: str, error: str | None) -> None:
    found = failures(script, configuration)
    assert found == [] if error is None else [error in message for message in found] == [True], found
