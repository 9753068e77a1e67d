"""Roles and functions that scripts need and no script makes, and options of a dry run in the configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from miglint.base.errors import UsageError
from miglint.base.model import Dialect
from miglint.cli.main import main
from miglint.config.settings import settings_of_text
from miglint.discovery import DiscoveryOptions, discover_text
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.prerequisites import missing_roles
from miglint.dryrun.steps import Scripts, run_steps
from miglint.linter.dry_run_options import configured

from .histories import forward_of, migration


def plant(folder: Path, up: str, down: str) -> None:
    (folder / "migrations").mkdir()
    (folder / "migrations" / "1_a.up.sql").write_text(up)
    (folder / "migrations" / "1_a.down.sql").write_text(down)


@pytest.mark.parametrize(
    ("script", "roles"),
    [
        ('GRANT SELECT, INSERT ON a, b TO reader, "Odd One" WITH GRANT OPTION;', ("reader", "Odd One")),
        ("REVOKE ALL ON SCHEMA public FROM Writer;", ("writer",)),
        ("ALTER TABLE a OWNER TO app;", ("app",)),
        ("CREATE SCHEMA s AUTHORIZATION app;", ("app",)),
        ("CREATE POLICY p ON a FOR SELECT TO member USING (true);", ("member",)),
        ("ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA s GRANT SELECT ON TABLES TO reader;", ("reader", "app")),
        ("CREATE ROLE reader; GRANT SELECT ON a TO reader;", ()),
        ("GRANT SELECT ON a TO PUBLIC; ALTER TABLE a OWNER TO CURRENT_USER;", ()),
        ("GRANT pg_read_all_data TO reader;", ()),
        ("SELECT '-- no comment'; GRANT SELECT ON a TO reader;", ("reader",)),
        ("/* /* nested */ ALTER TABLE a OWNER TO app; */ ALTER TABLE a OWNER TO owner;", ("owner",)),
        ("SELECT 'GRANT ALL ON a TO reader'; -- ALTER TABLE a OWNER TO app", ()),
    ],
)
def test_roles_that_no_script_makes(tmp_path: Path, script: str, roles: tuple[str, ...]) -> None:
    found = discover_text("1_a.up.sql", script, options=DiscoveryOptions(cwd=str(tmp_path), dialect=Dialect.POSTGRES))
    (history,) = found.histories
    assert sorted(missing_roles(history)) == sorted(roles)


def test_a_throwaway_server_has_stand_ins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    up = (
        "CREATE SCHEMA app;\nCREATE TABLE t (id int PRIMARY KEY);\nCREATE TABLE app.u (id int PRIMARY KEY);\n"
        "GRANT SELECT ON t TO reporting;\nALTER TABLE t OWNER TO app_owner;\nALTER TABLE app.u OWNER TO app_owner;\n"
        "INSERT INTO t VALUES (1);\nSET ROLE extra;\nRESET ROLE;\n"
    )
    plant(tmp_path, up, "DROP TABLE app.u;\nDROP TABLE t;\nDROP SCHEMA app;\n")
    monkeypatch.chdir(tmp_path)
    arguments = ["check", "--dry-run=embedded", "--format", "json", "--no-cache", "--role", "extra"]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert report["migrations"][0]["verdict"]["symmetric"] is True
    assert not [item for item in report["findings"] if item["code"].startswith("RUN")]
    assert "stand-ins without privileges for roles extra, reporting, app_owner" in captured.err


USERS = "CREATE TABLE users (id bigint PRIMARY KEY);"
RUNS = {
    "what a script has granted stays": (
        "GRANT CREATE ON SCHEMA public TO app;", "ALTER TABLE users OWNER TO app;", [("privileges", "schema public")],
    ),
    "the same in lines and capital letters": (
        "GRANT CREATE ON SCHEMA public TO app;", "ALTER TABLE users\n OWNER  TO\n app ;",
        [("privileges", "schema public")],
    ),
    "what it has taken back is gone": (
        "GRANT CREATE ON SCHEMA public TO app; ALTER TABLE users OWNER TO app;",
        "REVOKE CREATE ON SCHEMA public FROM app; ALTER TABLE users OWNER TO app;",
        [],
    ),
    "what it has not granted is not left": ("ALTER TABLE users OWNER TO app;", "SELECT 1;", []),
    "the owner of a schema keeps its own": (
        "CREATE SCHEMA s; ALTER SCHEMA s OWNER TO app;", "ALTER SCHEMA s OWNER TO CURRENT_USER; DROP SCHEMA s;", [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
def test_the_privilege_that_an_owner_needs_is_lent(embedded: PostgresEngine, name: str) -> None:
    forward, rollback, left = RUNS[name]
    database = embedded.create()
    try:
        assert database.stand_in_roles(("app",)) == ("app",)
        assert database.run(forward_of(migration(USERS))).ok
        pair = migration(forward, rollback)
        run = run_steps(pair, Scripts.of(pair), database, database.schema())
        assert run.forward is not None and run.forward.ok and run.rollback is not None and run.rollback.ok
        assert [(change.what, change.name) for change in run.changes] == left
    finally:
        database.drop()


@pytest.mark.parametrize("named", [True, False])
def test_functions_of_the_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], named: bool
) -> None:
    up = "CREATE TABLE t (id INTEGER PRIMARY KEY, d INT);\nCREATE INDEX i ON t (durationToTinyInt(d));\n"
    plant(tmp_path, f"{up}UPDATE t SET d = durationToTinyInt(d, 1);\n", "DROP TABLE t;\n")
    functions = 'sqlite-functions = ["durationToTinyInt"]\n' if named else ""
    (tmp_path / "miglint.toml").write_text(f'dialect = "sqlite"\n[dry-run]\nrows = 5\n{functions}')
    monkeypatch.chdir(tmp_path)
    assert main(["check", "--dry-run", "--no-cache"]) == (0 if named else 1)
    assert ('sqlite-functions = ["durationToTinyInt"]' in " ".join(capsys.readouterr().out.split())) is not named


SETTINGS = """\
[dry-run]
engine = "local"
rows = 7
seed = 3
extensions = ["hstore"]
roles = ["reader"]
statement-timeout = 9
max-memory = "512MB"
"""


def test_options_of_the_configuration() -> None:
    settings = settings_of_text(SETTINGS, "/")
    merged = configured(DryRunOptions(extensions=("ltree",)), settings, [])
    assert (merged.engine, merged.rows, merged.seed) == ("local", 7, 3)
    assert (merged.extensions, merged.roles) == (("ltree", "hstore"), ("reader",))
    assert (merged.limits.statement, merged.limits.memory) == (9.0, 512 << 20)
    given = DryRunOptions(rows=1, engine="embedded", explicit=frozenset({"rows", "statement_timeout"}))
    over = configured(given, settings, [])
    assert (over.engine, over.rows, over.seed, over.limits.statement) == ("embedded", 1, 3, 30.0)
    assert configured(DryRunOptions(url="postgresql://x"), settings, []).engine == "auto"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('rows = "many"', "miglint.toml:2: `rows` must be a whole number, not a string"),
        ("rows = -1", "miglint.toml:2: `rows` must be at least 0"),
        ("total-timeout = 0", "miglint.toml:2: `total-timeout` must be at least 1"),
        ('engine = "pg"', "miglint.toml:2: `engine` is `pg`, but must be one of"),
        ('database-url = "x"', "miglint.toml:2: unknown key `database-url`"),
        ('sqlite-functions = ["a(b)"]', "miglint.toml:2: `a(b)` is not the name of a function"),
        ('max-disk = "1kb"', "miglint.toml:2: `max-disk` is `1kb`, but must be a size of at least 128 MB"),
    ],
)
def test_wrong_options_of_the_configuration(line: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        configured(DryRunOptions(), settings_of_text(f"[dry-run]\n{line}\n", "/"), [])
    assert str(raised.value).startswith(said)
