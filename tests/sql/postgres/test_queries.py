"""Queries, data statements and routines."""

from __future__ import annotations

import pytest

from miglint.sql import operations as op
from miglint.sql.operations import ColumnUse, Name, Type

from .reading import cut, one, operations, query

T, U = Name(None, "t"), Name(None, "u")

OUTPUTS = [
    ("a", ("a",)),
    ("t.a, s.t.b", ("a", "b")),
    ("a AS x", ("x",)),
    ("1, 'x', a + 1", ("?column?",) * 3),
    ("count(*), max(a)", ("count", "max")),
    ("a::text, 1::int, now()::date", ("a", "int4", "now")),
    ("CASE WHEN a THEN b END, CASE a WHEN 1 THEN 2 ELSE c END", ("case", "c")),
    ("coalesce(a, b), greatest(a, b), nullif(a, b)", ("coalesce", "greatest", "nullif")),
    ("EXISTS (SELECT 1), ARRAY(SELECT 1), (SELECT x FROM u), ARRAY[1]", ("exists", "array", "x", "array")),
    ("current_date, current_timestamp(2), current_user", ("current_date", "current_timestamp", "current_user")),
    ("(r).f, arr[1], row(1, 2)", ("f", "arr", "row")),
    ("extract(year FROM a), a AT TIME ZONE 'utc', trim(a)", ("extract", "timezone", "btrim")),
    ('a COLLATE "C", a IS NULL, NOT a', ("a", "?column?", "?column?")),
    ("json_object('a': 1), json_value(a, '$')", ("json_object", "json_value")),
    ("*, t.*", ("*", "*")),
]


@pytest.mark.parametrize(("targets", "names"), OUTPUTS)
def test_outputs(targets: str, names: tuple[str, ...]) -> None:
    assert query(f"SELECT {targets} FROM t").outputs == names


def test_outputs_of_values_and_unions() -> None:
    assert query("VALUES (1, 2)").outputs == ("column1", "column2")
    assert query("SELECT a FROM t UNION SELECT b FROM u").outputs == ("a",)


def test_stars() -> None:
    assert query("SELECT * FROM t JOIN s.u x ON true").stars == (T, Name("s", "u"))
    assert query("SELECT x.* FROM t, u AS x").stars == (U,)
    assert query("WITH c AS (SELECT 1) SELECT * FROM c").stars == ()


USES = [
    ("SELECT a FROM t", {ColumnUse(T, "a")}),
    ("SELECT a FROM t, u", {ColumnUse(None, "a")}),
    ("SELECT x.a FROM t x JOIN u ON u.b = x.c", {ColumnUse(T, "a"), ColumnUse(U, "b"), ColumnUse(T, "c")}),
    ("SELECT 1 FROM t JOIN u USING (a)", {ColumnUse(T, "a"), ColumnUse(U, "a")}),
    ("SELECT (SELECT x.a FROM u WHERE u.b = x.c) FROM t x", {ColumnUse(T, "a"), ColumnUse(U, "b"), ColumnUse(T, "c")}),
    ("WITH c AS (SELECT a FROM t) SELECT b FROM c", {ColumnUse(T, "a")}),
    ("WITH c AS (SELECT a FROM t) SELECT c.b FROM c", {ColumnUse(T, "a")}),
    ("SELECT q.b FROM (SELECT a AS b FROM t) q", {ColumnUse(T, "a")}),
    ("SELECT count(*) AS n FROM t ORDER BY n", set()),
    ("SELECT t FROM t", set()),
    ("SELECT t.a FROM s.t ORDER BY b", {ColumnUse(Name("s", "t"), "a"), ColumnUse(Name("s", "t"), "b")}),
    ("SELECT g FROM generate_series(1, 2) g", set()),
]


@pytest.mark.parametrize(("sql", "uses"), USES)
def test_uses(sql: str, uses: set[ColumnUse]) -> None:
    assert set(query(sql).uses) == uses


def test_relations_functions_and_types() -> None:
    found = query("WITH RECURSIVE r AS (SELECT 1 UNION SELECT * FROM r) SELECT f(a::s.m) FROM r, public.r, (TABLE t) x")
    assert found.relations == (Name("public", "r"), T)
    assert found.functions == (Name(None, "f"),)
    assert found.types == (Name("s", "m"),)


