"""`miglint fix`, run as people run it: what it edits, what it leaves alone, and what it says."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from pathlib import Path

import pytest

from .conftest import Run

REQUIRED = 'paths = ["migrations"]\nidempotency = "required"\ndialect = "postgres"\n'


@pytest.fixture
def plain(project: Path) -> Path:
    (project / "miglint.toml").write_text(REQUIRED)
    return project


def forward(project: Path) -> Path:
    return project / "migrations" / "001_accounts.up.sql"


def test_guards_are_inserted_and_every_other_byte_stays(plain: Path, miglint: Run) -> None:
    text = b"\xef\xbb\xbf-- caf\xc3\xa9\r\ncreate  table accounts (id bigint primary key);\r\n\r\n-- end"
    forward(plain).write_bytes(text)
    done = miglint("fix", "--select", "IDM")
    assert done.returncode == 0, done.stderr
    assert forward(plain).read_bytes() == text.replace(b"table accounts", b"table IF NOT EXISTS accounts")
    assert "fixed 2 findings in 2 files" in done.stderr
    again = miglint("fix", "--select", "IDM")
    assert again.returncode == 0
    assert "nothing to fix" in again.stderr


def test_a_diff_writes_nothing_and_says_so_with_its_status(plain: Path, miglint: Run) -> None:
    before = forward(plain).read_bytes()
    done = miglint("fix", "--select", "IDM", "--diff")
    assert done.returncode == 1
    assert "+CREATE TABLE IF NOT EXISTS accounts (" in done.stdout
    assert "--- migrations/001_accounts.up.sql" in done.stdout
    assert "would fix 2 findings" in done.stderr
    assert forward(plain).read_bytes() == before
    miglint("fix", "--select", "IDM")
    assert miglint("fix", "--select", "IDM", "--diff").returncode == 0


def test_the_rename_of_a_column_becomes_a_block_that_looks_first(plain: Path, miglint: Run) -> None:
    folder = plain / "migrations"
    (folder / "002_rename.up.sql").write_text("-- why\nALTER TABLE accounts RENAME COLUMN name TO title;\n")
    (folder / "002_rename.down.sql").write_text("ALTER TABLE accounts RENAME COLUMN title TO name;\n")
    done = miglint("fix", "--select", "IDM041")
    assert done.returncode == 0, done.stderr
    assert (folder / "002_rename.up.sql").read_text() == (
        "-- why\nDO $$ BEGIN\n"
        "IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('accounts') AND attname = 'name') AND"
        " NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('accounts') AND attname = 'title') THEN\n"
        "ALTER TABLE accounts RENAME COLUMN name TO title;\nEND IF;\nEND $$;\n"
    )


def test_goose_keeps_a_block_in_one_piece(plain: Path, miglint: Run) -> None:
    (plain / "migrations" / "001_accounts.up.sql").unlink()
    (plain / "migrations" / "001_accounts.down.sql").unlink()
    script = plain / "migrations" / "00001_types.sql"
    script.write_text("-- +goose Up\nCREATE TYPE mood AS ENUM ('ok');\n-- +goose Down\nDROP TYPE mood;\n")
    assert miglint("fix", "--select", "IDM").returncode == 0
    assert script.read_text() == (
        "-- +goose Up\n-- +goose StatementBegin\nDO $$ BEGIN\nIF to_regtype('mood') IS NULL THEN\n"
        "CREATE TYPE mood AS ENUM ('ok');\nEND IF;\nEND $$;\n-- +goose StatementEnd\n"
        "-- +goose Down\nDROP TYPE IF EXISTS mood;\n"
    )


def test_an_unsafe_fix_waits_until_it_is_asked_for(plain: Path, miglint: Run) -> None:
    folder = plain / "migrations"
    for name in ("001_accounts.up.sql", "001_accounts.down.sql"):
        (folder / name).unlink()
    # The table is older than the files: whether it has the column is not known.
    (folder / "002_age.up.sql").write_text("ALTER TABLE people ADD COLUMN age int;\n")
    (folder / "002_age.down.sql").write_text("ALTER TABLE people DROP COLUMN IF EXISTS age;\n")
    done = miglint("fix", "--select", "IDM")
    assert done.returncode == 1
    assert "1 more fixable with --unsafe-fixes" in done.stderr
    assert (folder / "002_age.up.sql").read_text() == "ALTER TABLE people ADD COLUMN age int;\n"
    (finding,) = json.loads(miglint("check", "--select", "IDM", "--format", "json").stdout)["findings"]
    assert finding["fix"]["safe"] is False
    assert finding["fix"]["reason"] == "age may exist already: the migrations do not rule it out"
    assert miglint("fix", "--select", "IDM", "--unsafe-fixes").returncode == 0
    assert "ADD COLUMN IF NOT EXISTS age" in (folder / "002_age.up.sql").read_text()


def test_a_fix_that_would_make_something_worse_is_withheld(plain: Path, miglint: Run) -> None:
    folder = plain / "migrations"
    (folder / "002_mood.up.sql").write_text("CREATE TYPE mood AS ENUM ('a');\n")
    (folder / "002_mood.down.sql").write_text("DROP TYPE mood;\n")
    # With a guard on the table, nothing stops a second run any more, which takes the column away with the type.
    script = (
        "ALTER TYPE mood RENAME TO old;\nCREATE TYPE mood AS ENUM ('a', 'b');\n"
        "CREATE TABLE people (id int, feels mood);\nDROP TYPE old CASCADE;\n"
    )
    (folder / "003_swap.up.sql").write_text(script)
    (folder / "003_swap.down.sql").write_text("SELECT 1;\n")
    done = miglint("fix", "--select", "IDM")
    assert done.returncode == 1
    assert "003_swap.up.sql: IDM001 not fixed: it would cause IDM054" in done.stderr
    assert (folder / "003_swap.up.sql").read_text() == script


def test_what_needs_another_migration_gets_it_with_the_next_version(plain: Path, miglint: Run) -> None:
    folder = plain / "migrations"
    (folder / "002_check.up.sql").write_text(
        "ALTER TABLE accounts ADD COLUMN age int;\n"
        "ALTER TABLE accounts ADD CHECK (id > 0);\nCREATE INDEX by_name ON accounts (name);\n"
    )
    (folder / "002_check.down.sql").write_text(
        "DROP INDEX by_name;\nALTER TABLE accounts DROP CONSTRAINT accounts_id_check;\n"
        "ALTER TABLE accounts DROP COLUMN age;\n"
    )
    done = miglint("fix", "--select", "LCK001,LCK011", "--unsafe-fixes")
    assert done.returncode == 0, done.stderr
    assert (folder / "002_check.up.sql").read_text() == (
        "ALTER TABLE accounts ADD COLUMN age int;\n"
        "ALTER TABLE accounts ADD CONSTRAINT accounts_id_check CHECK (id > 0) NOT VALID;\n"
    )
    assert (folder / "002_check.down.sql").read_text().startswith("ALTER TABLE accounts DROP CONSTRAINT")
    made = {path.name: path.read_text() for path in folder.glob("00[34]*")}
    assert made == {
        "003_validate_accounts_id_check.up.sql": "ALTER TABLE accounts VALIDATE CONSTRAINT accounts_id_check;\n",
        "003_validate_accounts_id_check.down.sql": "ALTER TABLE accounts DROP CONSTRAINT IF EXISTS accounts_id_check, "
        "ADD CONSTRAINT accounts_id_check CHECK (id > 0) NOT VALID;\n",
        "004_build_by_name.up.sql": "-- no-transaction\nCREATE INDEX CONCURRENTLY by_name ON accounts (name);\n",
        "004_build_by_name.down.sql": "-- no-transaction\nDROP INDEX CONCURRENTLY IF EXISTS by_name;\n",
    }
    again = miglint("fix", "--select", "LCK001,LCK011", "--unsafe-fixes", "--diff")
    assert (again.returncode, again.stdout) == (0, "")


TABLE, DROP_INDEX = "CREATE TABLE IF NOT EXISTS t (a int);", "DROP INDEX IF EXISTS i;"
BUILD = "CREATE INDEX CONCURRENTLY i ON t (a);"
CLEARED = f"DROP INDEX CONCURRENTLY IF EXISTS i;\n{BUILD}"


@pytest.mark.parametrize(
    ("name", "tool", "script", "wanted"),
    [
        ("000002_i.up.sql", None, "{build}\n", f"{BUILD}\n"),
        (
            "002_i.up.sql",
            ("Cargo.toml", '[dependencies]\nsqlx = "0.8"\n'),
            "{build}\n",
            f"-- no-transaction\n{BUILD}\n",
        ),
        ("002_i.up.sql", ("go.mod", "require github.com/golang-migrate/migrate/v4 v4.1.0"), "{build}\n", f"{BUILD}\n"),
        ("V2__i.sql", None, "{build}\n", f"{CLEARED}\n"),
        (
            "00002_i.sql",
            None,
            "-- +goose Up\n{build}\n-- +goose Down\nDROP INDEX IF EXISTS i;\n",
            f"-- +goose NO TRANSACTION\n-- +goose Up\n{CLEARED}\n-- +goose Down\nDROP INDEX IF EXISTS i;\n",
        ),
    ],
    ids=["golang-migrate", "sqlx", "named golang-migrate", "flyway", "goose"],
)
def test_a_concurrent_build_has_what_its_tool_needs(
    plain: Path, miglint: Run, name: str, tool: tuple[str, str] | None, script: str, wanted: str
) -> None:
    folder = plain / "migrations"
    for path in folder.iterdir():
        path.unlink()
    if tool is not None:
        (plain / tool[0]).write_text(tool[1])
    (plain / "miglint.toml").write_text('paths = ["migrations"]\ndialect = "postgres"\n')
    first = name.replace("2", "1").replace("_i", "_t")
    (folder / first).write_text(script.format(build=TABLE).replace(DROP_INDEX, "DROP TABLE IF EXISTS t;"))
    (folder / name).write_text(script.format(build=BUILD.replace("CONCURRENTLY ", "")))
    if ".up." in name:
        (folder / first.replace("up", "down")).write_text("DROP TABLE IF EXISTS t;\n")
        (folder / name.replace("up", "down")).write_text(f"{DROP_INDEX}\n")
    miglint("fix", "--select", "LCK001", "--unsafe-fixes")
    assert (folder / name).read_text() == wanted
    report = json.loads(miglint("check", "--format", "json").stdout)
    assert [
        item["code"] for item in report["findings"] if item["direction"] == "forward" and item["severity"] != "info"
    ] == []


def test_what_a_fix_creates_is_fixed_too(plain: Path, miglint: Run) -> None:
    folder = plain / "migrations"
    (folder / "002_age.up.sql").write_text("ALTER TABLE accounts ADD COLUMN IF NOT EXISTS age int;\n")
    (folder / "002_age.down.sql").write_text("ALTER TABLE accounts DROP COLUMN IF EXISTS age;\n")
    (folder / "003_age.up.sql").write_text("ALTER TABLE accounts ALTER COLUMN age SET NOT NULL;\n")
    (folder / "003_age.down.sql").write_text("ALTER TABLE accounts ALTER COLUMN age DROP NOT NULL;\n")
    done = miglint("fix", "--select", "LCK016,IDM", "--unsafe-fixes", "--show-fixes")
    made = (folder / "004_require_accounts_age.up.sql").read_text()
    # The second run of VALIDATE would not find the check, which the migration drops.
    assert made.startswith("DO $$ BEGIN\nIF EXISTS (SELECT FROM pg_constraint")
    assert (
        "migrations/003_age.up.sql:1: LCK016 check it first, and set NOT NULL in the next migration (unsafe: the column"
        " accepts NULL until the next migration has run); edits migrations/003_age.down.sql; creates"
        " migrations/004_require_accounts_age.up.sql, migrations/004_require_accounts_age.down.sql\n"
    ) in done.stderr
    again = miglint("fix", "--select", "LCK016,IDM", "--unsafe-fixes", "--diff")
    assert (again.returncode, again.stdout) == (0, "")


@pytest.mark.parametrize("mysql", [False, True])
def test_what_only_one_engine_parses_goes_into_its_variant(plain: Path, miglint: Run, mysql: bool) -> None:
    folder = plain / "migrations"
    for path in folder.iterdir():
        path.unlink()
    (plain / "miglint.toml").write_text('paths = ["migrations"]\nidempotency = "required"\n')
    create, add = "CREATE TABLE IF NOT EXISTS t (a int);\n", "-- why\nALTER TABLE t ADD COLUMN b int;\n"
    scripts = {"01_a.up.sql": create, "01_a.down.sql": "DROP TABLE IF EXISTS t;\n", "03_c.up.sql": add}
    scripts["03_c.down.sql"] = "-- nothing\n"
    for engine in ("postgres", "sqlite", *(["mysql"] if mysql else [])):
        scripts |= {f"02_b.{engine}.up.sql": "SELECT 1;\n", f"02_b.{engine}.down.sql": "SELECT 1;\n"}
    for name, text in scripts.items():
        (folder / name).write_text(text)
    done = miglint("fix", "--select", "IDM")
    assert "fixed 1 finding in" in done.stderr
    guarded = add.replace("COLUMN b", "COLUMN IF NOT EXISTS b")
    # MySQL runs the shared script, and has no such guard.
    own = folder / ("03_c.postgres.up.sql" if mysql else "03_c.up.sql")
    assert own.read_text() == guarded
    assert (folder / "03_c.up.sql").read_text() == (add if mysql else guarded)
    rebuild = (folder / "03_c.sqlite.up.sql").read_text()
    assert rebuild.startswith("-- why\nSAVEPOINT miglint;")
    with sqlite3.connect(":memory:") as database:
        database.executescript(create + rebuild)
        database.execute("INSERT INTO t VALUES (1, 2)")
        database.commit()
        database.executescript(rebuild)
        assert database.execute("SELECT a, b FROM t").fetchall() == [(1, 2)]
    again = miglint("fix", "--select", "IDM", "--diff")
    assert (again.returncode, again.stdout) == (0, "")
    report = json.loads(miglint("check", "--format", "json").stdout)
    assert [item["code"] for item in report["findings"] if item["code"] in ("PAI010", "IDM002", "SYN001")] == []


def test_a_cached_report_leads_to_the_same_fixes(plain: Path, miglint: Run) -> None:
    folder = plain / "migrations"
    (folder / "002_more.up.sql").write_text(
        "CREATE INDEX by_name ON accounts (name);\nALTER TABLE accounts ADD COLUMN a int;\nCREATE TABLE t (b int);\n"
    )
    (folder / "002_more.down.sql").write_text("DROP TABLE t;\n")
    first, second = (miglint("fix", "--select", "SYM", "--diff") for _ in range(2))
    assert "+DROP INDEX IF EXISTS by_name;" in first.stdout
    assert first.stderr.count("rounds") == 0
    assert (first.stdout, first.stderr) == (second.stdout, second.stderr)


def test_what_one_finding_says_of_many_migrations_is_no_new_finding(plain: Path, miglint: Run) -> None:
    folder = plain / "migrations"
    create = "CREATE TABLE IF NOT EXISTS t{0} (a int, b int);\n"
    script = "ALTER TABLE t2 RENAME a TO c;ALTER TABLE t2 RENAME b TO d;\n"
    for number, text in ((2, create), (3, create), (4, create), (5, script)):
        (folder / f"00{number}_t.up.sql").write_text(text.format(number))
        (folder / f"00{number}_t.down.sql").write_text("")
    done = miglint("fix", "--select", "IDM,PAI")
    # The blocks meet: the second one is written in a round that is about this migration alone.
    assert "not fixed" not in done.stderr
    assert (folder / "005_t.up.sql").read_text().count("DO $$ BEGIN") == 2


def test_diesel_gets_its_mark_in_a_file_of_its_own(plain: Path, miglint: Run) -> None:
    folder = plain / "migrations"
    for path in folder.iterdir():
        path.unlink()
    (plain / "miglint.toml").write_text('paths = ["migrations"]\ndialect = "postgres"\n')
    for number, forward, back in (
        (1, f"{TABLE} CREATE INDEX IF NOT EXISTS i ON t (a);", ""),
        (2, "DROP INDEX i;", BUILD),
    ):
        (folder / f"2024-01-01-00000{number}_a").mkdir()
        (folder / f"2024-01-01-00000{number}_a" / "up.sql").write_text(f"{forward}\n")
        (folder / f"2024-01-01-00000{number}_a" / "down.sql").write_text(f"{back}\n")
    done = miglint("fix", "--select", "LCK002")
    assert done.returncode == 0, done.stderr
    second = {path.name: path.read_text() for path in (folder / "2024-01-01-000002_a").iterdir()}
    # Without a transaction, a run that was interrupted after the drop finds no index when it is run again.
    assert second == {
        "up.sql": "DROP INDEX CONCURRENTLY IF EXISTS i;\n",
        "down.sql": f"{BUILD}\n",
        "metadata.toml": "run_in_transaction = false\n",
    }


def test_a_rollback_gets_what_it_forgets_but_not_what_is_ignored(plain: Path, miglint: Run) -> None:
    folder = plain / "migrations"
    (folder / "002_more.up.sql").write_text(
        "CREATE INDEX by_name ON accounts (name);\n"
        "-- miglint: ignore SYM004 (the default stays)\n"
        "ALTER TABLE accounts ALTER COLUMN name SET DEFAULT '';\n"
        "ALTER TABLE accounts ADD COLUMN age int;\n"
    )
    rollback = folder / "002_more.down.sql"
    rollback.write_text("BEGIN;\nALTER TABLE accounts DROP COLUMN age; -- gone\nCOMMIT;\n")
    miglint("fix", "--select", "SYM")
    assert rollback.read_text() == (
        "BEGIN;\nALTER TABLE accounts DROP COLUMN age; -- gone\nDROP INDEX IF EXISTS by_name;\nCOMMIT;\n"
    )


def test_a_table_of_sqlite_is_rebuilt_with_its_rows(plain: Path, miglint: Run) -> None:
    (plain / "miglint.toml").write_text(REQUIRED.replace("postgres", "sqlite"))
    folder = plain / "migrations"
    for path in folder.iterdir():
        path.unlink()
    (folder / "001_a.up.sql").write_text("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, a TEXT);\n")
    (folder / "001_a.down.sql").write_text("DROP TABLE IF EXISTS t;\n")
    script = "ALTER TABLE t RENAME COLUMN a TO b;\nALTER TABLE t ADD COLUMN c INTEGER NOT NULL DEFAULT 7;\n"
    (folder / "002_b.up.sql").write_text(script)
    (folder / "002_b.down.sql").write_text("ALTER TABLE t DROP COLUMN c;\nALTER TABLE t RENAME COLUMN b TO a;\n")
    assert miglint("fix", "--select", "IDM").returncode == 0
    fixed = (folder / "002_b.up.sql").read_text()
    with sqlite3.connect(":memory:", isolation_level=None) as database:
        database.executescript("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x');")
        database.executescript(fixed)
        database.execute("INSERT INTO t (b, c) VALUES ('y', 8)")
        database.executescript(fixed)
        assert database.execute("SELECT id, b, c FROM t").fetchall() == [(1, "x", 7), (2, "y", 8)]


def test_what_the_main_branch_has_is_left_alone(plain: Path, miglint: Run) -> None:
    git(plain, "init", "-q", "-b", "main")
    git(plain, "add", ".")
    git(plain, "commit", "-q", "-m", "a")
    git(plain, "checkout", "-q", "-b", "topic")
    new = plain / "migrations" / "002_age.up.sql"
    new.write_text("ALTER TABLE accounts ADD COLUMN age int;\n")
    (plain / "migrations" / "002_age.down.sql").write_text("ALTER TABLE accounts DROP COLUMN age;\n")
    before = forward(plain).read_bytes()
    done = miglint("fix", "--select", "IDM")
    assert done.returncode == 1
    assert "2 findings not fixed in files that main has: " in done.stderr
    assert forward(plain).read_bytes() == before
    assert new.read_text() == "ALTER TABLE accounts ADD COLUMN IF NOT EXISTS age int;\n"
    assert miglint("fix", "--select", "IDM", "--edit-applied").returncode == 0
    assert b"IF NOT EXISTS" in forward(plain).read_bytes()


def test_only_what_a_branch_changed_is_fixed_with_since(plain: Path, miglint: Run) -> None:
    git(plain, "init", "-q", "-b", "main")
    git(plain, "add", ".")
    git(plain, "commit", "-q", "-m", "a")
    new = plain / "migrations" / "002_age.up.sql"
    new.write_text("ALTER TABLE accounts ADD COLUMN age int;\n")
    (plain / "migrations" / "002_age.down.sql").write_text("ALTER TABLE accounts DROP COLUMN age;\n")
    done = miglint("fix", "--select", "IDM", "--since", "main")
    assert done.returncode == 0, done.stderr
    assert "fixed 2 findings in 2 files" in done.stderr


def test_ignored_findings_and_files_that_are_no_text_are_left_alone(plain: Path, miglint: Run) -> None:
    ignored = "-- miglint: ignore IDM001 (ours)\nCREATE TABLE accounts (id bigint PRIMARY KEY);\n"
    forward(plain).write_text(ignored)
    (plain / "migrations" / "001_accounts.down.sql").write_bytes(b"DROP TABLE accounts; -- \xff\n")
    miglint("fix", "--select", "IDM")
    assert forward(plain).read_text() == ignored
    assert (plain / "migrations" / "001_accounts.down.sql").read_bytes() == b"DROP TABLE accounts; -- \xff\n"


def test_standard_input_is_printed_fixed(plain: Path, miglint: Run) -> None:
    text = "CREATE TABLE teams (id bigint PRIMARY KEY);\n"
    done = miglint("fix", "--select", "IDM", "--stdin-filename", "migrations/002_teams.up.sql", stdin=text)
    assert done.stdout == text.replace("TABLE teams", "TABLE IF NOT EXISTS teams")
    assert not (plain / "migrations" / "002_teams.up.sql").exists()


def test_scripts_that_no_tool_runs_twice_are_fixed_only_if_asked(project: Path, miglint: Run) -> None:
    (project / "miglint.toml").write_text('paths = ["migrations"]\ndialect = "postgres"\nrunner = "sqlx"\n')
    before = forward(project).read_bytes()
    done = miglint("fix")
    assert forward(project).read_bytes() == before
    assert "cannot run twice, and the migration tool never does so; --select IDM fixes them, too" in done.stderr
    assert miglint("fix", "--select", "IDM").returncode == 0
    assert b"IF NOT EXISTS" in forward(project).read_bytes()


def test_check_marks_what_can_be_fixed_and_fixes_it(plain: Path, miglint: Run) -> None:
    shown = miglint("check", "--select", "IDM")
    assert "create-table-unguarded [*]" in shown.stdout
    assert "2 fixable with `miglint fix`" in shown.stdout
    fixed = miglint("check", "--select", "IDM", "--fix")
    assert fixed.returncode == 0, fixed.stdout
    assert b"IF NOT EXISTS" in forward(plain).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--stdin-filename", "a.sql", "migrations"), "--stdin-filename cannot be combined with paths"),
        (("nowhere",), "nowhere: no such file or folder"),
        (("--select", "IDM1"), "IDM1"),
        (("--since", "nothing"), "--since"),
    ],
)
def test_bad_input_ends_with_a_message(plain: Path, miglint: Run, arguments: tuple[str, ...], said: str) -> None:
    done = miglint("fix", *arguments, stdin="")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)
