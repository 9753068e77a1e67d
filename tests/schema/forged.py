"""Definitions whose texts differ in little: in what is another definition, and in what is the same one."""

from __future__ import annotations

from .pairs import Pair

U = "CREATE TABLE u (id int PRIMARY KEY, name text, code varchar(9), price numeric, n int, at timestamptz);"
OWN_LOWER = "CREATE FUNCTION lower(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'x'::text $$;"
OWN = "CREATE FUNCTION own(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT $1 $$;"


def check(name: str, one: str, two: str, *, same: bool = False, made: str = U) -> Pair:
    """A condition that comes back as another one."""
    back = f"ALTER TABLE u ADD CONSTRAINT k CHECK ({two});"
    left = () if same else ("changed check constraint k on u definition",)
    return Pair(
        f"check: {name}",
        f"{made} ALTER TABLE u ADD CONSTRAINT k CHECK ({one});",
        "ALTER TABLE u DROP CONSTRAINT k;",
        back,
        left,
    )


def view(name: str, one: str, two: str, *, same: bool = False, aspect: str = "definition", made: str = U) -> Pair:
    """A view that comes back as another one."""
    left = () if same else (f"changed view v {aspect}",)
    return Pair(f"view: {name}", f"{made} CREATE VIEW v AS {one};", "DROP VIEW v;", f"CREATE VIEW v AS {two};", left)


def default(name: str, kind: str, one: str, two: str) -> Pair:
    """A default that comes back as another one."""
    return Pair(
        f"default: {name}",
        f"CREATE TABLE d (a {kind} DEFAULT {one});",
        "ALTER TABLE d ALTER a DROP DEFAULT;",
        f"ALTER TABLE d ALTER a SET DEFAULT {two};",
        ("changed column d.a default",),
    )


def index(name: str, one: str, two: str, *, same: bool = False, made: str = U) -> Pair:
    """An index that comes back as another one."""
    left = () if same else ("changed index i definition",)
    return Pair(
        f"index: {name}", f"{made} CREATE INDEX i ON u {one};", "DROP INDEX i;", f"CREATE INDEX i ON u {two};", left
    )


