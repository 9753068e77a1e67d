"""DO blocks: control flow, conditions, dynamic SQL."""

from __future__ import annotations

from typing import Any

import pytest

from miglint.sql import operations as op
from miglint.sql.operations import IN_MARK, And, Exists, Expression, KeyColumns, Name, Not, Or, Unknown

from .reading import cut, one, operations


def do(body: str, declare: str = "") -> list[op.Operation]:
    return operations(f"DO $$ {declare} BEGIN {body} END $$;")


def condition(text: str) -> Any:
    (found,) = do(f"IF {text} THEN CREATE TABLE x (); END IF;")
    assert isinstance(found, op.If)
    return found.condition


def named(text: str, schema: str | None = None) -> Name:
    return Name(schema, text)


CONDITIONS: list[tuple[str, Any]] = [
    (
        "EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'x' AND conrelid = 'public.t'::regclass)",
        Exists("constraint", named("x"), named("t", "public")),
    ),
    ("EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conname = 'x')", Exists("constraint", named("x"))),
    (
        "EXISTS (SELECT 1 FROM pg_constraint c JOIN pg_class t ON c.conrelid = t.oid "
        "JOIN pg_namespace n ON n.oid = t.relnamespace "
        "WHERE c.conname = 'x' AND t.relname = 't' AND n.nspname = 's' AND c.contype = 'f')",
        Exists("constraint", named("x"), named("t", "s"), (("constraint_type", "foreign"),)),
    ),
    ("NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'm')", Not(Exists("type", named("m")))),
    (
        "EXISTS (SELECT 1 FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace "
        "WHERE t.typname = 'm' AND n.nspname = current_schema())",
        Exists("type", named("m")),
    ),
    (
        "EXISTS (SELECT 1 FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid "
        "WHERE t.typname = 'm' AND e.enumlabel = 'a')",
        Exists("enum value", named("a"), named("m")),
    ),
    (
        "EXISTS (SELECT 1 FROM pg_enum WHERE enumlabel = 'a' "
        "AND enumtypid = (SELECT oid FROM pg_type WHERE typname = 'm'))",
        Exists("enum value", named("a"), named("m")),
    ),
    (
        "EXISTS (SELECT 1 FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = 't' AND column_name = 'c')",
        Exists("column", named("c"), named("t", "public")),
    ),
    (
        "EXISTS (SELECT 1 FROM information_schema.columns "
        "WHERE table_name = 't' AND column_name = 'c' AND data_type = 'integer')",
        Exists("column", named("c"), named("t"), (("data_type", "integer"),)),
    ),
    (
        "EXISTS (SELECT 1 FROM information_schema.columns "
        "WHERE table_name = 't' AND column_name = 'c' AND ordinal_position = 1 AND is_nullable = 'NO')",
        And((Exists("column", named("c"), named("t"), (("is_nullable", "NO"),)), Unknown("(ordinal_position = '1')"))),
    ),
    (
        "EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'c' AND NOT attnotnull)",
        Exists("column", named("c"), named("t"), (("is_nullable", "YES"),)),
    ),
    (
        "EXISTS (SELECT 1 FROM pg_constraint WHERE conrelid = 't'::regclass AND contype = 'p')",
        Exists("constraint", named(""), named("t"), (("constraint_type", "primary"),)),
    ),
    (
        "EXISTS (SELECT 1 FROM pg_constraint WHERE contype = 'p')",
        Unknown("exists (from pg_constraint select 1 where (contype = 'p'))"),
    ),
    (
        "EXISTS (SELECT 1 FROM information_schema.tables WHERE table_name = 't' AND table_type = 'VIEW')",
        Exists("view", named("t"), anywhere=True),
    ),
    (
        "EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'c' AND NOT attisdropped)",
        Exists("column", named("c"), named("t")),
    ),
    (
        "EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass('a.t') AND attname = 'c')",
        Exists("column", named("c"), named("t", "a")),
    ),
    (
        "EXISTS (SELECT 1 FROM pg_enum WHERE enumtypid = to_regtype('m') AND enumlabel = 'a')",
        Exists("enum value", named("a"), named("m")),
    ),
    (
        "EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'x' AND tgrelid = 't'::regclass AND NOT tgisinternal)",
        Exists("trigger", named("x"), named("t")),
    ),
    (
        "EXISTS (SELECT 1 FROM pg_policies WHERE policyname = 'p' AND tablename = 't')",
        Exists("policy", named("p"), named("t")),
    ),
    (
        "EXISTS (SELECT 1 FROM pg_class c, pg_namespace n "
        "WHERE c.relnamespace = n.oid AND c.relname = 'i' AND n.nspname = 's' AND c.relkind = 'i')",
        Exists("index", named("i", "s")),
    ),
    (
        "EXISTS (SELECT 1 FROM pg_indexes WHERE indexname = 'i' AND schemaname = ANY (current_schemas(false)))",
        Exists("index", named("i")),
    ),
    ("EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'r')", Exists("role", named("r"))),
    ("EXISTS (SELECT 1 FROM pg_proc WHERE proname = lower('F'))", Exists("function", named("f"))),
    ("(SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'e'))", Exists("extension", named("e"))),
    ("(SELECT count(*) FROM pg_tables WHERE tablename = 't') = 0", Not(Exists("table", named("t"), anywhere=True))),
    ("(SELECT count(*) FROM pg_views WHERE viewname = 'v') > 0", Exists("view", named("v"), anywhere=True)),
    ("'s' IN (SELECT nspname FROM pg_namespace)", Exists("schema", named("s"))),
    (
        "to_regclass('public.\"Foo\"') IS NULL OR to_regtype('m') IS NOT NULL",
        Or((Not(Exists("relation", named("Foo", "public"))), Exists("type", named("m")))),
    ),
    (
        "EXISTS (SELECT 1 FROM users WHERE id = 1)",
        Exists("row", named("users"), where=Expression("(id = 1)", "", ("id",))),
    ),
    ("(SELECT count(*) FROM users) > 0", Exists("row", named("users"))),
    (
        "EXISTS (SELECT 1 FROM pg_tables WHERE tablename IN ('t', 'u'))",
        Or((Exists("table", named("t"), anywhere=True), Exists("table", named("u"), anywhere=True))),
    ),
    (
        "(SELECT count(*) FROM pg_tables WHERE tablename IN ('t', 'u')) = 2",
        And((Exists("table", named("t"), anywhere=True), Exists("table", named("u"), anywhere=True))),
    ),
    (
        "(SELECT count(*) FROM pg_tables WHERE tablename IN ('t', 'u')) = 1",
        Or(
            (
                And((Exists("table", named("t"), anywhere=True), Not(Exists("table", named("u"), anywhere=True)))),
                And((Not(Exists("table", named("t"), anywhere=True)), Exists("table", named("u"), anywhere=True))),
            )
        ),
    ),
    (
        "EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 't' AND column_name = 'c'"
        " AND NOT data_type = 'text')",
        Exists("column", named("c"), named("t"), (("data_type <>", "text"),)),
    ),
    (
        "EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 't' AND column_name = 'c'"
        " AND data_type NOT IN ('text', 'json'))",
        Exists("column", named("c"), named("t"), (("data_type not in", f"text{IN_MARK}json"),)),
    ),
    (
        "(SELECT data_type FROM information_schema.columns WHERE table_name = 't' AND column_name = 'c')"
        " IS DISTINCT FROM 'text'",
        Not(
            And(
                (
                    Exists("column", named("c"), named("t")),
                    Exists("column", named("c"), named("t"), (("data_type", "text"),)),
                )
            )
        ),
    ),
    (
        "(SELECT array_agg(attname) FROM pg_attribute WHERE attrelid = 'i'::regclass) = '{a,b}'",
        KeyColumns("relation", named("i"), ("a", "b"), "position"),
    ),
    (
        "COALESCE((SELECT string_agg(a.attname, ',' ORDER BY a.attname) FROM pg_index i JOIN pg_attribute a"
        " ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)"
        " WHERE i.indrelid = 't'::regclass AND i.indisprimary), '') <> text('a,b')",
        Not(KeyColumns("primary", named("t"), ("a", "b"), "name")),
    ),
    (
        "ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = to_regtype('s.e') ORDER BY enumsortorder)"
        " <> ARRAY['a', 'b']::text[]",
        Not(KeyColumns("enum", op.Name("s", "e"), ("a", "b"), "position")),
    ),
    (
        "(SELECT array_agg(enumlabel) FROM pg_enum WHERE enumtypid = 'e'::regtype) = '{a,b}'",
        KeyColumns("enum", named("e"), ("a", "b"), ""),
    ),
    (
        "(SELECT oid FROM pg_class WHERE relname = 't' AND relkind = 'r') IS NULL",
        Not(Exists("table", named("t"), anywhere=True)),
    ),
    (
        "EXISTS (SELECT FROM information_schema.tables WHERE table_name = 't' AND table_catalog = current_catalog)",
        Exists("relation", named("t"), anywhere=True),
    ),
    (
        "EXISTS (SELECT FROM pg_class WHERE relname = 't' AND relnamespace = current_schema()::regnamespace)",
        Exists("relation", named("t")),
    ),
    ("NOT NOT EXISTS (SELECT 1 FROM users)", Exists("row", named("users"))),
]


