"""A schema restored from its objects has what one has that was made object by object."""

from __future__ import annotations

import pytest

from miglint.base.model import Dialect, Direction, Script, SourceFile, Span
from miglint.replay.apply import run
from miglint.replay.steps import empty_schema
from miglint.schema.persistent import entries
from miglint.schema.restored import restored
from miglint.schema.value import Schema
from miglint.sql import parse

TABLES = "".join(
    f"CREATE TABLE t{number} (id int PRIMARY KEY, a text DEFAULT f(), b mood REFERENCES big (b), c int);\n"
    f"CREATE INDEX ON t{number} (a, lower(a)) WHERE c > 0;\nCOMMENT ON TABLE t{number} IS 'x';\n"
    f"GRANT SELECT ON t{number} TO someone;\nCREATE VIEW v{number} AS SELECT a, b FROM t{number};\n"
    f"CREATE TABLE part{number} PARTITION OF parted FOR VALUES FROM ({number}) TO ({number + 1});\n"
    for number in range(40)
)
WIDE = "CREATE TABLE wide (" + ", ".join(f"c{number} int CHECK (c{number} > f(1))" for number in range(60)) + ");\n"
POSTGRES = f"""CREATE SCHEMA s; CREATE SCHEMA miglint_set_aside; CREATE TYPE mood AS ENUM ('a');
CREATE TABLE big (b mood UNIQUE);
CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT 1'; CREATE CAST (mood AS text) WITH INOUT;
CREATE TABLE parted (id int) PARTITION BY RANGE (id); CREATE TABLE rest PARTITION OF parted DEFAULT;
CREATE SEQUENCE s.q OWNED BY big.b; CREATE TABLE miglint_set_aside.kept AS SELECT * FROM big;
CREATE TABLE s.x (y int);
{TABLES}{WIDE}DROP TABLE s.x; DROP VIEW v3; INSERT INTO t1 VALUES (1, 'a');"""
SQLITE = """CREATE TABLE a (b INTEGER PRIMARY KEY, c TEXT REFERENCES d (e)); CREATE INDEX i ON a (c);
DROP TABLE IF EXISTS z;
CREATE VIEW v AS SELECT b FROM a; CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;"""


def parts(schema: Schema) -> dict[str, object]:
    """Return the maps of a schema, what is in no order as sets."""
    return {
        "objects": dict(entries(schema.objects)),
        "dependents": {key: set(users) for key, users in entries(schema.dependents)},
        "many": {
            key: {tag: set(keys) for tag, keys in entries(users.tagged)}
            for key, users in entries(schema.dependents)
            if not isinstance(users, tuple)
        },
        "counts": {key: dict(entries(numbers)) for key, numbers in entries(schema.counts)},
        "labels": {
            label: {keys} if type(keys).__name__ == "Key" else set(keys)
            for label, keys in entries(schema.settled().labels)
        },
    }


@pytest.mark.parametrize(("dialect", "text"), [(Dialect.POSTGRES, POSTGRES), (Dialect.SQLITE, SQLITE)])
def test_a_restored_schema_is_what_it_was(dialect, text):
    script = Script(SourceFile("a.sql", text), Span(0, len(text)), Direction.FORWARD, dialect)
    before = run(empty_schema(dialect), parse(script)).schema
    objects = dict(entries(before.objects))
    assert len(objects) >= 5
    empty = empty_schema(dialect)
    one_by_one = empty
    for key, value in objects.items():
        one_by_one = one_by_one.drop(key) if type(value).__name__ == "Absent" else one_by_one.put(key, value)
    assert parts(restored(empty, objects)) == parts(one_by_one)
    # What is there already is replaced.
    started = empty.put(*next((key, value) for key, value in objects.items() if type(value).__name__ == "Table"))
    assert parts(restored(started, objects)) == parts(one_by_one)


def test_partitions_are_found_by_their_bounds():
    script = Script(SourceFile("a.sql", POSTGRES), Span(0, len(POSTGRES)), Direction.FORWARD, Dialect.POSTGRES)
    before = run(empty_schema(Dialect.POSTGRES), parse(script)).schema
    schema = restored(empty_schema(Dialect.POSTGRES), dict(entries(before.objects)))
    parted = next(key for key in dict(entries(schema.objects)) if key.name == "parted" and key.space == "relation")
    three = next(value for key, value in schema.items() if key.name == "part3" and key.space == "relation")
    found = schema.rivals(parted, three.partition_bound)
    assert sorted(found) == sorted(before.rivals(parted, three.partition_bound))
    assert "part3" in {key.name for key in found}
    assert len(found) < len(before.dependents[parted])
