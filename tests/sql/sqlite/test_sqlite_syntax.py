"""SQLite is the judge of syntax: what it accepts is never called an error, and where it sees one so does miglint."""

from __future__ import annotations

import re
import time
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miglint.sql.operations import Opaque
from miglint.sql.sqlite import parse
from miglint.sql.sqlite.tokens import statements

SCHEMA = (
    "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c INT CONSTRAINT k CHECK (c > 0))",
    "CREATE TABLE u (a INT, d TEXT)",
    "CREATE VIEW v AS SELECT a, b FROM t",
)
ACCEPTED = [
    "ALTER TABLE t ADD CONSTRAINT c2 CHECK (a > 0)",
    "ALTER TABLE t ADD CHECK (a > 0) ON CONFLICT IGNORE",
    "ALTER TABLE t DROP CONSTRAINT k",
    "ALTER TABLE t DROP CONSTRAINT 'k'",
    "ALTER TABLE t ALTER c SET NOT NULL ON CONFLICT REPLACE",
    "ALTER TABLE t ALTER COLUMN c DROP NOT NULL",
    "ALTER TABLE t ADD CHECK (a > 1_000)",
    "ALTER TABLE main.t ADD d TEXT DEFAULT 'x' COLLATE NOCASE",
    "SELECT 1_000, 0x1_F, 1_0.5_0e1_0",
    "SELECT group_concat(b, ',' ORDER BY a DESC NULLS LAST), (SELECT count(a ORDER BY b) FROM t) FROM t ORDER BY 1",
    "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT RAISE(ABORT, 'no ' || NEW.a || 1_000); END",
    "CREATE TRIGGER g INSTEAD OF UPDATE OF a ON v BEGIN SELECT 1; SELECT CASE 1 WHEN 1 THEN 2 END; END",
    "CREATE TEMP TRIGGER g BEFORE DELETE ON main.t FOR EACH ROW WHEN OLD.a > 0 BEGIN DELETE FROM u WHERE a = 1; END",
    "CREATE VIEW w AS SELECT left(b, 1), right(b, 2) FROM t",
    "CREATE TABLE w (a INT, b INT AS (a) STORED) STRICT",
    "CREATE TABLE w (a INT CONSTRAINT nameless, CHECK (a > 0) CONSTRAINT c UNIQUE (a))",
    "CREATE TABLE main.w ('a' 'text', [b c] int)",
    "CREATE VIRTUAL TABLE f USING fts5(a, b, tokenize = \"unicode61 tokenchars '-'\")",
    "INSERT INTO t (a) SELECT a FROM u WHERE true ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING *",
    "SELECT * FROM t RIGHT JOIN u USING (a) WHERE t.b IS NOT DISTINCT FROM u.d AND b ->> '$.x' IS NULL",
    "WITH x AS NOT MATERIALIZED (SELECT 1 AS n) UPDATE t SET b = x.n FROM x",
    "SELECT a FROM t WINDOW w AS (ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES)",
    "PRAGMA foreign_keys = off",
    "EXPLAIN QUERY PLAN SELECT 1",
    "EXPLAIN ALTER TABLE t DROP CONSTRAINT k",
    "REINDEX EXPRESSIONS",
    "/* nothing closes this: */ SELECT 1 /* ",
    "SELECT 'a''b', \"b\", `a`, [a] FROM t -- ;",
    "SELECT 'ä', 'naïve', größe FROM (SELECT 1 AS größe)",
]
REJECTED = [
    "SELEC 1",
    "CREATE TABLE w (a INT,)",
    "CREATE TABLE w (a INT DEFAULT now())",
    "CREATE TABLE w (a INT",
    "CREATE TABLE w (a INT) CASCADE",
    "CREATE TABLE w (a varchar(max))",
    "ALTER TABLE t ADD COLUMN d INT, ADD COLUMN e INT",
    "ALTER TABLE t ADD CONSTRAINT c2 UNIQUE (a)",
    "ALTER TABLE t ADD CONSTRAINT c2 CHECK (a >)",
    "ALTER TABLE t ADD CONSTRAINT c2 CHECK (a > 0) NOT VALID",
    "ALTER TABLE t DROP CONSTRAINT IF EXISTS k",
    "ALTER TABLE t DROP CONSTRAINT k CASCADE",
    "ALTER TABLE t ALTER COLUMN c TYPE TEXT",
    "ALTER TABLE t ALTER COLUMN c SET DEFAULT 1",
    "ALTER TABLE t ALTER COLUMN c",
    "ALTER TABLE t RENAME CONSTRAINT k TO l",
    "ALTER TABLE IF EXISTS t ADD d INT",
    "CREATE INDEX CONCURRENTLY i ON t (a)",
    "CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
    "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT a FROM WHERE; END",
    "CREATE TRIGGER g AFTER TABLE ON t BEGIN SELECT a FROM TABLE; END",
    "SELECT a::text, b::int FROM t",
    "SELECT 'unterminated",
    "SELECT x'abc'",
    "SELECT 12abc",
    "SELECT a FROM t WHERE a = 1 AND AND a = 1",
    "SELECT group_concat(a ORDER BY) FROM t",
    "SELECT group_concat(a ORDER BY b b) FROM t",
    "SELECT a b c, a b c FROM t",
    "DROP TABLE t CASCADE",
    "DROP TABLE t, u",
    "INSERT INTO t VALUES (DEFAULT)",
    "PRAGMA",
    "GRANT SELECT ON t TO u",
    "COMMIT WORK",
]
_SYNTAX = re.compile(
    r'near "(.*)": syntax error\Z|unrecognized token|incomplete input|unknown table option|unknown join type', re.DOTALL
)


