"""Scripts that do something else than their statements say by themselves: the verdicts, and why one is not known.

What the engine does was asked of PostgreSQL 15 and its psql.
"""

from __future__ import annotations

import pytest

from miglint.base.model import Dialect, Direction, Migration, Script, SourceFile, Span
from miglint.replay.apply import run
from miglint.replay.steps import Step, empty_schema, replay_one
from miglint.sql import parse, postgres

SETUP = "CREATE TABLE users (id int PRIMARY KEY, name text); CREATE SCHEMA app;"
MAKE, DROP = "CREATE TABLE IF NOT EXISTS t (id int);", "DROP TABLE IF EXISTS t;"
LETTERS = {True: "T", False: "F", None: "-"}


def step(forward: str, rollback: str, layout: str = "plain") -> Step:
    scripts = [
        Script(SourceFile(f"{direction}.sql", text), Span(0, len(text)), direction, Dialect.POSTGRES)
        for text, direction in ((forward, Direction.FORWARD), (rollback, Direction.ROLLBACK))
    ]
    start = run(empty_schema(Dialect.POSTGRES, closed=True), postgres.parse(SETUP)).schema
    return replay_one(Migration("1", "x", Dialect.POSTGRES, *scripts), parse, start, layout=layout)


def verdict(forward: str, rollback: str) -> str:
    """Return the letters of forward_idempotent, rollback_idempotent and symmetric."""
    found = step(forward, rollback).verdict
    return "".join(LETTERS[item] for item in (found.forward_idempotent, found.rollback_idempotent, found.symmetric))


PSQL = [
    # psql's commands that change nothing.
    ("\\set ON_ERROR_STOP on\n\\echo x\n\\timing\n\\pset null x\n\\x\n\\encoding UTF8\n" + MAKE, DROP, "TTT"),
    (MAKE + "\\restrict abc\n\\unrestrict abc\n", "\\restrict abc\n" + DROP + "\n\\unrestrict abc\n", "TTT"),
    (MAKE, "\\set name t\nDROP TABLE IF EXISTS :name;", "TTT"),
    (MAKE, "\\set name users\nDROP TABLE IF EXISTS :name;", "TTF"),
    (MAKE + "\n\\set x ';CREATE TABLE IF NOT EXISTS hid (x int);'\nSELECT 1 :x\n", DROP, "TTF"),
    # What is not run.
    (MAKE, "\\if false\nDROP TABLE IF EXISTS t;\n\\endif\n", "TTF"),
    (MAKE, "\\if false\n\\else\nDROP TABLE IF EXISTS t;\n\\endif\n", "TTT"),
    (MAKE, "\\q\nDROP TABLE IF EXISTS t;\n", "TTF"),
    (MAKE, "DROP TABLE IF EXISTS t \\r\nSELECT 1;", "TTF"),
    (MAKE, "DROP TABLE IF EXISTS t \\p\\r\nSELECT 1;", "TTF"),
    (MAKE, "DROP TABLE IF EXISTS t \\g\nSELECT 1;", "TTT"),
    (MAKE, "\\echo hi \\\\ SELECT 1; \\q\nDROP TABLE IF EXISTS t;", "TTF"),
    # What cannot be known.
    (MAKE, "\\if :drop\nDROP TABLE IF EXISTS t;\n\\endif\n", "T--"),
    (MAKE, "\\set AUTOCOMMIT off\nDROP TABLE IF EXISTS t;\n", "T--"),
    (MAKE, "\\set SINGLELINE on\nDROP TABLE IF EXISTS t\nSELECT 1;\n", "T--"),
    (MAKE, "\\c postgres\nDROP TABLE IF EXISTS t;\n", "T--"),
    (MAKE + "\nSELECT 'CREATE TABLE IF NOT EXISTS hid (x int)' \\gexec\n", DROP, "-T-"),
    (MAKE + "\n\\i other.sql\n", DROP, "-T-"),
    (MAKE + "\nSELECT 'DROP TABLE t' \\g | psql\n", DROP, "-T-"),
    (MAKE + "\n\\! psql -f other.sql\n", DROP, "-T-"),
    # It may have made what the rollback drops.
    ("\\ir other.sql\n", "DROP TABLE other;", "-F-"),
]

