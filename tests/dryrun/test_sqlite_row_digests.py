"""Kept digests of rows are those that reading all rows gives, whatever scripts do."""

from __future__ import annotations

import random

import pytest

from miglint.dryrun.sqlite.library import SqliteError, opener
from miglint.dryrun.sqlite.row_digests import RowDigests

SCHEMA = """
PRAGMA foreign_keys = ON;
CREATE TABLE parent (id INTEGER PRIMARY KEY, n INT UNIQUE);
CREATE TABLE child (id INTEGER PRIMARY KEY, p INT REFERENCES parent (id) ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE grandchild (id INTEGER PRIMARY KEY AUTOINCREMENT, c INT REFERENCES child (id) ON DELETE SET NULL);
CREATE TABLE bare (k TEXT PRIMARY KEY, v INT) WITHOUT ROWID;
CREATE TABLE log (what TEXT);
CREATE TRIGGER gone AFTER DELETE ON child BEGIN INSERT INTO log VALUES ('child'); END;
CREATE VIEW seen AS SELECT * FROM bare;
CREATE TRIGGER instead INSTEAD OF INSERT ON seen BEGIN INSERT OR REPLACE INTO bare VALUES (new.k, new.v); END
"""
STATEMENTS = """
INSERT INTO parent (n) SELECT ifnull(max(n), 0) + 1 FROM parent
INSERT INTO child (p) SELECT max(id) FROM parent
INSERT INTO grandchild (c) SELECT max(id) FROM child
INSERT INTO seen VALUES ('a', abs(random()) % 1000)
INSERT INTO bare VALUES ('a', 7) ON CONFLICT (k) DO UPDATE SET v = v + 1
DELETE FROM parent WHERE id = (SELECT max(id) FROM parent)
UPDATE parent SET id = id + 1000 WHERE id = (SELECT max(id) FROM parent)
REPLACE INTO parent SELECT 7, min(n) FROM parent HAVING count(*) > 0
UPDATE child SET p = NULL
DELETE FROM log
DELETE FROM bare
WITH q AS (SELECT 1 AS one) UPDATE grandchild SET c = NULL WHERE id IN (SELECT one FROM q)
DROP TABLE parent
CREATE TABLE parent (id INTEGER PRIMARY KEY, n INT UNIQUE)
CREATE TABLE copied AS SELECT * FROM parent
DROP TABLE copied
ALTER TABLE copied RENAME TO log
DROP TABLE log
CREATE TABLE log (what TEXT, more INT DEFAULT 3)
ALTER TABLE log RENAME TO copied
ALTER TABLE bare ADD COLUMN z INT DEFAULT 5
ALTER TABLE bare DROP COLUMN z
ALTER TABLE child RENAME COLUMN p TO q
ALTER TABLE child RENAME COLUMN q TO p
BEGIN; INSERT INTO log (what) VALUES ('undone'); ROLLBACK
BEGIN; INSERT INTO log (what) VALUES ('kept'); COMMIT
SAVEPOINT s; DELETE FROM bare; ROLLBACK TO s; RELEASE s
PRAGMA foreign_keys = OFF
PRAGMA foreign_keys = ON
VACUUM
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (a)
INSERT INTO words VALUES ('one two')
DROP TABLE words
"""


def run(db, text):
    for sql in text.split("; ") if "TRIGGER" not in text else (text,):
        try:
            db.run(sql)
        except SqliteError:
            break
    if db.in_transaction:
        db.run("ROLLBACK")


@pytest.mark.parametrize("library", ["sqlite3", "apsw"])
def test_kept_digests_are_those_of_the_rows(library):
    choose = random.Random(library)
    statements = STATEMENTS.strip().splitlines()
    for _ in range(12):
        db = opener(library)()
        for sql in SCHEMA.strip().split(";\n"):
            db.run(sql)
        digests, before = RowDigests(db), RowDigests(db).tables()
        db.guard.written.clear()
        for _ in range(40):
            for _ in range(choose.randrange(4)):
                run(db, choose.choice(statements))
            if choose.random() < 0.2:
                copy = db.copy()
                copy.protect()
                copy.run("PRAGMA foreign_keys = ON")
                digests, db, before = digests.of_copy(copy), copy, RowDigests(db).tables()
            if choose.random() < 0.5:
                kept, touched = digests.tables(), digests.touched()
                now = RowDigests(db).tables()
                assert kept == now
                if touched is not None:
                    same = {name: rows for name, rows in before.items() if name.lower() not in touched}
                    assert same == {name: now.get(name) for name in same}


@pytest.mark.parametrize("library", ["sqlite3", "apsw"])
def test_only_written_tables_are_read(library, monkeypatch):
    db = opener(library)()
    for number in range(50):
        db.run(f"CREATE TABLE t{number} (a INT)")
    read = []
    monkeypatch.setattr(RowDigests, "_digest", counted(RowDigests._digest, read))
    digests = RowDigests(db)
    assert len(digests.tables()) == len(read) == 50
    for _ in range(2):
        # The same text again: a statement that the library had kept compiled would not be seen.
        db.run("INSERT INTO t7 VALUES (1)")
        assert digests.tables()["t7"].count == len(read) - 50
    assert [table for _, table in read[50:]] == ["t7", "t7"]
    copy = db.copy()
    assert digests.of_copy(copy).tables(["t7", "t8"]) == RowDigests(copy).tables(["t7", "t8"])
    assert len(read) == 54
    assert digests.of_copy(copy).touched() == frozenset()
    assert digests.touched() >= {"t7"}


def counted(function, calls):
    def call(*arguments):
        calls.append(arguments)
        return function(*arguments)

    return call