def error_of(text: str) -> str | None:
    """Return what the newest SQLite at hand has against a statement."""
    connection = apsw.Connection(":memory:")
    for each in SCHEMA:
        connection.execute(each)
    try:
        list(connection.execute(text if text.upper().startswith(("EXPLAIN", "QUERY")) else f"EXPLAIN {text}"))
    except (apsw.BindingsError, UnicodeDecodeError):
        # A parameter without a value, a result that is not text: the statement itself is well.
        return None
    except apsw.Error as error:
        return str(error)
    return None


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_sqlite_accepts_is_no_problem(text: str) -> None:
    assert error_of(text) is None
    (statement,) = parse(text)
    assert statement.problem is None
    assert not any(isinstance(operation, Opaque) for operation in statement.operations)


@pytest.mark.parametrize("text", REJECTED)
def test_what_sqlite_rejects_is_a_problem_at_the_place_it_names(text: str) -> None:
    message = error_of(text)
    assert message is not None
    (statement,) = parse(text)
    assert statement.problem is not None
    assert statement.problem.message == message
    near = _SYNTAX.match(message)
    assert near is not None
    if near[1] is not None:
        assert text[slice(*statement.problem.span)] == near[1]
    assert statement.operations == ()


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("SELECT a b c, a b c FROM t", 11),
        ("SELECT a FROM t WHERE a = 1 AND AND a = 1", 32),
        ("CREATE TRIGGER g AFTER TABLE ON t BEGIN SELECT a FROM TABLE; END", 23),
        ("CREATE TRIGGER g AFTER INSERT ON a_table BEGIN SELECT 1; SELECT a FROM TABLE; END", 71),
        ("ALTER TABLE a_table ADD d INT, ADD e INT, ADD f INT", 29),
    ],
)
def test_the_first_of_equal_tokens_at_fault_is_named(text: str, at: int) -> None:
    (statement,) = parse(text, 7)
    assert statement.problem is not None
    assert statement.problem.span.start == at + 7


WORDS = sorted(
    {tokens.raw(at) for text in ACCEPTED + REJECTED for tokens in statements(text) for at in range(len(tokens))} - {";"}
)


