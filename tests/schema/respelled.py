"""Definitions that come back with other constants, casts or words: those that PostgreSQL stores alike, and others."""

from __future__ import annotations

from .pairs import Pair
from .restated import T as MADE


def check(name: str, one: str, two: str, *, same: bool) -> Pair:
    """A condition that comes back as another one."""
    left = () if same else ("changed check constraint k on t definition",)
    back = f"ALTER TABLE t ADD CONSTRAINT k CHECK ({two});"
    made = f"{MADE} ALTER TABLE t ADD CONSTRAINT k CHECK ({one});"
    return Pair(f"check: {name}", made, "ALTER TABLE t DROP CONSTRAINT k;", back, left)


def default(name: str, kind: str, one: str, two: str, *, same: bool) -> Pair:
    """A default of a column that comes back as another one."""
    left = () if same else ("changed column x.k default",)
    made = f"{MADE} CREATE TABLE x (k {kind} DEFAULT {one});"
    back = f"ALTER TABLE x ALTER k SET DEFAULT {two};"
    return Pair(f"default: {name}", made, "ALTER TABLE x ALTER k DROP DEFAULT;", back, left)


def index(name: str, one: str, two: str, *, same: bool) -> Pair:
    """An index that comes back as another one."""
    left = () if same else ("changed index k definition",)
    return Pair(
        f"index: {name}", f"{MADE} CREATE INDEX k ON t {one};", "DROP INDEX k;", f"CREATE INDEX k ON t {two};", left
    )


def domain(name: str, one: str, two: str, *, same: bool) -> Pair:
    """A domain that comes back as another one."""
    left = () if same else ("changed domain k definition",)
    return Pair(f"domain: {name}", f"CREATE DOMAIN k AS {one};", "DROP DOMAIN k;", f"CREATE DOMAIN k AS {two};", left)


def function(name: str, one: str, two: str, *, same: bool) -> Pair:
    """A function that comes back as another one."""
    made, back = (f"CREATE FUNCTION k{text} LANGUAGE sql AS 'SELECT $1';" for text in (one, two))
    left = () if same else ("changed function k(varchar) definition",)
    return Pair(f"function: {name}", made, "DROP FUNCTION k;", back, left)


def rule(name: str, one: str, two: str, *, same: bool) -> Pair:
    """A rule that comes back as another one."""
    made, back = (f"CREATE RULE k AS ON INSERT TO t {text};" for text in (one, two))
    left = () if same else ("changed rewriterule k on t definition",)
    return Pair(f"rule: {name}", f"{MADE} {made}", "DROP RULE k ON t;", back, left)


