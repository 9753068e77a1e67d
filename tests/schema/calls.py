"""Pairs whose scripts call functions that the files made."""

from __future__ import annotations

from .pairs import Pair

T = "CREATE TABLE t (id int, a int);"
ADD = (
    "CREATE FUNCTION add_column(tab text, col text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN"
    " IF NOT EXISTS (SELECT FROM information_schema.columns WHERE table_name = tab AND column_name = col) THEN"
    " EXECUTE format('ALTER TABLE %I ADD COLUMN %I int', tab, col); END IF; END $$;"
)
DROP = (
    "CREATE PROCEDURE drop_column(tab text, INOUT col text) LANGUAGE plpgsql AS $$ BEGIN"
    " EXECUTE 'ALTER TABLE ' || quote_ident(tab) || ' DROP COLUMN ' || quote_ident(col); END $$;"
)
CHECK = (
    "CREATE FUNCTION look() RETURNS void LANGUAGE plpgsql AS $$ DECLARE n bigint; BEGIN"
    " SELECT count(*) INTO n FROM t; IF n > 10 THEN RAISE EXCEPTION 'too many'; END IF; END $$;"
)
POSTGRES = [
    Pair("a function adds a column", T + ADD, "SELECT add_column('t', 'b');", "ALTER TABLE t DROP COLUMN b;"),
    Pair("what a function adds stays", T + ADD, "SELECT add_column('t', 'b');", "", ("extra column t.b",)),
    Pair(
        "a procedure drops a column",
        T + DROP,
        "ALTER TABLE t ADD COLUMN b int;",
        "CALL drop_column('t', 'b');",
    ),
    Pair("what a procedure drops is gone", T + DROP, "CALL drop_column('t', 'a');", "", ("missing column t.a",)),
    Pair("a function looks only", T, f"{CHECK} SELECT look(); DROP FUNCTION look(); DROP TABLE t;", T),
    Pair(
        "a block calls a function",
        T + ADD,
        "DO $$ BEGIN PERFORM add_column('t', 'b'); END $$;",
        "",
        ("extra column t.b",),
    ),
    Pair(
        "a function calls another",
        T + ADD + "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS $$ SELECT add_column('t', 'b'); SELECT 1 $$;",
        "SELECT * FROM g();",
        "",
        ("extra column t.b",),
    ),
    Pair(
        "a function passes its arguments on",
        T + ADD + "CREATE FUNCTION add_two(tab text, one text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN"
        " PERFORM add_column(tab, one); EXECUTE add_column(tab, one || '_2'); END $$;",
        "SELECT add_two('t', 'b');",
        "ALTER TABLE t DROP COLUMN b; ALTER TABLE t DROP COLUMN b_2;",
    ),
    Pair(
        "which of two functions",
        T
        + "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN DROP TABLE t; END';"
        + "CREATE FUNCTION f(n int) RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM n; END';",
        "SELECT f(1);",
        "SELECT f();",
        ("missing table t",),
    ),
    Pair(
        "a function with a search path of its own",
        "CREATE SCHEMA s; CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql SET search_path = s"
        " AS 'BEGIN CREATE TABLE x (id int); END';",
        "SELECT f(); CREATE TABLE y (id int);",
        "DROP TABLE s.x; DROP TABLE public.y;",
    ),
    Pair(
        "a stable function changes nothing",
        "CREATE FUNCTION f() RETURNS SETOF int STABLE LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT 1; END';",
        "SELECT f();",
        "",
    ),
]