POSTGRES = [
    check("a cast in a constant", "name <> 'x::admin'", "name <> 'x::user'"),
    check("a schema in a constant", "name <> 'public.a'", "name <> 'a'"),
    check("an interval in a text", "name <> '1 day'", "name <> '1d'"),
    check("bytes in a text", r"name <> '\x6162'", "name <> 'ab'"),
    check("a quote in a constant", "name <> 'it''s ::a'", "name <> 'it''s ::b'"),
    check("a cast of a column", "price::int > 5", "price > 5"),
    check("another cast of a column", "price::int > 5", "price::bigint > 5"),
    check("a cast of a call", "at::date > '2020-01-01'", "at > '2020-01-01'"),
    check("a function of that name", "pg_catalog.lower(name) <> 'a'", "public.lower(name) <> 'a'", made=U + OWN_LOWER),
    check("the server's function", "pg_catalog.lower(name) <> 'a'", "lower(name) <> 'a'", same=True,
          made=U + OWN_LOWER),
    check("a function of the project", "public.own(name) <> 'a'", "own(name) <> 'a'", same=True, made=U + OWN),
    check("a constant's own type", "name <> 'a'", "name <> 'a'::text", same=True),
    check("what the server adds", "code IN ('a', 'b')", "(code)::text = ANY (ARRAY['a'::text, 'b'::text])", same=True),
    check("a number as the server casts it", "price > 5", "price > (5)::numeric", same=True),
    check("the letters of a collation", 'name COLLATE "C" <> \'a\'', 'name COLLATE "POSIX" <> \'a\''),
    view("a cast in a constant", "SELECT id FROM u WHERE name = 'x::admin'", "SELECT id FROM u WHERE name = 'x::user'"),
    view("a schema in a constant", "SELECT id FROM u WHERE name = 'public.a'", "SELECT id FROM u WHERE name = 'a'"),
    view("an interval in a text", "SELECT id FROM u WHERE name = '1 day'", "SELECT id FROM u WHERE name = '1d'"),
    view("a cast of a result", "SELECT price AS p FROM u", "SELECT price::int AS p FROM u"),
    view("a modifier of a result", "SELECT code AS p FROM u", "SELECT code::text AS p FROM u"),
    view("what the server adds", "SELECT id FROM u WHERE code = 'a'",
         "SELECT u.id FROM u WHERE ((u.code)::text = 'a'::text)", same=True),
    view("an interval as the server has it", "SELECT id FROM u WHERE at > now() - interval '90 minutes'",
         "SELECT u.id FROM u WHERE (u.at > (now() - '01:30:00'::interval))", same=True),
    index("a cast in its condition", "(id) WHERE name = 'k::1'", "(id) WHERE name = 'k::2'"),
    index("a function of that name", "(pg_catalog.lower(name))", "(public.lower(name))", made=U + OWN_LOWER),
    index("a cast to the parameter's type", "(num(n))", "(num((n)::numeric))", same=True,
          made=U + "CREATE FUNCTION num(numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS $$ SELECT $1 $$;"),
    default("a cast in a constant", "text", "'p' || 'u::a'", "'p' || 'u::b'"),
    default("a cast of a call", "boolean", "(now()::date > '2020-01-01')", "(now() > '2020-01-01')"),
    Pair(
        "policy: a cast in a constant",
        U + "CREATE POLICY p ON u USING (name = 'x::admin');",
        "ALTER POLICY p ON u USING (name = 'x::user');",
        "SELECT 1;",
        ("changed policy p on u definition",),
    ),
    Pair(
        "trigger: a cast in a constant",
        U + "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TRIGGER g BEFORE UPDATE ON u FOR EACH ROW WHEN (NEW.name = 'x::1') EXECUTE FUNCTION f();",
        "CREATE OR REPLACE TRIGGER g BEFORE UPDATE ON u FOR EACH ROW WHEN (NEW.name = 'x::2') EXECUTE FUNCTION f();",
        "SELECT 1;",
        ("changed trigger g on u definition",),
    ),
    Pair(
        "rule: a cast in a constant",
        U + "CREATE RULE r AS ON UPDATE TO u WHERE new.name = 'a::b' DO INSTEAD NOTHING;",
        "CREATE OR REPLACE RULE r AS ON UPDATE TO u WHERE new.name = 'a::c' DO INSTEAD NOTHING;",
        "SELECT 1;",
        ("changed rewriterule r on u definition",),
    ),
    Pair(
        "domain: a cast in a constant",
        "CREATE DOMAIN d AS text CONSTRAINT c CHECK (VALUE <> 'q::1');",
        "ALTER DOMAIN d DROP CONSTRAINT c;",
        "ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE <> 'q::2');",
        ("changed domain d definition",),
    ),
    Pair(
        "generated: a cast",
        "CREATE TABLE g (p numeric, c text GENERATED ALWAYS AS ((p::int)::text) STORED);",
        "ALTER TABLE g DROP COLUMN c;",
        "ALTER TABLE g ADD COLUMN c text GENERATED ALWAYS AS (p::text) STORED;",
        ("changed column g.c generated",),
    ),
    Pair(
        "collation: another one in other letters",
        'CREATE COLLATION "c" (locale = \'POSIX\'); CREATE TABLE t (a text COLLATE "C");',
        'ALTER TABLE t ALTER a TYPE text COLLATE "c";',
        "SELECT 1;",
        ("changed column t.a collation",),
    ),
    Pair(
        "check: a column that had another type in between",
        U + "ALTER TABLE u ADD CONSTRAINT k CHECK (n BETWEEN 1 AND 5 AND n IN (1, -2) AND code IN ('a', 'b'));",
        "ALTER TABLE u ALTER n TYPE numeric, ALTER code TYPE text;",
        "ALTER TABLE u ALTER n TYPE int, ALTER code TYPE varchar(9);",
    ),
]  # fmt: skip

