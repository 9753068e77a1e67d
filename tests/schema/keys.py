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

_SWITCHED = (
    "CREATE TABLE r (a int PRIMARY KEY);"
    "CREATE TABLE t (a int CONSTRAINT f REFERENCES r, b int UNIQUE CONSTRAINT s REFERENCES t (b));"
)
_OFF = ("changed foreign key f on t triggers", "changed foreign key s on t triggers")

# `DISABLE TRIGGER ALL` includes the triggers by which foreign keys are checked, on both of their tables.
POSTGRES += [
    Pair("keys left unchecked", _SWITCHED, "ALTER TABLE t DISABLE TRIGGER ALL;", "COMMENT ON TABLE t IS NULL;", _OFF),
    Pair(
        "keys left unchecked in another schema",
        "CREATE SCHEMA app; CREATE TABLE app.r (a int PRIMARY KEY);"
        "CREATE TABLE app.t (a int CONSTRAINT f REFERENCES app.r);",
        "SET search_path = app; ALTER TABLE t DISABLE TRIGGER ALL;",
        "COMMENT ON TABLE app.t IS NULL;",
        ("changed foreign key f on app.t triggers",),
    ),
    Pair("the other table's side", _SWITCHED, "ALTER TABLE r DISABLE TRIGGER ALL;", "SELECT 1;", _OFF[:1]),
    Pair(
        "one of both sides",
        _SWITCHED,
        "ALTER TABLE t DISABLE TRIGGER ALL; ALTER TABLE r DISABLE TRIGGER ALL;",
        "ALTER TABLE t ENABLE TRIGGER ALL;",
        _OFF[:1],
    ),
    Pair("keys checked again", _SWITCHED, "ALTER TABLE t DISABLE TRIGGER ALL;", "ALTER TABLE t ENABLE TRIGGER ALL;"),
    Pair(
        "only users' triggers enabled",
        _SWITCHED,
        "ALTER TABLE t DISABLE TRIGGER ALL;",
        "ALTER TABLE t ENABLE TRIGGER USER;",
        _OFF,
    ),
    Pair("only users' triggers disabled", _SWITCHED, "ALTER TABLE t DISABLE TRIGGER USER;", "SELECT 1;"),
    Pair(
        "keys made again are checked",
        _SWITCHED,
        "ALTER TABLE t DISABLE TRIGGER ALL;",
        "ALTER TABLE t DROP CONSTRAINT f, DROP CONSTRAINT s;"
        "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES r;"
        "ALTER TABLE t ADD CONSTRAINT s FOREIGN KEY (b) REFERENCES t (b);",
    ),
    Pair("no keys", "CREATE TABLE t (a int);", "ALTER TABLE t DISABLE TRIGGER ALL;", "SELECT 1;"),
    Pair("rolled back", _SWITCHED, "BEGIN; ALTER TABLE t DISABLE TRIGGER ALL; ROLLBACK;", "SELECT 1;"),
]