@pytest.mark.parametrize(("text", "expected"), CONDITIONS, ids=[row[0] for row in CONDITIONS])
def test_condition(text: str, expected: Any) -> None:
    assert condition(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "current_setting('server_version_num')::int >= 170000",
        "EXISTS (SELECT 1 FROM pg_constraint WHERE conname LIKE 'x%')",
        "EXISTS (SELECT 1 FROM pg_constraint)",
        "EXISTS (SELECT 1 FROM f('x'))",
        "EXISTS (SELECT 1 FROM users u JOIN orgs o ON o.id = u.org WHERE u.id = 1)",
        "EXISTS (SELECT org FROM users GROUP BY org HAVING count(*) > 1)",
        "(SELECT count(email) FROM users) > 0",
        "(SELECT array_agg(oid) FROM pg_attribute WHERE attrelid = 'i'::regclass) = '{1}'",
        "ARRAY(SELECT enumlabel FROM pg_enum WHERE enumtypid = 'e'::regtype AND enumsortorder > 1) = ARRAY['b']",
        "(SELECT count(*) FROM pg_tables WHERE tablename = 't') = 5",
        "some_function()",
    ],
)
def test_condition_that_is_not_known(text: str) -> None:
    assert isinstance(condition(text), Unknown)


def test_variables_carry_conditions() -> None:
    lookup = "SELECT count(*) INTO n FROM information_schema.columns WHERE table_name = 't' AND column_name = 'c';"
    _, found = do(f"{lookup} IF n = 0 THEN ALTER TABLE t ADD c int; END IF;", "DECLARE n int;")
    assert isinstance(found, op.If) and found.condition == Not(Exists("column", named("c"), named("t")))
    exists = "SELECT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'm') INTO ok;"
    _, found = do(f"{exists} IF NOT ok THEN CREATE TYPE m AS ENUM (); END IF;", "DECLARE ok boolean;")
    assert isinstance(found, op.If) and found.condition == Not(Exists("type", named("m")))
    _, found = do("PERFORM 1 FROM pg_class WHERE relname = 'x'; IF NOT FOUND THEN CREATE TABLE x (); END IF;")
    assert isinstance(found, op.If) and found.condition == Not(Exists("relation", named("x"), anywhere=True))
    twice = "ok := true; IF random() > 1 THEN ok := false; END IF; IF ok THEN CREATE TABLE x (); END IF;"
    (found,) = do(twice, "DECLARE ok boolean;")
    assert isinstance(found, op.If) and isinstance(found.condition, Unknown)