def test_queries_are_equal_but_for_spelling() -> None:
    assert query("select  a FROM t where b != 'x'") == query("SELECT a\nFROM t -- c\nWHERE (b <> 'x')")
    assert query("SELECT a FROM t") != query("SELECT a::text FROM t")
    assert query("SELECT a FROM t") != query("SELECT a FROM t LIMIT 1")
    assert query("SELECT a FROM t ORDER BY a") != query("SELECT a FROM t ORDER BY a DESC")


def test_views() -> None:
    sql = "CREATE OR REPLACE VIEW s.v (x) WITH (security_barrier) AS\n SELECT a FROM t WITH LOCAL CHECK OPTION;"
    view = one(sql)
    assert (view.name, view.columns, view.or_replace) == (Name("s", "v"), ("x",), True)
    assert view.query.text == "SELECT a FROM t"
    assert view.options == ("check_option=local", "security_barrier=true")
    made = one("CREATE MATERIALIZED VIEW IF NOT EXISTS m AS SELECT 1 WITH NO DATA")
    assert made.materialized and made.if_not_exists and not made.with_data


def test_insert() -> None:
    found = one(
        "INSERT INTO t (a, b) VALUES (1, NULL), ('x'::text, now()) ON CONFLICT (a) DO UPDATE SET b = 1 RETURNING a"
    )
    assert found.columns == ("a", "b")
    assert [[value and value.key for value in row] for row in found.rows] == [["1", "null"], ["'x'", None]]
    assert (found.conflict, found.conflict_columns) == ("update", ("a",))
    named = one("INSERT INTO t SELECT 1 ON CONFLICT ON CONSTRAINT c DO NOTHING")
    assert (named.conflict, named.conflict_constraint) == ("nothing", "c")
    assert [[value and value.key for value in row] for row in named.rows] == [["1"]]
    assert named.query.text == "SELECT 1"
    assert one("INSERT INTO t DEFAULT VALUES").rows == ((),)


ANTI_JOINS = [
    ("SELECT a FROM u WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.a = u.a)", True),
    ("SELECT a FROM u WHERE a NOT IN (SELECT a FROM t)", True),
    ("SELECT a FROM u WHERE b AND a <> ALL (SELECT a FROM t)", True),
    ("SELECT u.a FROM u LEFT JOIN t x ON x.a = u.a WHERE x.a IS NULL", True),
    ("SELECT a FROM u EXCEPT SELECT a FROM t", True),
    ("SELECT a FROM u WHERE NOT EXISTS (SELECT 1 FROM v)", False),
    ("SELECT a FROM u WHERE EXISTS (SELECT 1 FROM t)", False),
    ("SELECT u.a FROM u LEFT JOIN t ON t.a = u.a", False),
    ("SELECT a FROM u", False),
]


@pytest.mark.parametrize(("source", "expected"), ANTI_JOINS)
def test_anti_join(source: str, expected: bool) -> None:
    assert one(f"INSERT INTO t {source}").anti_join is expected


def test_update() -> None:
    sql = "UPDATE t AS x SET a = x.a + 1, b = DEFAULT, (c, d) = (SELECT 1, 2 FROM q), e[1] = 2 FROM u WHERE x.i = u.i"
    found = one(sql)
    assert [(name, value and value.key) for name, value in found.assignments] == [
        ("a", "(a + 1)"),
        ("b", "default"),
        ("c", None),
        ("d", None),
        ("e", None),
    ]
    assert found.assignments[0][1].text == "x.a + 1"
    assert found.where.text == "x.i = u.i"
    assert set(found.relations) == {U, Name(None, "q")}
    assert one("UPDATE t SET a = 1").where is None
    assert one("UPDATE t SET a = 1 WHERE (b = 1) RETURNING c").where.text == "(b = 1)"
    assert one("DELETE FROM t WHERE a NOT IN (SELECT b FROM u)").where.text == "a NOT IN (SELECT b FROM u)"
    assert one("DELETE FROM t WHERE NOT (a = 1)").where.text == "NOT (a = 1)"