POSTGRES = [
    default("a number as a truth", "bool", "1::bool", "true", same=False),
    default("a word for a truth", "bool", "'yes'", "true", same=True),
    default("a text that is cast", "text", "concat('a', 'b')", "concat('a'::text, 'b')", same=False),
    default("quotes in an array", "text[]", "'{a}'", """'{"a"}'""", same=True),
    default("bytes", "bytea", r"'\x41'", "'A'", same=True),
    default("a real number", "real", "'1.0'", "'1'", same=True),
    default("a negative number", "bigint", "-1", "'-1'::integer", same=True),
    default("another type of a number", "bigint", "1", "'1'", same=False),
    default("an address", "inet", "'10.0.0.1'", "'10.0.0.1/32'", same=True),
    default("bits", "bit(3)", "B'101'", "'101'", same=True),
    default("bits in another base", "varbit", "X'5'", "B'0101'", same=True),
    default("a time of a zone", "timetz", "'12:00Z'", "'12:00+00'", same=True),
    default("a time of another zone", "timetz", "'12:00Z'", "'13:00+01'", same=False),
    default("bounds of a range", "int4range", "'[1,2]'", "'[1,3)'", same=True),
    default("quotes in a range", "tsrange", "'[2020-01-01, 2020-01-02)'",
            """'["2020-01-01 00:00:00","2020-01-02 00:00:00")'""", same=True),
    default("the schema of a name", "regclass", "'t'", "'public.t'", same=True),
    default("one byte", '"char"', "'a'", "'abc'", same=True),
    default("a domain", "pos", "1", "1::pos", same=False),
    default("a cast", "date", "now()", "now()::date", same=False),
    index("a column in parentheses", "((t.id))", "(id)", same=True),
    index("a column as its own type", "((f::boolean))", "(f)", same=True),
    index("a column as its own type without a length", "((v::varchar))", "(v)", same=False),
    index("a column as another type", "((v::text))", "(v)", same=False),
    index("the collation of a column", '(a COLLATE "default")', "(a)", same=True),
    index("another collation", '(a COLLATE "C")', "(a)", same=False),
    index("a configuration for texts", "USING gin (to_tsvector('english', a))",
          "USING gin (to_tsvector('pg_catalog.english', a))", same=True),
    index("another configuration for texts", "USING gin (to_tsvector('english', a))",
          "USING gin (to_tsvector('simple', a))", same=False),
    check("time zones in words", "ts AT TIME ZONE 'UTC' > '2020-01-01Z'", "timezone('UTC', ts) > '2020-01-01Z'",
          same=False),
    check("a pattern in words", "substring(a FROM 'x') = 'x'", "substring(a, 'x') = 'x'", same=True),
    check("a place in words", "position('x' IN a) = 1", "pg_catalog.position(a, 'x') = 1", same=False),
    domain("a document", "jsonb DEFAULT '{}'", "jsonb DEFAULT '{ }'", same=True),
    domain("another type of a number", "bigint DEFAULT 1", "bigint DEFAULT '1'", same=False),
    domain("NULL", "varchar(5) DEFAULT NULL", "varchar(5)", same=True),
    *(
        Pair(
            f"exclusion: {name}",
            f"{MADE} ALTER TABLE t ADD CONSTRAINT k EXCLUDE ({one});",
            "ALTER TABLE t DROP CONSTRAINT k;",
            f"ALTER TABLE t ADD CONSTRAINT k EXCLUDE USING btree ({two});",
            () if same else ("changed exclusion constraint k on t definition",),
        )
        for name, one, two, same in (
            ("an order", "id DESC WITH =", "id WITH =", False),
            ("the place of NULL", "id NULLS FIRST WITH =", "id WITH =", False),
            ("its own order", "id DESC NULLS FIRST WITH =, s ASC NULLS LAST WITH =", "id DESC WITH =, s WITH =", True),
        )
    ),
    *(
        Pair(
            f"storage parameters of a constraint: {kind}",
            f"{MADE} ALTER TABLE t ADD CONSTRAINT k {kind} WITH (fillfactor = 70);",
            "ALTER TABLE t DROP CONSTRAINT k;",
            f"ALTER TABLE t ADD CONSTRAINT k {kind}{back};",
            () if back else ("changed index k definition",),
        )
        for kind in ("UNIQUE (id)", "PRIMARY KEY (id)", "EXCLUDE (id WITH =)")
        for back in ("", " WITH (fillfactor = '70')")
    ),
    index("the tablespace of the server", "(a) TABLESPACE pg_default", "(a)", same=True),
    function("a length", "(a varchar(5)) RETURNS varchar(9)", "(a varchar) RETURNS varchar", same=True),
    function("another result", "(a varchar) RETURNS varchar", "(a varchar) RETURNS text", same=False),
    rule("parentheses", "WHERE new.s > 5 DO INSTEAD NOTHING", "WHERE (new.s > 5) DO INSTEAD NOTHING", same=True),
    rule("a cast", "WHERE new.s > 5 DO INSTEAD NOTHING", "WHERE new.s > 5::smallint DO INSTEAD NOTHING", same=False),
    *(
        Pair(
            f"default: NULL for {kind} that is {name}",
            f"CREATE DOMAIN five AS int DEFAULT 5; CREATE DOMAIN plain AS int; CREATE TABLE x (id int, k {kind}{one});",
            "ALTER TABLE x DROP k;",
            f"ALTER TABLE x ADD k {kind}{two};",
            () if kind != "five" else ("changed column x.k default",),
        )
        for kind in ("five", "plain", "varchar(5)")
        for name, one, two in (("added", "", " DEFAULT NULL"), ("left out", " DEFAULT NULL", ""))
    ),
    Pair(
        "default: NULL for a domain again",
        "CREATE DOMAIN five AS int DEFAULT 5; CREATE TABLE x (id int, k five DEFAULT NULL);",
        "ALTER TABLE x ALTER k DROP DEFAULT;",
        "ALTER TABLE x ALTER k SET DEFAULT NULL;",
    ),
    Pair(
        "trigger: the tables of changed rows in another order",
        f"{MADE} CREATE TRIGGER k AFTER UPDATE ON t REFERENCING OLD TABLE AS o NEW TABLE AS n EXECUTE FUNCTION ran();",
        "DROP TRIGGER k ON t;",
        "CREATE TRIGGER k AFTER UPDATE ON t REFERENCING NEW TABLE AS n OLD TABLE AS o EXECUTE FUNCTION ran();",
    ),
    Pair(
        "trigger: whole rows",
        f"{MADE} CREATE TRIGGER k BEFORE UPDATE ON t FOR EACH ROW WHEN (old.* IS DISTINCT FROM new.*)"
        " EXECUTE FUNCTION ran();",
        "DROP TRIGGER k ON t;",
        "CREATE TRIGGER k BEFORE UPDATE ON t FOR EACH ROW WHEN (old IS DISTINCT FROM new) EXECUTE FUNCTION ran();",
    ),
]  # fmt: skip

UNKNOWN = [
    # What these constants mean depends on the session, or is not read.
    check("a moment without a time zone", "tz > '2020-01-01 00:00'", "tz > '2020-01-01 00:00Z'", same=True),
    check("a date in words", "d > 'January 1, 2020'", "d > '2020-01-01'", same=True),
    check("parts of an interval", "ts - ts > '1.5 hours'", "ts - ts > '90 minutes'", same=True),
    default("the field of an interval", "interval", "interval '1' hour", "'1 hour'", same=True),
    default("a sum of money", "money", "'0'", "'$0.00'", same=True),
    default("another point", "point", "'(1,2)'", "'(1,3)'", same=False),
]