def test_branches() -> None:
    (found,) = do("IF f() THEN CREATE TABLE a (); ELSIF g() THEN CREATE TABLE b (); ELSE DROP TABLE c; END IF;")
    assert isinstance(found, op.If) and isinstance(found.then[0], op.CreateTable)
    (inner,) = found.otherwise
    assert isinstance(inner, op.If)
    assert isinstance(inner.then[0], op.CreateTable) and isinstance(inner.otherwise[0], op.Drop)


def test_what_follows_a_return_is_the_other_branch() -> None:
    (found,) = do("IF to_regclass('x') IS NOT NULL THEN RETURN; END IF; CREATE TABLE x (); CREATE TABLE y ();")
    assert isinstance(found, op.If)
    assert (found.then, len(found.otherwise)) == ((), 2)
    assert do("RETURN; CREATE TABLE x ();") == []


def test_exceptions() -> None:
    sql = (
        "DO $$ BEGIN CREATE TYPE m AS ENUM ('a'); EXCEPTION WHEN duplicate_object OR SQLSTATE '42P07' THEN NULL; END $$"
    )
    found = one(sql)
    assert isinstance(found, op.Try)
    assert (found.caught, found.handler) == (("duplicate_object", "42P07"), ())
    assert cut(sql, found.body[0].span) == "CREATE TYPE m AS ENUM ('a')"
    (found,) = do("CREATE TABLE a (); EXCEPTION WHEN duplicate_table THEN NULL; WHEN others THEN RAISE;")
    assert isinstance(found, op.Try) and found.caught == ("others",)
    assert isinstance(found.handler[0], op.Raise)
    assert isinstance(found.body[0], op.Try) and found.body[0].caught == ("duplicate_table",)