def test_statements_inside_with() -> None:
    found = operations(
        "WITH gone AS (DELETE FROM u RETURNING a), put AS (INSERT INTO v SELECT a FROM gone) "
        "INSERT INTO t SELECT a FROM gone"
    )
    assert [type(item) for item in found] == [op.Delete, op.Insert, op.Insert]
    last = found[-1]
    assert isinstance(last, op.Insert) and last.query is not None and last.query.relations == ()
    assert [type(item) for item in operations("WITH x AS (UPDATE t SET a = 1 RETURNING a) SELECT * FROM x")] == [
        op.Update,
        op.Select,
    ]


def test_settings_by_function() -> None:
    select, setting = operations("SELECT pg_catalog.set_config('search_path', 'a, \"B\"', true)")
    assert isinstance(select, op.Select) and select.query.functions == (Name(None, "set_config"),)
    assert isinstance(setting, op.SetVariable)
    assert (setting.name, setting.values, setting.local) == ("search_path", ("a", "B"), True)


def test_functions() -> None:
    sql = """CREATE OR REPLACE FUNCTION s.f(a int, INOUT b text DEFAULT 'x', OUT c int, VARIADIC d s.m[] DEFAULT '{}')
        RETURNS record LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = a, b AS $$
        DECLARE x t%ROWTYPE; BEGIN INSERT INTO u SELECT 1 FROM v; x := (SELECT max(q) FROM w); END $$"""
    found = one(sql)
    assert (found.name, found.kind, found.language, found.or_replace) == (Name("s", "f"), "function", "plpgsql", True)
    assert found.arguments == (Type("int4"), Type("text"), Type("m", (), 1, "s"))
    assert (found.input_names, found.output_names, found.defaults) == (("a", "b", "d"), ("b", "c"), 2)
    assert set(found.relations) == {U, Name(None, "v"), Name(None, "w")}
    assert Name("s", "m") in found.types
    assert found.body.startswith("\n        DECLARE")
    table = one("CREATE FUNCTION f() RETURNS TABLE (a int, b text) LANGUAGE sql AS 'SELECT 1, a FROM t, u'")
    assert (table.arguments, table.output_names, table.relations) == ((), ("a", "b"), (T, U))
    assert table.returns is not None and table.returns.setof


def test_routines_are_equal_but_for_spelling() -> None:
    first = one("CREATE FUNCTION f(a integer) RETURNS int LANGUAGE SQL VOLATILE CALLED ON NULL INPUT COST 100 AS 'x'")
    second = one("create function f(in a int4) returns int4 as 'x' language sql")
    assert first.definition == second.definition
    assert first.options == ("cost=100", "strict=false", "volatility=volatile")
    third = one("CREATE FUNCTION f(a bigint) RETURNS int LANGUAGE sql STABLE AS 'x'")
    assert (third.definition != first.definition, third.options) == (True, ("volatility=stable",))


def test_procedures_and_bodies() -> None:
    procedure = one("CREATE PROCEDURE p(a int, OUT b text) LANGUAGE sql AS 'broken ('")
    assert (procedure.kind, procedure.arguments, procedure.returns) == ("procedure", (Type("int4"), Type("text")), None)
    assert procedure.relations == ()
    atomic = one("CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT a FROM t; END")
    assert atomic.relations == (T,)
    assert atomic.body == one("create function f() returns int begin atomic select 1;select a  from t; end").body
    assert one("CREATE FUNCTION f(a int) RETURNS int RETURN a + 1").language == "sql"
    single = one("CREATE FUNCTION f(OUT a int) LANGUAGE sql AS 'SELECT 1'")
    assert single.returns == Type("int4")


def test_expressions_say_what_they_mention() -> None:
    check = "f(a, b) > (SELECT max(x) FROM u) AND c::s.m = 'y'"
    sql = f"CREATE TABLE t (a int CHECK ({check}), d int DEFAULT nextval('s.\"Q\"'))"
    table = one(sql)
    found = table.constraints[0].expression
    assert set(found.columns) == {"a", "b", "c"}
    assert found.functions == (Name(None, "f"), Name(None, "max"))
    assert found.relations == (U,)
    assert found.types == (Name("s", "m"),)
    default = table.columns[1].default
    assert default.sequence == Name("s", "Q")
    assert cut(sql, table.constraints[0].span).endswith("= 'y')")
    assert one("ALTER TABLE t ALTER a SET DEFAULT 'x'::text").default.literal == "x"
