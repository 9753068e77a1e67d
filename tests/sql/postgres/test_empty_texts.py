"""Empty texts, which libpg_query leaves out of its tree, in each place of a statement that takes a text."""

from __future__ import annotations

import pytest

from miglint.sql.operations import AddEnumValue, Operation, RenameEnumValue
from miglint.sql.postgres.script import parse

STATEMENTS = """\
ALTER TYPE e ADD VALUE ''
ALTER TYPE e ADD VALUE 'a' BEFORE ''
ALTER TYPE e RENAME VALUE '' TO 'x'
ALTER TYPE e RENAME VALUE 'x' TO ''
CREATE TYPE e AS ENUM ('')
COMMENT ON TABLE t IS ''
SECURITY LABEL ON TABLE t IS ''
SET x = ''
SET search_path = ''
SET search_path TO '', ''
ALTER ROLE r SET x = ''
ALTER DATABASE d SET search_path = ''
DO ''
DO LANGUAGE sql ''
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS ''
CREATE FUNCTION f() RETURNS int LANGUAGE '' AS ''
CREATE FUNCTION f() RETURNS int LANGUAGE c AS '', ''
CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = '' AS ''
NOTIFY a, ''
CREATE TABLE t (a text DEFAULT '')
CREATE TABLE t (a text) WITH (x = '')
CREATE TABLE t (a text COLLATE "C") PARTITION BY LIST (a)
CREATE TABLE p PARTITION OF t FOR VALUES IN ('')
CREATE TABLE p PARTITION OF t FOR VALUES FROM ('') TO ('')
INSERT INTO t VALUES ('')
INSERT INTO t (a) VALUES ('') ON CONFLICT (a) DO UPDATE SET a = ''
UPDATE t SET a = '' WHERE b = ''
DELETE FROM t WHERE a LIKE ''
COPY t FROM STDIN WITH (DELIMITER '', NULL '')
COPY t FROM ''
COPY t FROM PROGRAM ''
PREPARE TRANSACTION ''
COMMIT PREPARED ''
ROLLBACK PREPARED ''
CREATE EXTENSION x VERSION ''
CREATE EXTENSION x SCHEMA s VERSION ''
ALTER EXTENSION x UPDATE TO ''
CREATE ROLE r PASSWORD ''
CREATE ROLE r VALID UNTIL ''
CREATE SERVER s TYPE '' VERSION '' FOREIGN DATA WRAPPER w OPTIONS (host '')
CREATE USER MAPPING FOR u SERVER s OPTIONS (a '')
CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p
CREATE TABLESPACE x LOCATION ''
CREATE AGGREGATE a (int) (sfunc = f, stype = int, initcond = '')
CREATE COLLATION c (locale = '')
CREATE DATABASE d LOCALE ''
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f('')
CREATE EVENT TRIGGER g ON ddl_command_start WHEN TAG IN ('') EXECUTE FUNCTION f()
CREATE VIEW v AS SELECT ''
CREATE INDEX i ON t ((coalesce(a, '')))
ALTER TABLE t ALTER a SET DEFAULT ''
ALTER TABLE t ADD CHECK (a <> '')
LOAD ''
CREATE TYPE r AS RANGE (subtype = '')
ALTER SYSTEM SET a = ''
SELECT nextval('')
SELECT setval('', 1)
SELECT ''::regclass
SELECT ''::interval
SET TIME ZONE ''
SET SESSION AUTHORIZATION ''
SET ROLE ''
CREATE CAST (a AS b) WITH INOUT
SELECT E'', U&'', B'', X''
CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME s))
CREATE POLICY p ON t USING (a = '')
CREATE TEXT SEARCH DICTIONARY d (template = simple, x = '')
REASSIGN OWNED BY a TO b
DO $$ BEGIN EXECUTE ''; END $$
DO $$ BEGIN RAISE ''; END $$
DO $$ BEGIN RAISE EXCEPTION '' USING errcode = ''; END $$
DO $$ DECLARE a text := ''; BEGIN PERFORM ''; END $$""".splitlines()


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement_with_empty_texts_is_read(text: str) -> None:
    (statement,) = parse(f"{text};")
    assert statement.problem is None


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("ADD VALUE ''", AddEnumValue, ""),
        ("ADD VALUE 'a' AFTER ''", AddEnumValue, "a"),
        ("RENAME VALUE '' TO 'a'", RenameEnumValue, ""),
        ("RENAME VALUE 'a' TO ''", RenameEnumValue, "a"),
    ],
)
def test_an_empty_label_of_an_enum(text: str, kind: type[Operation], value: str) -> None:
    ((operation,),) = (statement.operations for statement in parse(f"ALTER TYPE e {text};"))
    assert isinstance(operation, kind)
    assert getattr(operation, "value", None) == value