@st.composite
def mangled(draw: st.DrawFn) -> str:
    (tokens,) = statements(draw(st.sampled_from([text for text in ACCEPTED if ";" not in text])))
    parts = [tokens.raw(at) for at in range(len(tokens))]
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(parts) - 1))
        match draw(st.integers(0, 3)):
            case 0 if len(parts) > 1:
                del parts[at]
            case 1:
                parts.insert(at, draw(st.sampled_from(WORDS)))
            case _:
                parts[at] = draw(st.sampled_from(WORDS))
    return " ".join(parts)


@given(mangled())
@settings(max_examples=300, deadline=None)
def test_a_mangled_statement_is_judged_as_sqlite_judges_it(text: str) -> None:
    error = error_of(text)
    problems = [statement.problem for statement in parse(text) if statement.problem is not None]
    if problems:
        # Perhaps a missing table kept SQLite from the syntax error behind it, but it did not accept the text.
        assert error is not None
    elif error is not None and _SYNTAX.match(error):
        # Whether UPDATE and DELETE take ORDER BY and LIMIT, where a join word is a name, and whether numbers may have
        # underscores depends on the build.
        known = r"\b(?:LIMIT|ORDER|LEFT|RIGHT|FULL|NATURAL|INNER|CROSS|OUTER|IF)\b|\d_\d"
        assert re.search(known, text, re.IGNORECASE)


@given(st.text(max_size=200) | st.lists(st.sampled_from([*WORDS, ";", "'", '"', "[", "/*", "--", "\0"])).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_no_text_raises(text: str) -> None:
    end = 0
    for statement in parse(text):
        assert end <= statement.span.start <= statement.span.end <= len(text)
        end = statement.span.end
        if statement.problem is not None:
            assert statement.span.start <= statement.problem.span.start
            assert statement.problem.span.end <= statement.span.end


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
        "SELECT " + "(SELECT " * 5_000,
        "CREATE TABLE t (a CHECK (" + "(" * 5_000 + "a" + ")" * 5_000 + "))",
        "SELECT '" + "''" * 500_000,
        "/*" * 200_000,
        "-- \n" * 200_000,
        "(" * 200_000,
        "SELECT 1 FROM a " + "JOIN b ON b.x = a.x " * 5_000,
        "SELECT 1" + " UNION SELECT 1" * 20_000,
        "INSERT INTO t VALUES " + ",".join(["(1, 'x', NULL)"] * 20_000),
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN " + "SELECT 1; " * 20_000,
        "CREATE TABLE t (" + ",".join(f"c{number} INT" for number in range(10_000)) + ")",
        "\0" * 1000,
        "SELECT 1;\0SELECT",
        "SELECT '\ud800'",
        "WITH " + ",".join(f"c{n + 1} AS (SELECT * FROM c{n}, c{n})" for n in range(40)) + " SELECT * FROM c40",
    ],
    ids=range(16),
)
def test_hostile_text_is_read_in_bounded_time(text: str) -> None:
    started = time.perf_counter()
    parse(text)
    assert time.perf_counter() - started < 8


def test_time_grows_with_the_text_alone() -> None:
    def seconds(count: int) -> float:
        text = "INSERT INTO t (a, b) VALUES (1, 'x');\n" * count
        started = time.process_time()
        assert len(parse(text)) == count
        return time.process_time() - started

    seconds(100)
    assert seconds(20_000) < 40 * max(seconds(2_000), 0.01)


def test_nothing_runs(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    text = f"ATTACH '{other}' AS o; VACUUM INTO '{other}'; PRAGMA user_version = 7; CREATE TABLE x (a); DROP TABLE x"
    assert [statement.problem for statement in parse(text)] == [None] * 5
    assert not other.exists()
    # Had the table been made, making it again would be an error.
    assert [statement.problem for statement in parse("CREATE TABLE x (a); CREATE TABLE x (a);")] == [None, None]
