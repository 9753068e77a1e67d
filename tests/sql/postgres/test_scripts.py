"""Scripts that are broken, strange or hostile: every statement is read, and nothing is ever raised."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miglint.base.model import Span
from miglint.sql import operations as op
from miglint.sql.operations import Statement
from miglint.sql.postgres import parse
from miglint.sql.postgres.splitter import split

from .reading import count_calls, cut

LONG = "a; " * 99 + "a"
PROBLEMS = [
    ("create table a (b int); selekt 1; drop table a", "selekt", 'syntax error at or near "selekt"'),
    ("select 'é' bad bad2; select 1", "bad2", 'syntax error at or near "bad2"'),
    ("select 1 +", "", "syntax error at end of input"),
    ("select 'abc", "'abc", 'unterminated quoted string at or near "\'abc"'),
    (f"select '{LONG}", f"'{LONG}", f'unterminated quoted string at or near "\'{LONG[:79]}..."'),
    ("select 1 /* x", "/", 'unterminated /* comment at or near "/* x"'),
    ("select 1; /* x", "/", 'unterminated /* comment at or near "/* x"'),
    ("do $a$ begin", "$a$ begin", 'unterminated dollar-quoted string at or near "$a$ begin"'),
    ('create table "a', '"a', 'unterminated quoted identifier at or near ""a"'),
    ("select 1; select '\0'; select 2", "\0", "a NUL character cannot be part of SQL"),
    ("alter table t add constraint if not exists c check (true)", "exists", 'syntax error at or near "exists"'),
]


@pytest.mark.parametrize(("sql", "token", "message"), PROBLEMS)
def test_one_bad_statement_among_good_ones(sql: str, token: str, message: str) -> None:
    statements = parse(sql)
    (bad,) = [statement for statement in statements if statement.problem]
    assert bad.problem is not None
    assert (cut(sql, bad.problem.span), bad.problem.message) == (token, message)
    assert all(statement.operations for statement in statements if statement is not bad)


def test_what_belongs_to_psql_is_no_sql() -> None:
    sql = (
        "\\connect x\n\\restrict abc\nCOPY t FROM stdin;\n1\t'\n\\.\n"
        "select 1;\n\\unrestrict abc\nCREATE TABLE a (b int) \\gexec\nselect 2"
    )
    statements = parse(sql)
    assert [cut(sql, statement.span) for statement in statements if statement.kind != "psql"] == [
        "COPY t FROM stdin",
        "select 1",
        "CREATE TABLE a (b int)",
        "select 2",
    ]
    # What these run is not in the script.
    assert [cut(sql, statement.span) for statement in statements if statement.kind == "psql"] == [
        "\\connect x",
        "\\gexec",
    ]
    assert not any(statement.problem for statement in statements)


SPLITS = [
    ("a;b", ["a", "b"]),
    ("a ';' ; b", ["a ';'", "b"]),
    ("a E'\\';' ; b", ["a E'\\';'", "b"]),
    ("a 'x\\'; b", ["a 'x\\'", "b"]),
    ('a ";" ; b', ['a ";"', "b"]),
    ("a $$;$$ ; b", ["a $$;$$", "b"]),
    ("a $x$;$$;$x$ ; b", ["a $x$;$$;$x$", "b"]),
    ("a$b$ ; c$b$", ["a$b$", "c$b$"]),
    ("a /* ; /* ; */ ; */ ; b -- ;\n; c", ["a", "b", "c"]),
    ("a - b / c ; d", ["a - b / c", "d"]),
    ("create function f() begin atomic select 1; end; b", ["create function f() begin atomic select 1; end", "b"]),
    (
        "create function f() begin atomic select case when a then 1 end; end; b",
        ["create function f() begin atomic select case when a then 1 end; end", "b"],
    ),
    ("create rule r as on insert to t do (a; b); c", ["create rule r as on insert to t do (a; b)", "c"]),
    ("a (; b", ["a (", "b"]),
    (";;;", []),
    ("", []),
]


@pytest.mark.parametrize(("sql", "expected"), SPLITS)
def test_split(sql: str, expected: list[str]) -> None:
    assert [sql[piece.start : piece.end] for piece in split(sql)] == expected


GOOD = [
    "create table é (a int default 1, b text check (b <> ';'))",
    "create function f() returns int begin atomic select case when true then 1 end; end",
    "do $$ begin perform 1; end $$",
    "alter table t add a int, drop b",
    "insert into t values ('x''y', E'\\'', $q$;$q$) /* c */",
    "create rule r as on insert to t do also (select 1; select 2)",
    "-- c\nselect 1",
    "select 1 -- c",
]


@given(st.lists(st.sampled_from(GOOD), max_size=6))
def test_the_careful_way_agrees_with_the_fast_one(parts: list[str]) -> None:
    sql = "\n;".join(parts)
    fast = parse(sql)
    careful = parse(sql + "\n; bad bad")
    assert careful[:-1] == fast
    assert [piece_text(sql, statement) for statement in fast] == [sql[p.start : p.end] for p in split(sql)]


def piece_text(sql: str, statement: Statement) -> str:
    return cut(sql, statement.span)


def test_deep_nesting() -> None:
    assert parse("select " + "(" * 5000 + "1" + ")" * 5000)[0].problem is None
    for sql in (
        "select " + "f(" * 5000 + "1" + ")" * 5000,
        "select " + "1+" * 100_000 + "1",
        "select 1" + "::int" * 100_000,
        "select 1 from a" + " join a on true" * 100_000,
    ):
        bad, good = parse(sql + "; create table x ()")
        assert bad.problem is not None and good.problem is None
    given_up = parse("select " + "1+" * 100_000 + "1")[0]
    assert given_up.problem is not None and not given_up.problem.certain
    assert isinstance(given_up.operations[0], op.Opaque)


def test_long_chains_that_people_write() -> None:
    for sql in (
        "insert into t " + " union all ".join(["select 1"] * 2000),
        "create table t (a text default " + " || ".join(["'a'"] * 1500) + ")",
        "select " + " and ".join(["a"] * 5000),
    ):
        (statement,) = parse(sql)
        assert statement.problem is None and not isinstance(statement.operations[0], op.Opaque)


HOSTILE = {
    "statements": ("create table t (a int);\n" * 20_000, 20_000),
    "bad statements": ("bad bad;\n" * 20_000, 20_000),
    "one bad among many": ("select 1;\n" * 10_000 + "bad bad;\n" + "select 1;\n" * 10_000, 20_001),
    "columns": ("create table t (" + ",".join(f"c{i} int check (c{i} > 0)" for i in range(10_000)) + ")", 1),
    "actions": ("alter table t " + ",".join(f"add c{i} int" for i in range(5000)), 1),
    "comments": ("/*" * 200_000, 1),
    "dollars": ("$" * 200_000, 1),
    "quotes": ("'" * 200_001, 1),
    "brackets": ("([" * 1_000_000, 1),
    "a long string": ("select '" + "a" * 5_000_000 + "'", 1),
    "a long list": ("insert into t values " + ",".join(["('a')"] * 500_000), 1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_is_bounded(name: str) -> None:
    sql, count = HOSTILE[name]
    started = time.perf_counter()
    assert len(parse(sql)) == count
    assert time.perf_counter() - started < 20


def test_brackets_around_an_expression_are_read_once() -> None:
    def nested(depth: int) -> str:
        return f"create table t (a int check {'(' * depth}a > 0{')' * depth});"

    assert count_calls(parse, nested(400)) <= 2.3 * count_calls(parse, nested(200))


def check(text: str) -> None:
    for statement in parse(text, 7):
        assert isinstance(statement, Statement)
        assert 7 <= statement.span.start <= statement.span.end <= 7 + len(text)
        if statement.problem is not None:
            span: Span = statement.problem.span
            assert 7 <= span.start <= span.end <= 7 + len(text)
        for found in statement.operations:
            assert 7 <= found.span.start <= found.span.end <= 7 + len(text)


@given(st.text(st.characters(blacklist_categories=())))
@settings(deadline=None)
def test_any_text(text: str) -> None:
    check(text)


WORDS = [
    "create",
    "alter",
    "drop",
    "table",
    "t",
    "a",
    "int",
    "text",
    "(",
    ")",
    ",",
    ";",
    "'",
    "''",
    '"',
    "$$",
    "$x$",
    "--",
    "\n",
    "/*",
    "*/",
    "do",
    "begin",
    "end",
    "if",
    "then",
    "else",
    "exists",
    "select",
    "from",
    "where",
    "insert",
    "into",
    "values",
    "update",
    "set",
    "delete",
    "add",
    "column",
    "constraint",
    "check",
    "default",
    "not",
    "null",
    "primary",
    "key",
    "references",
    "function",
    "returns",
    "language",
    "plpgsql",
    "as",
    "e'",
    "\\",
    "é",
    "\x00",
    "1",
    "+",
    "::",
    "[",
    "]",
    "=",
    ".",
    "*",
    "view",
    "index",
    "on",
    "using",
    "type",
    "enum",
    "with",
    "cascade",
    "'x'",
    "raise",
    "exception",
    "execute",
    "loop",
    "case",
    "when",
    "copy",
    "stdin",
    "comment",
    "is",
    "grant",
    "to",
    "join",
    "union",
    "�",
]


@given(st.lists(st.sampled_from(WORDS), max_size=40))
@settings(deadline=None, max_examples=400)
def test_any_words(words: list[str]) -> None:
    check(" ".join(words))


def test_a_dump_of_rows_is_checked_but_not_read_one_by_one() -> None:
    row = "INSERT INTO t VALUES (1, '" + "a" * 400 + "');\n"
    statements = parse("CREATE TABLE t (a int, b text);\n" + row * 25_000 + "INSERT INT t;\n" + "CREATE TABLE u ();")
    assert len(statements) < 5_000
    assert [type(item.operations[0]) for item in (statements[0], statements[-1])] == [op.CreateTable, op.CreateTable]
    assert sum(statement.problem is not None for statement in statements) == 1
    rows = [item for statement in statements for item in statement.operations if isinstance(item, op.Opaque)]
    assert rows and not any(item.schema_effect for item in rows)


def test_what_the_grammar_says_is_one_line() -> None:
    (statement,) = parse("DO $$ BEGIN\n  NULL;\nEND\n$body$;\n")
    assert statement.problem is not None
    assert "unterminated dollar-quoted string" in statement.problem.message
    assert "\n" not in statement.problem.message
