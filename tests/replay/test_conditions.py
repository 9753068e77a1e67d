"""Conditions of the replay that no other test needs: each script failed to fail when a mutation run changed one."""

from __future__ import annotations

import pytest

from .conftest import Failures

SQLITE = 'dialect = "sqlite"'
POSTGRES_18 = 'targets = ["postgres>=18"]'
PARTED = "CREATE TABLE p (a int) PARTITION BY LIST (a);\nCREATE TABLE c PARTITION OF p FOR VALUES IN (1);\n"

ATOMIC = (
    "CREATE TABLE t (a int, b int);\n"
    "CREATE FUNCTION f() RETURNS int LANGUAGE SQL BEGIN ATOMIC SELECT a FROM t LIMIT 1; END;\n"
)
OWN_PATH = (
    "CREATE SCHEMA s;\nCREATE TABLE s.t (a int);\nCREATE TABLE t (a int);\n"
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql SET search_path = s AS 'BEGIN DROP TABLE t; END';\n"
)
WATCHED = (
    "CREATE TABLE t (a int, b int, d int);\n"
    "CREATE TRIGGER g AFTER UPDATE OF a ON t BEGIN UPDATE t SET b = new.a; END;\n"
)

# Statements, the configuration, and the error of one of them; None for no error.
SCRIPTS: dict[str, tuple[str, str, str | None]] = {
    "NO INHERIT ends one of two inheritances": (
        "CREATE TABLE p (a int);\nCREATE TABLE q (b int);\nCREATE TABLE c () INHERITS (p, q);\n"
        "ALTER TABLE c NO INHERIT p;\nDROP TABLE p;",
        "",
        None,
    ),
    "NO INHERIT keeps the other one": (
        "CREATE TABLE p (a int);\nCREATE TABLE q (b int);\nCREATE TABLE c () INHERITS (p, q);\n"
        "ALTER TABLE c NO INHERIT p;\nDROP TABLE q;",
        "",
        "other objects depend on it",
    ),
    "the indexes of partitions follow the name of their parent": (
        f"{PARTED}CREATE INDEX i ON p (a);\nALTER INDEX i RENAME TO j;\nDROP INDEX j;\nCREATE INDEX c_a_idx ON c (a);",
        "",
        None,
    ),
    "a publication follows the name of one of its tables": (
        "CREATE TABLE t (a int);\nCREATE TABLE v (a int);\nCREATE PUBLICATION p FOR TABLE t, v;\n"
        "ALTER TABLE t RENAME TO u;\nALTER PUBLICATION p DROP TABLE u;\nALTER PUBLICATION p DROP TABLE v;",
        "",
        None,
    ),
    "the foreign key of a table that is there already is not read": (
        "CREATE TABLE n (id int PRIMARY KEY, code text);\nCREATE TABLE e (id int, start_id int REFERENCES n);\n"
        "CREATE TABLE IF NOT EXISTS e (id int, source_id int REFERENCES n, other text REFERENCES n (code));\n"
        "ALTER TABLE e ADD COLUMN IF NOT EXISTS start_id text REFERENCES n (code);",
        "",
        None,
    ),
    "that of a table that is not there is": (
        "CREATE TABLE n (id int PRIMARY KEY, code text);\n"
        "CREATE TABLE IF NOT EXISTS e (id int, other text REFERENCES n (code));",
        "",
        "n (code) is not unique",
    ),
    "a table of unknown kind may be a foreign one": (
        "ALTER TABLE y ADD COLUMN a int;\nDROP FOREIGN TABLE y;",
        "",
        None,
    ),
    "a table of known kind is none": (
        "CREATE TABLE y (a int);\nDROP FOREIGN TABLE y;",
        "",
        '"y" is not a foreign table',
    ),
    "NOT NULL is named after the column of its time": (
        "CREATE TABLE t (a int);\nALTER TABLE t RENAME COLUMN a TO b;\nALTER TABLE t ALTER COLUMN b SET NOT NULL;\n"
        "ALTER TABLE t DROP CONSTRAINT t_a_not_null;",
        POSTGRES_18,
        't_a_not_null" of relation "t" does not exist',
    ),
    "SQLite renames nothing beside a view of a missing column": (
        "CREATE TABLE t (a int);\nCREATE TABLE u (a int);\nCREATE VIEW v AS SELECT b FROM t;\n"
        "ALTER TABLE u RENAME TO w;",
        SQLITE,
        "error in view v",
    ),
    "a body with BEGIN ATOMIC follows the name of a column": (
        f"{ATOMIC}ALTER TABLE t RENAME COLUMN a TO c;\nALTER TABLE t DROP COLUMN c;",
        "",
        "other objects depend on it",
    ),
    "a body with BEGIN ATOMIC needs its own columns alone": (
        f"{ATOMIC}ALTER TABLE t RENAME COLUMN a TO c;\nALTER TABLE t DROP COLUMN b;",
        "",
        None,
    ),
    "a function looks up names by its own search path": (
        f"{OWN_PATH}SELECT f();\nDROP TABLE s.t;",
        "",
        'table "s.t" does not exist',
    ),
    "a search path of a function ends with its call": (
        f"{OWN_PATH}SELECT f();\nDROP TABLE t;",
        "",
        None,
    ),
    "a name is found in the second schema of the search path": (
        "CREATE SCHEMA s;\nCREATE TABLE t (a int);\nSET search_path = s, public;\nALTER TABLE t DROP COLUMN b;",
        "",
        'column "b" of relation "t" does not exist',
    ),
    "a materialized view that no script created is gone once": (
        "DROP MATERIALIZED VIEW m;\nDROP MATERIALIZED VIEW m;",
        "",
        'materialized view "m" does not exist',
    ),
    "a trigger of SQLite follows the name of a column": (
        f"{WATCHED}ALTER TABLE t RENAME COLUMN a TO c;\nALTER TABLE t DROP COLUMN c;",
        SQLITE,
        "trigger g",
    ),
    "a trigger of SQLite needs its own columns alone": (
        f"{WATCHED}ALTER TABLE t RENAME COLUMN a TO c;\nALTER TABLE t DROP COLUMN d;",
        SQLITE,
        None,
    ),
    "a view of SQLite follows the name of a column": (
        "CREATE TABLE t (a int, b int);\nCREATE VIEW v AS SELECT a FROM t;\nALTER TABLE t RENAME COLUMN a TO c;\n"
        "ALTER TABLE t DROP COLUMN c;",
        SQLITE,
        "view v",
    ),
    "SQLite renames beside a view of its columns": (
        "CREATE TABLE t (a int);\nCREATE TABLE u (a int);\nCREATE VIEW v AS SELECT a FROM t;\n"
        "ALTER TABLE u RENAME TO w;",
        SQLITE,
        None,
    ),
}


@pytest.mark.parametrize(("script", "configuration", "error"), SCRIPTS.values(), ids=SCRIPTS)
def test_a_statement_fails_or_not(failures: Failures, script: str, configuration: str, error: str | None) -> None:
    found = failures(script, configuration)
    assert found == [] if error is None else [error in message for message in found] == [True], found