def test_raise() -> None:
    assert do("RAISE NOTICE 'x %', 1;") == []
    (found,) = do("RAISE EXCEPTION 'no % here', 1; CREATE TABLE never ();")
    assert isinstance(found, op.Raise) and found.message == "no % here"


DYNAMIC = [
    "EXECUTE 'CREATE TABLE made (a int)';",
    "EXECUTE 'CREATE TABLE ' || 'made' || ' (a int)';",
    "EXECUTE format('CREATE TABLE %I (%s int)', 'made', 'a');",
    "EXECUTE format('CREATE TABLE %2$I (%1$s int)', 'a', 'made');",
    "EXECUTE concat('CREATE TABLE ', quote_ident('made'), ' (a int)');",
    "EXECUTE 'CREATE TABLE ' || name || ' (a int)';",
    "EXECUTE 'CREATE TABLE ' || array_to_string(string_to_array('ma,de', ','), '') || ' (a int)';",
    "EXECUTE array_to_string(ARRAY['CREATE TABLE', name, '(a int)']::text[], ' ');",
    "EXECUTE concat_ws(' ', 'CREATE TABLE', replace('m-de', '-', 'a'), ltrim(' (a int)'));",
    "FOREACH n IN ARRAY ARRAY['made'] LOOP EXECUTE 'CREATE TABLE ' || n || ' (a int)'; END LOOP;",
    "FOREACH n IN ARRAY names LOOP EXECUTE 'CREATE TABLE ' || n || ' (a int)'; END LOOP;",
]


@pytest.mark.parametrize("text", DYNAMIC)
def test_dynamic_sql_of_constants(text: str) -> None:
    (found,) = do(text, "DECLARE name text := 'made'; n text; names text[] := ARRAY['made'];")
    assert isinstance(found, op.CreateTable)
    assert (found.name, found.columns[0].name) == (named("made"), "a")


def test_dynamic_sql_that_is_not_known() -> None:
    sql = "DO $$ BEGIN EXECUTE 'DROP TABLE ' || some_name(); END $$"
    found = one(sql)
    assert isinstance(found, op.Opaque) and found.schema_effect
    assert cut(sql, found.span) == "'DROP TABLE ' || some_name()"
    (found,) = do("EXECUTE 'UPDATE ' || some_name() || ' SET a = 1';")
    assert isinstance(found, op.Opaque) and not found.schema_effect
    # A function of one's own may do anything.
    for text, anything in (
        ("'SELECT own(' || quote_literal(n) || ')'", True),
        ("'SELECT app.count(id) FROM ' || n", True),
        ("'INSERT INTO t SELECT own() FROM ' || n", True),
        ("'SELECT pg_catalog.count(id) FROM ' || n", False),
        ("'SELECT setval(' || quote_literal(n) || ', max(id)) FROM t'", False),
    ):
        (found,) = do(f"EXECUTE {text};", "DECLARE n text := some_name();")
        assert isinstance(found, op.Opaque) and found.schema_effect is anything, text
    (found,) = do("EXECUTE format('CREATE TABL %s', 'x');")
    assert isinstance(found, op.Opaque) and "cannot be parsed" in found.reason