SETTINGS = [
    # Names are found in the schemas of the search path only.
    *(
        (MAKE, setting + DROP, "TTF")
        for setting in (
            "SET search_path = pg_catalog;",
            "SET search_path = information_schema, pg_catalog;",
            "SET search_path = app;",
            "SELECT set_config('search_path', '', false);",
            "SELECT set_config('search_path', 'pg_catalog', false);",
            "SELECT pg_catalog.set_config('search_path', 'app', false);",
            "SELECT * FROM set_config('search_path', 'app', false);",
            "DO $$ BEGIN PERFORM set_config('search_path', 'app', false); END $$;",
        )
    ),
    # A setting that is not known.
    *(
        (MAKE, setting + DROP, "T--")
        for setting in (
            "SELECT set_config('search_path', 'pg_' || 'catalog', false);",
            "SELECT CASE WHEN now() > '2000-01-01' THEN set_config('search_path', 'app', false) END;",
            "WITH x AS (SELECT set_config('search_path', 'app', false)) SELECT * FROM x;",
            "SELECT 1 WHERE set_config('search_path', 'app', false) <> '';",
            "DELETE FROM users WHERE set_config('search_path', 'app', false) = '';",
            "SELECT set_config(name, 'app', false) FROM users;",
        )
    ),
    # A read-only transaction takes no change.
    *(
        (MAKE, setting + DROP, "T--")
        for setting in (
            "SET default_transaction_read_only = on;",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;",
            "SELECT set_config('default_transaction_read_only', 'on', false);",
        )
    ),
    (MAKE, "BEGIN READ ONLY; DROP TABLE IF EXISTS t; COMMIT;", "T--"),
    (MAKE, "BEGIN; SET TRANSACTION READ ONLY; DROP TABLE IF EXISTS t; COMMIT;", "T--"),
    (MAKE, "BEGIN READ WRITE; SET transaction_read_only = off; DROP TABLE IF EXISTS t; COMMIT;", "TTT"),
    (MAKE, "PREPARE p AS SELECT set_config('search_path', 'app', false); EXECUTE p; DROP TABLE IF EXISTS t;", "T--"),
    # Settings of no matter, and those that end before.
    *(
        (MAKE, setting + DROP, "TTT")
        for setting in (
            "SELECT set_config('app.user', name, false) FROM users;",
            "SET search_path = pg_catalog, public;",
            "SET ROLE joe; RESET ROLE;",
            "SET search_path = app; RESET ALL;",
            "SET search_path = app; RESET search_path;",
            "SET search_path = app; DISCARD ALL;",
            "BEGIN; SET search_path = app; ROLLBACK;",
            "BEGIN; SET LOCAL search_path = app; COMMIT;",
            "BEGIN; SELECT set_config('search_path', 'app', true); END;",
            "BEGIN; SAVEPOINT a; SET search_path = app; ROLLBACK TO a; COMMIT;",
            "SET search_path = public; BEGIN; SET LOCAL search_path = app; COMMIT;",
        )
    ),
    (MAKE, "BEGIN; SET LOCAL search_path = app; DROP TABLE IF EXISTS t; COMMIT;", "TTF"),
    (MAKE, "BEGIN; SET search_path = app; COMMIT; DROP TABLE IF EXISTS t;", "TTF"),
    (MAKE, "BEGIN; SET search_path = app; SET LOCAL search_path = public; COMMIT; DROP TABLE IF EXISTS t;", "TTF"),
    # Of a temporary table nothing is left; a system schema takes none.
    ("SET search_path = pg_temp, public;" + MAKE, "SELECT 1;", "TTT"),
    ("SET search_path = pg_catalog, public;" + MAKE, DROP, "-TT"),
]