S = 'CREATE TABLE u (id INTEGER PRIMARY KEY, name TEXT, email TEXT, a INT, b INT, "a + b" INT, "Mail" TEXT);'


def lite(name: str, made: str, one: str, two: str, drop: str, left: str = "") -> Pair:
    return Pair(name, f"{S} {made.format(one)};", drop, f"{made.format(two)};", (left,) if left else ())


_VIEW = ("CREATE VIEW v AS SELECT {}", "DROP VIEW v;", "changed view v definition")
_INDEX = ("CREATE INDEX i ON u {}", "DROP INDEX i;", "changed index i definition")
_TRIGGER = (
    "CREATE TRIGGER g AFTER INSERT ON u WHEN {} BEGIN SELECT 1; END",
    "DROP TRIGGER g;",
    "changed trigger g on u definition",
)

SQLITE = [
    lite(f"{kind[0].split()[1].lower()}: {name}", kind[0], one, two, kind[1], kind[2] if other else "")
    for kind, name, one, two, other in (
        (_VIEW, "a cast in a constant", "id FROM u WHERE name = 'x::admin'", "id FROM u WHERE name = 'x::user'", True),
        (_VIEW, "a schema in a constant", "id FROM u WHERE name = 'public.x'", "id FROM u WHERE name = 'x'", True),
        (_VIEW, "an interval in a text", "id FROM u WHERE name = '1 day'", "id FROM u WHERE name = '1d'", True),
        (_VIEW, "a string in double quotes", 'id FROM u WHERE name = "Admin"', 'id FROM u WHERE name = "admin"', True),
        (_VIEW, "a column in double quotes", 'id FROM u WHERE name = "Email"', "id FROM u WHERE NAME = email", False),
        (_VIEW, "a column with a capital", 'id FROM u WHERE "Mail" = 1', "id FROM u WHERE mail = 1", False),
        (_VIEW, "a column or an expression", '"a + b" AS s FROM u', "a + b AS s FROM u", True),
        (_VIEW, "a column named like a constant",
         'u."true" AS s FROM (SELECT 1 AS "true") u',
         'true AS s FROM (SELECT 1 AS "true") u', True),
        (_VIEW, "quotes of other kinds", 'id FROM u WHERE "a + b" = 1', "id FROM u WHERE [a + b] = 1", False),
        (_INDEX, "where in a constant", "(id) WHERE a <> 'x where y'", "(id) WHERE b <> 'x where y'", True),
        (_INDEX, "a bracket in a constant",
         "(replace(name, ' ) ) ', ''), email || 'x')",
         "(replace(name, ' ) ) ', ''), email || 'y')", True),
        (_INDEX, "its letters",
         '(lower("Name") COLLATE NOCASE DESC) WHERE "A" > 1',
         "(lower(name) COLLATE NOCASE desc) WHERE a > 1", False),
        (_TRIGGER, "a string in double quotes", 'new.name = "Admin"', 'new.name = "admin"', True),
        (_TRIGGER, "a column in double quotes", 'new."Name" = \'a\'', "new.name = 'a'", False),
    )
]  # fmt: skip
SQLITE += [
    Pair(
        "view: aliases exchanged",
        S + "CREATE VIEW v AS SELECT id, name, email FROM u;",
        "DROP VIEW v;",
        "CREATE VIEW v AS SELECT id, name AS email, email AS name FROM u;",
        ("changed view v definition",),
    ),
    *(
        Pair(
            f"column: {name}",
            f"CREATE TABLE t (id INTEGER PRIMARY KEY, c TEXT {one});",
            "ALTER TABLE t DROP COLUMN c;",
            f"ALTER TABLE t ADD COLUMN c TEXT {two};",
            (left,) if left else (),
        )
        for name, one, two, left in (
            ("a string in double quotes", 'DEFAULT "Admin"', 'DEFAULT "admin"', "changed column t.c default"),
            ("a constant", "DEFAULT TRUE", "DEFAULT true", ""),
        )
    ),
]
