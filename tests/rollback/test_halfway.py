"""Written rollbacks after a part of a forward: what it took away to make it again is there as before."""

from __future__ import annotations

import psycopg
import pytest

from .conftest import Command, Plant

START = """\
CREATE SCHEMA halfway;
SET search_path = halfway;
CREATE TABLE t (id int PRIMARY KEY, a text DEFAULT 'x', b int CHECK (b > 0));
CREATE TABLE u (id int PRIMARY KEY, t int REFERENCES t);
CREATE INDEX i ON t (a);
CREATE VIEW v AS SELECT id, a FROM t;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
"""
FORWARDS = {
    "index": ["DROP INDEX i", "CREATE INDEX i ON t (a)", "ALTER TABLE t ADD c int"],
    "constraint": ["ALTER TABLE t DROP CONSTRAINT t_b_check", "ALTER TABLE t ADD c int",
                   "ALTER TABLE t ADD CONSTRAINT t_b_check CHECK (b > 0)"],
    "view": ["DROP VIEW v", "ALTER TABLE t ADD c int", "CREATE VIEW v AS SELECT id, a FROM t"],
    "trigger": ["DROP TRIGGER g ON t", "ALTER TABLE t ADD c int",
                "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()"],
    "table": ["DROP TABLE u", "CREATE TABLE u (id bigint PRIMARY KEY, note text)", "CREATE INDEX j ON u (note)"],
    "copied table": ["CREATE TABLE t_new (id int PRIMARY KEY, a text DEFAULT 'x', b int CHECK (b > 0), c int)",
                     "INSERT INTO t_new (id, a, b) SELECT id, a, b FROM t", "DROP TABLE t CASCADE",
                     "ALTER TABLE t_new RENAME TO t"],
}  # fmt: skip
CATALOG = """
SELECT string_agg(line, chr(10) ORDER BY line) FROM (
    SELECT format('%s.%s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull)
        FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
        WHERE relnamespace = 'halfway'::regnamespace AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'v')
    UNION ALL SELECT replace(indexdef, 't_new_pkey', 't_pkey') FROM pg_indexes WHERE schemaname = 'halfway'
    UNION ALL SELECT conrelid::regclass || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'halfway'::regnamespace AND contype <> 'n'
    UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
) AS lines (line)
"""


@pytest.mark.parametrize("kind", FORWARDS)
def test_each_part_of_a_forward_is_undone(
    plant: Plant, rollback: Command, connection: psycopg.Connection, kind: str
) -> None:
    statements = [f"{text};\n" for text in FORWARDS[kind]]
    folder = plant({"m/001_a.up.sql": START, "m/002_b.up.sql": "SET search_path = halfway;\n" + "".join(statements)})
    rollback("write", "m", "--at", "2")
    back = (folder / "m/002_b.down.sql").read_bytes()
    try:
        for count in range(len(statements) + 1):
            connection.execute(START.encode())
            connection.execute("INSERT INTO t (id, b) VALUES (1, 1); INSERT INTO u VALUES (1, 1)")
            before = connection.execute(CATALOG.encode()).fetchone()
            connection.execute("".join(statements[:count]).encode())
            connection.execute(back)
            connection.execute(back)
            assert connection.execute(CATALOG.encode()).fetchone() == before, (count, back.decode())
            assert connection.execute("SELECT id, a, b FROM halfway.t").fetchall() == [(1, "x", 1)], count
            connection.rollback()
    finally:
        connection.rollback()
