"""What becomes of values when a column changes its type: what is said of pairs of types, and what the engine does."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from miglint.base.model import Dialect
from miglint.schema.type_conversion import conversion
from miglint.sql.operations import AlterColumnType
from miglint.writer.reading import read

NUMBERS = [
    "0",
    "-1",
    "32767",
    "2147483647",
    "9223372036854775807",
    "16777217",
    "1.5",
    "2.25",
    "1.12345",
    "0.1",
    "1234567.89",
]
TEXTS = ["", "a", "abc  ", "abcdefghij", "x" * 110, "007", "1.50", "TRUE", "2024-1-01", '{"a": 1,  "b":2}']
VALUES = {
    "bool": ["true", "false"], "date": ["2024-03-31"], "time": ["12:34:56.789"], "timetz": ["12:34:56.789+02"],
    "timestamp": ["2024-03-31 02:30:00.5"], "timestamptz": ["2024-10-27 00:30+00", "2024-10-27 01:30:00.5+00"],
    "interval": ["1 mon 25:00:00.7"], "uuid": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"], "inet": ["10.1.2.3/8", "::1"],
    "json": ['{"a":1, "a":2}', '"' + "x" * 70 + '"'], "jsonb": ['{"a": 1}', '"' + "x" * 70 + '"'],
    "cidr": ["10.0.0.0/8"], "money": ["1.50"],
    "oid": ["1", "4294967295"], "macaddr": ["08:00:2b:01:02:03"], "bytea": ["\\x00ff"],
    "macaddr8": ["08:00:2b:01:02:03:04:05", "08:00:2b:ff:fe:01:02:03"], "bit(3)": ["101"], "bit(5)": ["10101"],
    "varbit": ["1", "1010101"], "mood": ["sad"], "text[]": ["{a,abcdefghij}"],
    "int4[]": ["{1,70000}"],
}  # fmt: skip
# Each is asked of each other one of its line.
FAMILIES = (
    "int2 int4 int8 numeric(12,2) float8",
    "int4 numeric numeric(12,2) numeric(5,0) numeric(9,4) money",
    "int4 float4 text oid bool",
    "text varchar varchar(100) varchar(8) char(3) char(10)",
    "text name json jsonb",
    "date timestamp timestamp(0) timestamptz time interval timetz text",
    "inet cidr varchar(100)",
    "macaddr macaddr8",
    "bit(3) bit(5) varbit",
    "mood text",
    "text[] varchar(8)[] text",
    "int4[] int2[]",
)

TRIED = """
CREATE TYPE mood AS ENUM ('sad', 'a');
CREATE FUNCTION pg_temp.tried(a text, b text, v text, forth text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE was text; now text; back text; ta text := 'of ' || a; tb text := 'of ' || b;
BEGIN
    EXECUTE format('DELETE FROM %I; DELETE FROM %I', ta, tb);
    BEGIN
        EXECUTE format('INSERT INTO %I VALUES (%L)', ta, v);
        EXECUTE format('SELECT v::text FROM %I', ta) INTO was;
    EXCEPTION WHEN OTHERS THEN RETURN NULL; END;
    BEGIN
        EXECUTE format('INSERT INTO %I SELECT v%s FROM %I', tb, forth, ta);
    EXCEPTION WHEN data_exception THEN RETURN 'rejected'; WHEN OTHERS THEN RETURN NULL; END;
    EXECUTE format('DELETE FROM %I', ta);
    FOREACH back IN ARRAY ARRAY['', '::' || a, '::text::' || a] LOOP
        BEGIN
            EXECUTE format('INSERT INTO %I SELECT v%s FROM %I', ta, back, tb);
            EXECUTE format('SELECT v::text FROM %I', ta) INTO now;
            RETURN CASE WHEN now = was THEN 'kept' ELSE 'changed' END;
        EXCEPTION WHEN data_exception THEN RETURN 'changed'; WHEN OTHERS THEN NULL; END;
    END LOOP;
    RETURN 'changed';
END $$
"""


@pytest.fixture
def asked(connection: psycopg.Connection) -> Iterator[psycopg.Cursor]:
    """A connection with a table for each type, and a function that assigns a value to another type, and back."""
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TimeZone = 'Europe/Berlin'")
        cursor.execute(TRIED)
        for kind in {kind for family in FAMILIES for kind in family.split()}:
            cursor.execute(f'CREATE TEMP TABLE "of {kind}" (v {kind})'.encode())
        yield cursor
    connection.rollback()


def _operation(sql: str) -> AlterColumnType:
    (statement,) = read(sql, Dialect.POSTGRES)
    (operation,) = statement.operations
    assert isinstance(operation, AlterColumnType)
    return operation


def _values(kind: str) -> list[str]:
    name = kind.partition("(")[0]
    if name in ("int2", "int4", "int8", "numeric", "float4", "float8"):
        return NUMBERS
    if name in ("text", "varchar", "char", "name") and not kind.endswith("[]"):
        return TEXTS
    return VALUES.get(kind) or VALUES.get(name) or VALUES["text[]" if name == "varchar" else "int4[]"]


@pytest.mark.parametrize("cast", [False, True])
def test_each_pair_of_types_does_what_is_said(asked: psycopg.Cursor, cast: bool) -> None:
    families = [family.split() for family in FAMILIES]
    pairs = sorted({(one, two) for kinds in families for one in kinds for two in kinds if one != two})
    asked.execute(
        "SELECT a, b, array_agg(DISTINCT pg_temp.tried(a, b, v, CASE WHEN %s THEN '::' || b ELSE '' END))"
        " FROM unnest(%s::text[], %s::text[], %s::text[]) AS t (a, b, v) GROUP BY a, b",
        (
            cast,
            [one for one, two in pairs for _ in _values(one)],
            [two for one, two in pairs for _ in _values(one)],
            [value for one, two in pairs for value in _values(one)],
        ),
    )
    wrong = []
    for one, two, done in asked.fetchall():
        if not {"kept", "changed"} & set(done):
            continue  # There is no such cast, or no value of these passes.
        using = f" USING v::{two}" if cast else ""
        operation = _operation(f"ALTER TABLE q ALTER v TYPE {two}{using}")
        before = _operation(f"ALTER TABLE q ALTER v TYPE {one}").type
        said = conversion(before, operation.type, operation.using, labels=two == "mood")
        if said.keeps and "changed" in done:
            wrong.append(f"{one} to {two}: said to be kept: {done}")
        if "rejected" in done and said.rejects is None and said.keeps:
            wrong.append(f"{one} to {two}: said to be accepted: {done}")
        if not said.keeps and "changed" not in done:
            wrong.append(f"{one} to {two}: said to be {said.changes}: {done}")
    assert not wrong, "\n".join(wrong)