STRINGS = [
    *(
        (MAKE, setting + "SELECT '\\'; DROP TABLE IF EXISTS t; --';", "T--")
        for setting in (
            "SET standard_conforming_strings = off;",
            "set SESSION Standard_Conforming_Strings to 0;",
            "SELECT set_config('standard_conforming_strings', 'off', false);",
            "DO $$ BEGIN SET standard_conforming_strings = off; END $$;",
            "BEGIN; SET LOCAL standard_conforming_strings = off;",
        )
    ),
    *(
        (MAKE, setting + "SELECT '\\'; DROP TABLE IF EXISTS t; --';", "TTT")
        for setting in (
            "SET standard_conforming_strings = on;",
            "SET standard_conforming_strings = off; SET standard_conforming_strings = on;",
            "SET standard_conforming_strings = off; RESET ALL;",
            "SET standard_conforming_strings = off; RESET standard_conforming_strings;",
            "BEGIN; SET LOCAL standard_conforming_strings = off; COMMIT;",
        )
    ),
    (MAKE, "SET standard_conforming_strings = off; SELECT 'a', E'\\'', $$\\$$; DROP TABLE IF EXISTS t;", "TTT"),
    (MAKE, "SET standard_conforming_strings = off; SELECT 'it\\'s'; DROP TABLE IF EXISTS t;", "T--"),
    (MAKE, "SET standard_conforming_strings = off; DO $$ BEGIN PERFORM '\\'; DROP TABLE t; --'; END $$;", "T--"),
    (MAKE, "SET backslash_quote = off; SELECT E'\\''; DROP TABLE IF EXISTS t;", "T--"),
    (MAKE, "SET backslash_quote = safe_encoding; SELECT E'\\''; DROP TABLE IF EXISTS t;", "TTT"),
]

PREPARED = [
    (MAKE, "BEGIN; DROP TABLE IF EXISTS t; PREPARE TRANSACTION 'x';", "T--"),
    (MAKE, "BEGIN; DROP TABLE IF EXISTS t; PREPARE TRANSACTION 'x'; ROLLBACK PREPARED 'x';", "T--"),
    (MAKE, "BEGIN; DROP TABLE IF EXISTS t; PREPARE TRANSACTION 'x'; COMMIT PREPARED 'x';", "T--"),
    ("BEGIN; CREATE TABLE IF NOT EXISTS t (id int); PREPARE TRANSACTION 'x';", DROP, "-T-"),
    (MAKE, DROP + "COMMIT PREPARED 'x';", "T--"),
    # A transaction that is left open.
    (MAKE, "BEGIN; DROP TABLE IF EXISTS t;", "TT-"),
    ("BEGIN; CREATE TABLE IF NOT EXISTS t (id int);", DROP, "TT-"),
    (MAKE, "BEGIN; SELECT 1; COMMIT AND CHAIN; DROP TABLE IF EXISTS t;", "TT-"),
    (MAKE, "BEGIN; DROP TABLE IF EXISTS t; END;", "TTT"),
    (MAKE, DROP + "ROLLBACK PREPARED 'x';", "T--"),
]

