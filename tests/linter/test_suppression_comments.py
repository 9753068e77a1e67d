"""Comments that ignore: which findings they hide, and what is said against them."""

from __future__ import annotations

import pytest

from miglint.config.settings import Settings
from miglint.linter.run import Job, check


def codes(tmp_path, monkeypatch, sql, *, select=("IDM", "DIR"), rollback="DROP TABLE IF EXISTS a, b;\n"):
    (tmp_path / "m").mkdir(exist_ok=True)
    (tmp_path / "m" / "001_a.up.sql").write_text(sql)
    (tmp_path / "m" / "001_a.down.sql").write_text(rollback)
    monkeypatch.chdir(tmp_path)
    report = check(Job(Settings(str(tmp_path), select=select, idempotency="required"), ("m",), cached=False)).report
    return [(item.code, item.line) for item in report.findings if item.path.endswith("up.sql")]


A, B = "CREATE TABLE a (id int);\n", "CREATE TABLE b (id int);\n"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (A + B, [("IDM001", 1), ("IDM001", 2)]),
        (f"-- miglint: ignore IDM001 (why)\n{A}{B}", [("IDM001", 3)]),
        (f"-- miglint: ignore create-table-unguarded (why)\n{A}{B}", [("IDM001", 3)]),
        (f"-- miglint: ignore idempotency (why)\n{A}{B}", [("IDM001", 3)]),
        (f"/* miglint: ignore IDM001 (why) */\n{A}", []),
        (f"-- miglint: ignore IDM001: the reason\n{A}", []),
        (f"{A.rstrip()} -- miglint: ignore IDM001 (why)\n{B}", [("IDM001", 2)]),
        ("CREATE TABLE a (\n  id int\n); -- miglint: ignore IDM001 (why)\n" + B, [("IDM001", 4)]),
        (f"-- miglint: ignore-file IDM001 (why)\n{A}{B}", []),
        (f"{A}-- miglint: ignore-file IDM001 (why)\n{B}", [("IDM001", 1), ("DIR001", 2), ("IDM001", 3)]),
        (f"-- miglint: ignore IDM001\n{A}", [("DIR002", 1)]),
        (f"-- miglint: ignore IDM001 ()\n{A}", [("DIR002", 1)]),
        (f"-- miglint: ignore IDM002 (why)\n{A}", [("DIR003", 1), ("IDM001", 2)]),
        (f"-- miglint: ignore IDM999 (why)\n{A}", [("DIR001", 1), ("IDM001", 2)]),
        (f"-- miglint: ignore (why)\n{A}", [("DIR001", 1), ("IDM001", 2)]),
        (f"-- miglint: ignroe IDM001 (why)\n{A}", [("DIR001", 1), ("IDM001", 2)]),
        # Rules that are off might have had something to say.
        (f"-- miglint: ignore SYM001 (why)\n{A}", [("IDM001", 2)]),
        # Text in a string is no comment.
        (f"SELECT '-- miglint: ignore IDM001 (why)';\n{A}", [("IDM001", 2)]),
        (f"SELECT E'it\\'s -- miglint: ignore IDM999';\n{A}", [("IDM001", 2)]),
        # Directives of discovery are none of these.
        (f"-- miglint: dialect=postgres\n{A}", [("IDM001", 2)]),
    ],
)
def test_ignores(tmp_path, monkeypatch, sql, expected):
    assert codes(tmp_path, monkeypatch, sql) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (f"-- squawk-ignore prefer-robust-stmts\n{A}{B}", [("IDM001", 3)]),
        (f"-- squawk-ignore ban-char-field, prefer-robust-stmts\n{A}", []),
        (f"-- squawk-ignore-file\n{A}{B}", []),
        (f"-- squawk-ignore-file prefer-robust-stmts\n{A}{B}", []),
        # A rule of squawk's that has no counterpart is squawk's affair.
        (f"-- squawk-ignore no-such-rule\n{A}", [("IDM001", 2)]),
    ],
)
def test_comments_of_squawk_count_where_there_is_an_alias(tmp_path, monkeypatch, sql, expected):
    assert codes(tmp_path, monkeypatch, sql) == expected


