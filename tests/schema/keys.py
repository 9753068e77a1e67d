"""Pairs about what rests on columns: constraints that exclude rows, and indexes whose columns get another type."""

from __future__ import annotations

from .pairs import Pair

E = "CREATE TABLE e (id int, during int4range, v int, EXCLUDE USING gist (during WITH &&));"

POSTGRES = [
    Pair(
        "an exclusion is called after its columns",
        E,
        "ALTER TABLE e DROP CONSTRAINT e_during_excl;",
        "ALTER TABLE e ADD EXCLUDE USING gist (during WITH &&);",
    ),
    Pair(
        "an exclusion goes with its column",
        E,
        "ALTER TABLE e DROP COLUMN during;",
        "ALTER TABLE e ADD COLUMN during int4range;",
        ("missing exclusion constraint e_during_excl on e",),
    ),
    Pair(
        "an exclusion follows its column",
        E,
        "ALTER TABLE e RENAME COLUMN during TO span; ALTER TABLE e DROP CONSTRAINT e_during_excl;",
        "ALTER TABLE e ADD CONSTRAINT e_during_excl EXCLUDE USING gist (span WITH &&);"
        "ALTER TABLE e RENAME COLUMN span TO during;",
    ),
    Pair(
        "an index comes back with a cast",
        "CREATE FUNCTION f(varchar) RETURNS varchar LANGUAGE sql IMMUTABLE AS $$ SELECT lower($1) $$;"
        "CREATE TABLE t (name varchar(255)); CREATE UNIQUE INDEX i ON t (f(name)) WHERE name > 'a';",
        "ALTER TABLE t ALTER COLUMN name TYPE text;",
        "ALTER TABLE t ALTER COLUMN name TYPE varchar(255);",
    ),
]