HANDLERS = [
    # Something fails in a block whose handler hides it, behind or before the change: that is undone.
    *(
        (MAKE, f"DO $$ DECLARE n int; BEGIN {body} EXCEPTION WHEN {caught} THEN NULL; END $$;", expected)
        for body, caught, expected in (
            ("DROP TABLE IF EXISTS t; RAISE EXCEPTION 'x';", "OTHERS", "TTF"),
            ("DROP TABLE IF EXISTS t; RAISE EXCEPTION 'x';", "raise_exception", "TTF"),
            ("DROP TABLE IF EXISTS t; RAISE EXCEPTION 'x';", "plpgsql_error", "TTF"),
            ("DROP TABLE IF EXISTS t; RAISE unique_violation;", "unique_violation", "TTF"),
            ("DROP TABLE IF EXISTS t; RAISE unique_violation;", "SQLSTATE '23505'", "TTF"),
            ("DROP TABLE IF EXISTS t; RAISE SQLSTATE '23505';", "integrity_constraint_violation", "TTF"),
            ("DROP TABLE IF EXISTS t; RAISE EXCEPTION 'x' USING ERRCODE = '23505';", "unique_violation", "TTF"),
            ("DROP TABLE IF EXISTS t; DROP TABLE no;", "syntax_error_or_access_rule_violation", "TTF"),
            ("DROP TABLE IF EXISTS t; ASSERT false;", "assert_failure", "TTF"),
            ("DROP TABLE IF EXISTS t; ASSERT false;", "OTHERS OR assert_failure", "TTF"),
            ("DROP TABLE IF EXISTS t; PERFORM 1/0;", "OTHERS", "TTF"),
            ("DROP TABLE IF EXISTS t; PERFORM nosuch();", "OTHERS", "TT-"),
            ("PERFORM nosuch(); DROP TABLE IF EXISTS t;", "OTHERS", "TT-"),
            ("DROP TABLE IF EXISTS t; PERFORM nosuch();", "undefined_function", "TT-"),
            ("DROP TABLE IF EXISTS t; ASSERT (SELECT count(*) FROM users) > 0;", "assert_failure", "TT-"),
            ("DROP TABLE IF EXISTS t; n := 1 / (SELECT count(*) FROM users);", "division_by_zero", "TT-"),
            ("DROP TABLE IF EXISTS t; IF nosuch(1) THEN NULL; END IF;", "OTHERS", "TT-"),
            ("DROP TABLE IF EXISTS t; SELECT id INTO STRICT n FROM users;", "no_data_found", "TT-"),
            ("DROP TABLE IF EXISTS t; PERFORM current_setting('app.no');", "undefined_object", "TT-"),
            ("DROP TABLE IF EXISTS t; PERFORM 'no'::regclass;", "undefined_table", "TT-"),
            ("BEGIN DROP TABLE IF EXISTS t; END; PERFORM nosuch();", "OTHERS", "TT-"),
            ("DROP TABLE IF EXISTS t; INSERT INTO users VALUES (1, 'x');", "unique_violation", "TT-"),
            ("DROP TABLE IF EXISTS t; INSERT INTO users VALUES (1, 'x') ON CONFLICT DO NOTHING;", "OTHERS", "TTT"),
            # What does not fail, or what the handler does not hide.
            ("DROP TABLE IF EXISTS t; PERFORM now(); n := 1 + 1; ASSERT true;", "OTHERS", "TTT"),
            ("DROP TABLE IF EXISTS t; PERFORM nosuch();", "duplicate_object", "TTT"),
            (
                "PERFORM nosuch(); BEGIN DROP TABLE IF EXISTS t;",
                "OTHERS THEN RAISE; END; EXCEPTION WHEN no_data_found",
                "TTT",
            ),
            ("DROP TABLE IF EXISTS t; PERFORM nosuch();", "OTHERS THEN RAISE; WHEN no_data_found", "TTT"),
        )
    ),
    # An assertion that fails is no OTHERS, and ends the script.
    (MAKE, "DO $$ BEGIN DROP TABLE IF EXISTS t; ASSERT false; EXCEPTION WHEN OTHERS THEN NULL; END $$;", "T-F"),
    (MAKE, "DO $$ BEGIN DROP TABLE IF EXISTS t; RAISE query_canceled; EXCEPTION WHEN OTHERS THEN NULL; END $$;", "T-F"),
]


@pytest.mark.parametrize(("forward", "rollback", "expected"), [*PSQL, *SETTINGS, *STRINGS, *PREPARED, *HANDLERS])
def test_verdicts(forward: str, rollback: str, expected: str) -> None:
    found = step(forward, rollback)
    assert verdict(forward, rollback) == expected, found.unknown
    asked = {reason.partition(":")[0] for reason in found.unknown}
    assert {name for name, value in found.verdict.as_dict().items() if value is None} <= asked


@pytest.mark.parametrize(
    ("forward", "rollback", "expected"),
    [
        (MAKE, DROP, (True, True, True, True)),
        ("\\set ON_ERROR_STOP on\n" + MAKE, DROP, (None, True, None, None)),
        (MAKE, "\\set ON_ERROR_STOP on\n" + DROP, (True, None, True, None)),
        (MAKE + "SELECT 1 \\g\n", DROP, (None, True, None, None)),
        (MAKE + "COPY users FROM stdin;\n1\tx\n\\.\n", DROP, (None, True, False, None)),
        (MAKE + "SELECT '\\d', E' \\g', $$ \\q $$; -- \\r\n", DROP, (True, True, True, True)),
    ],
)
def test_a_tool_sends_commands_to_the_server(forward: str, rollback: str, expected: tuple[bool | None, ...]) -> None:
    found = step(forward, rollback, "golang-migrate")
    verdict = found.verdict
    answers = (verdict.forward_idempotent, verdict.rollback_idempotent, verdict.rows_stable, verdict.symmetric)
    assert answers == expected, found.unknown
    reasons = [reason for reason in found.unknown if "which cannot parse it" in reason]
    assert len(reasons) == expected.count(None)