def test_variables_are_no_columns() -> None:
    (update,) = do("UPDATE t SET a = Some_n WHERE b > some_n AND c = 1;", "DECLARE some_n int;")
    assert isinstance(update, op.Update) and update.where is not None
    assert [value and value.columns for _, value in update.assignments] == [()]
    assert set(update.where.columns) == {"b", "c"}
    (insert,) = do("INSERT INTO t (a) SELECT x FROM u WHERE y < n;", "DECLARE n int;")
    assert isinstance(insert, op.Insert) and insert.query is not None
    assert {use.column for use in insert.query.uses} == {"x", "y"}


def test_loops() -> None:
    (found,) = do("FOR r IN SELECT * FROM t LOOP UPDATE u SET a = 1; END LOOP;", "DECLARE r record;")
    assert isinstance(found, op.Opaque)
    assert (found.schema_effect, found.relations) == (False, (named("u"),))
    (found,) = do("FOR r IN SELECT * FROM t LOOP EXECUTE 'DROP TABLE ' || r.n; END LOOP;", "DECLARE r record;")
    assert isinstance(found, op.Opaque) and found.schema_effect
    assert do("FOR i IN 1..3 LOOP RAISE NOTICE 'x'; END LOOP;") == []
    found_all = do(
        "FOREACH n IN ARRAY ARRAY['a', 'b'] LOOP EXECUTE format('ALTER TABLE %I ADD x int', n); END LOOP;",
        "DECLARE n text;",
    )
    assert [str(item.table) for item in found_all if isinstance(item, op.AddColumn)] == ["a", "b"]


def test_case_and_calls() -> None:
    (found,) = do("CASE f() WHEN 1 THEN CREATE TABLE a (); ELSE DROP TABLE b; END CASE;")
    assert isinstance(found, op.If) and isinstance(found.otherwise[0], op.Drop)
    (found,) = do("PERFORM setval('s', 1);")
    assert isinstance(found, op.Select) and found.query.functions == (named("setval"),)
    (found,) = do("CALL p(1);")
    assert isinstance(found, op.OtherData)


def test_places_in_the_block() -> None:
    sql = "-- é\nDO $x$ BEGIN\n  ALTER TABLE é ADD a int, ADD b int DEFAULT 0;\n  ALTER TABLE é ADD a int; END $x$;"
    spans = [item.span for item in operations(sql)]
    assert [cut(sql, span) for span in spans] == ["ADD a int", "ADD b int DEFAULT 0", "ADD a int"]
    assert spans[0].start < spans[1].start < spans[2].start
    quoted = "DO 'BEGIN CREATE TABLE x (a text DEFAULT ''y''); END'"
    assert cut(quoted, one(quoted).span) == quoted


def test_unknown_types_do_not_hide_a_block() -> None:
    declare = "DECLARE a shop.mood; b mood[]; c t.d%TYPE; e shop.t%ROWTYPE; f shop.mood := 'x'; BEGIN NULL; END;"
    (found,) = operations(f"DO $$ {declare[:-17]} BEGIN CREATE TABLE x (); END $$")
    assert isinstance(found, op.CreateTable)


def test_other_languages() -> None:
    found = one("DO LANGUAGE plpython3u 'x'")
    assert isinstance(found, op.Opaque) and "plpython3u" in found.reason
    found = one("DO $$ BEGIN nonsense END $$")
    assert isinstance(found, op.Opaque) and "cannot be read" in found.reason