C = "CREATE INDEX a_idx ON a (id);\n"
D = "ALTER TABLE a DROP COLUMN b;\n"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (C + D, ["LCK001", "BWC002"]),
        (f"-- pgfence-ignore: create-index-not-concurrent\n{C}{D}", ["BWC002"]),
        (f"-- pgfence: ignore create-index-not-concurrent, drop-column\n{C}{D}", ["BWC002"]),
        (f"-- pgfence-ignore\n{C}{D}", ["BWC002"]),
        (f"-- pgsafe:ignore add-index-non-concurrent  at night, all is quiet\n{C}{D}", ["BWC002"]),
        (f"{C.rstrip()} -- pgsafe:ignore add-index-non-concurrent  at night\n{D}", ["BWC002"]),
        (f"-- pgsafe:ignore\n{C}{D}", ["LCK001", "BWC002"]),
        (f"-- eugene: ignore E6\n{C}{D}", ["BWC002"]),
        (f"-- eugene: ignore E5, E6\n{C}{D}", ["BWC002"]),
        (f"-- eugene: ignore\n{C}{D}", ["BWC002"]),
        (f"{C}-- diesel-guard:disable DropColumnCheck, AddIndexCheck\n{D}", []),
        (f"-- diesel-guard:disable\n{C}{D}", ["LCK001", "BWC002"]),
        (f"-- safety-assured:start\n{C}-- safety-assured:end\n{D}", ["BWC002"]),
        (f"-- safety-assured:start\n{C}{D}", ["LCK001", "BWC002"]),
        (f"{C}-- safety-assured:end\n{D}", ["LCK001", "BWC002"]),
        (f"-- pgls-ignore lint/safety/requireConcurrentIndexCreation\n{C}{D}", ["BWC002"]),
        (f"-- pgt-ignore lint/safety/requireConcurrentIndexCreation: at night\n{C}{D}", ["BWC002"]),
        (f"-- pgls-ignore lint\n{C}{D}", ["BWC002"]),
        (f"-- pgls-ignore typecheck\n{C}{D}", ["LCK001", "BWC002"]),
        (f"-- pgls-ignore-all lint/safety/banDropColumn\n{C}{D}", ["LCK001"]),
        (f"{C}-- pgls-ignore-all lint/safety/banDropColumn\n{D}", ["LCK001", "BWC002"]),
        (f"-- pgls-ignore-start lint\n{C}{D}-- pgls-ignore-end lint\n", []),
        (f"-- pgls-ignore-start lint\n{C}{D}-- pgls-ignore-end typecheck\n", ["LCK001", "BWC002"]),
    ],
)
def test_comments_of_other_linters_count_where_there_is_an_alias(tmp_path, monkeypatch, sql, expected):
    (tmp_path / "000_a.up.sql").write_text("CREATE TABLE a (id int PRIMARY KEY, b int);\n")
    (tmp_path / "001_a.up.sql").write_text(sql)
    monkeypatch.chdir(tmp_path)
    report = check(Job(Settings(str(tmp_path), select=("LCK001", "BWC002", "DIR")), (".",), cached=False)).report
    assert [item.code for item in report.findings if item.path == "001_a.up.sql"] == expected


def test_a_comment_inside_a_statement_is_about_the_next_line_of_code(tmp_path, monkeypatch):
    sql = (
        "ALTER TABLE a\n"
        "    -- miglint: ignore IDM002 (why)\n"
        "    -- and more\n"
        "    ADD COLUMN x int,\n"
        "    ADD COLUMN y int;\n"
    )
    assert codes(tmp_path, monkeypatch, sql, rollback="") == [("IDM002", 5)]


def test_the_finding_of_a_directive_names_what_was_meant(tmp_path, monkeypatch):
    (tmp_path / "001_a.up.sql").write_text(f"-- miglint: ignore create-table-unguarde (why)\n{A}")
    monkeypatch.chdir(tmp_path)
    report = check(Job(Settings(str(tmp_path), select=("DIR",)), (".",), cached=False)).report
    assert "did you mean `create-table-unguarded`?" in report.findings[0].message


def test_many_quotes_and_comments_take_linear_time(tmp_path, monkeypatch):
    sql = "-- miglint: ignore IDM001 (why)\n" + A + "/* ' \" " * 50_000
    assert ("IDM001", 2) not in codes(tmp_path, monkeypatch, sql)
