"""Numbers of more digits than Python reads by itself, wherever a script or a setting can have one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from miglint.cli.main import main

N = "9" * 5_000
POSTGRES = f"""\
CREATE TABLE t (a int DEFAULT {N}, b varchar(10), c numeric(10, 2), d int CHECK (d < {N}), e text, f int[], g jsonb);
ALTER TABLE t ADD COLUMN h int DEFAULT '{N}';
ALTER TABLE t ADD COLUMN i varchar({N});
ALTER TABLE t ALTER b TYPE varchar({N});
ALTER TABLE t ALTER c TYPE numeric({N}, {N});
ALTER TABLE t ADD COLUMN j interval DEFAULT '{N} days {N}:00:00';
ALTER TABLE t ADD COLUMN k interval({N});
ALTER TABLE t ADD CHECK (length(e) < {N} AND e ~ 'x{{{N}}}');
ALTER TABLE t ADD COLUMN l bit({N}) DEFAULT B'1';
ALTER TABLE t ADD COLUMN m float DEFAULT 1e{N};
CREATE SEQUENCE s MINVALUE {N} MAXVALUE {N} START {N} INCREMENT {N} CACHE {N};
ALTER SEQUENCE s RESTART {N};
SELECT pg_sleep({N}), setval('s', {N});
SELECT f[{N}], g -> {N}, a FROM t LIMIT {N} OFFSET {N};
INSERT INTO t (a, e) VALUES ({N}, '{N}'), (-{N}, 'x'), (1, $1{N});
UPDATE t SET a = {N} WHERE a = -{N} OR a BETWEEN {N} AND {N} OR a % {N} = 0;
DELETE FROM t WHERE a IN ({N}, {N});
CREATE TABLE p (a int) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ({N}) TO ({N});
CREATE TABLE q (a int) PARTITION BY HASH (a);
CREATE TABLE q1 PARTITION OF q FOR VALUES WITH (MODULUS {N}, REMAINDER {N});
CREATE INDEX x ON t (a) WITH (fillfactor = {N});
CREATE TABLE t_{N} (a int);
SET statement_timeout = {N};
SET lock_timeout = '{N}s';
DO $$ DECLARE x int := {N}; BEGIN FOR i IN 1..{N} LOOP PERFORM {N}; END LOOP; IF x > {N} THEN RAISE 'x'; END IF; END $$;
CREATE FUNCTION fn(a int DEFAULT {N}) RETURNS int LANGUAGE sql COST {N} AS 'SELECT {N}';
"""
SQLITE = f"""\
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a VARCHAR({N}) DEFAULT {N}, b INT CHECK (b < {N}), c DEC({N}));
ALTER TABLE t ADD COLUMN d INTEGER DEFAULT -{N};
INSERT INTO t (id, a) VALUES ({N}, ?{N}), (1_{N}, 0x{N});
UPDATE t SET b = {N} LIMIT {N};
DELETE FROM t WHERE b > {N};
PRAGMA user_version = {N};
SELECT * FROM t LIMIT {N};
CREATE INDEX i ON t (b) WHERE b < {N};
"""


Check = Callable[..., str]


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    """Run the command in this process, and return what it prints."""

    def run(folder: Path, *arguments: str) -> str:
        status = main(["check", str(folder), "--no-cache", *arguments])
        told = capsys.readouterr()
        assert status in (0, 1, 2), told.err
        assert "internal error" not in told.out + told.err
        assert "INT001" not in told.out
        return told.out + told.err

    return run


@pytest.mark.parametrize(("dialect", "text"), [("postgres", POSTGRES), ("sqlite", SQLITE)])
@pytest.mark.parametrize("target", ["", "sqlite>=3.35"])
def test_in_scripts(check: Check, tmp_path: Path, dialect: str, text: str, target: str) -> None:
    lines = text.splitlines(keepends=True)
    (tmp_path / "001_x.up.sql").write_text(lines[0])
    (tmp_path / "001_x.down.sql").write_text("DROP TABLE t;\n")
    for number, line in enumerate(lines[1:], 2):
        (tmp_path / f"{number:03}_x.up.sql").write_text(line)
        (tmp_path / f"{number:03}_x.down.sql").write_text(line)
    settings = ("--target", target) if target else ()
    assert "003_x.up.sql" in check(tmp_path, "--dialect", dialect, *settings, "--select", "ALL")


@pytest.mark.parametrize(
    "line",
    [
        f'targets = ["postgres>={N}"]',
        f'targets = ["sqlite>=3.{N}"]',
        f"[dry-run]\nstatement-timeout = {N}",
        f'[dry-run]\nmax-memory = "{N}GB"',
        f"jobs = {N}",
    ],
    ids=["target", "minor", "time", "size", "number"],
)
def test_in_settings(check: Check, tmp_path: Path, line: str) -> None:
    (tmp_path / "001_x.sql").write_text("SELECT 1;\n")
    (tmp_path / "miglint.toml").write_text(f"{line}\n")
    check(tmp_path, "--config", str(tmp_path / "miglint.toml"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("--at", N),
        ("--target", f"postgres>={N}"),
        ("--statement-timeout", N),
        ("--max-memory", f"{N}GB"),
        ("--jobs", N),
        ("--stdin-filename", f"{N}_x.up.sql"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_in_options(check: Check, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "001_x.sql").write_text("SELECT 1;\n")
    check(tmp_path, *arguments)


def test_in_the_width_of_the_terminal(check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "001_x.sql").write_text("CREATE TABLE t (a int);\n")
    monkeypatch.setenv("COLUMNS", N)
    check(tmp_path)
