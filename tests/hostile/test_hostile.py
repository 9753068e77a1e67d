"""Input that is made to hurt: each gives findings or exit status 2, in bounded time and memory, and never a traceback.

Every case runs in a process of its own whose memory the system limits, and which is stopped when it takes too long.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

SECONDS = 120
BYTES = 2 << 30
BOUNDED = Path(__file__).with_name("bounded.py")


def miglint(
    folder: Path, *arguments: str, privileged: bool = True, bound: int = BYTES
) -> tuple[int, dict[str, Any], str]:
    """Check a folder; return the exit status, the report, and what was said besides."""
    environment = {**os.environ, "PYTHONFAULTHANDLER": "1"}
    # Tracing each line of work on fifty megabytes takes minutes, and the same lines are covered by small inputs.
    environment.pop("COVERAGE_PROCESS_START", None)
    done = subprocess.run(
        [
            sys.executable, str(BOUNDED), str(bound), "yes" if privileged else "no",
            sys.executable, "-m", "miglint", "check", "--no-cache", "--format", "json", *arguments,
        ],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )  # fmt: skip
    said = done.stderr.decode()
    assert "Traceback" not in said, said[-2000:]
    assert done.returncode in (0, 1, 2), (done.returncode, said[-2000:])
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, said


def pair(folder: Path, forward: str | bytes, rollback: str = "SELECT 1;\n") -> None:
    data = forward if isinstance(forward, bytes) else forward.encode()
    (folder / "m").mkdir()
    (folder / "m" / "001_a.up.sql").write_bytes(data)
    (folder / "m" / "001_a.down.sql").write_text(rollback)


def codes(report: dict[str, Any]) -> set[str]:
    assert "INT001" not in {item["code"] for item in report["findings"]}
    return {item["code"] for item in report["findings"]}


def check(folder: Path, forward: str | bytes, *arguments: str) -> set[str]:
    pair(folder, forward)
    status, report, _ = miglint(folder, *arguments, "m")
    assert status in (0, 1)
    assert report["summary"]["migrations"] == 1
    return codes(report)


MEGABYTE = 1_000_000
SIZES = {
    "many inserts": "INSERT INTO t VALUES (1, '" + "a" * 60 + "');\n",
    "one long line": "(1, 'x'), ",
    "line ends": "\n",
    "comments": "-- a comment that says nothing about the table\n",
}


@pytest.mark.parametrize("name", SIZES)
def test_fifty_megabytes(tmp_path, name):
    line = SIZES[name]
    text = line * (50 * MEGABYTE // len(line))
    found = check(tmp_path, f"INSERT INTO t VALUES {text} (1, 'x');" if name == "one long line" else text)
    assert "SYN001" not in found


@pytest.mark.parametrize("dialect", ["postgres", "sqlite"])
def test_a_hundred_thousand_statements(tmp_path, dialect):
    text = "".join(f"INSERT INTO t (id) VALUES ({number});\n" for number in range(100_000))
    assert "IDM060" in check(tmp_path, text, "--dialect", dialect)


@pytest.mark.parametrize("dialect", ["postgres", "sqlite"])
def test_ten_thousand_columns(tmp_path, dialect):
    columns = ", ".join(f"c{number} int NOT NULL DEFAULT {number}" for number in range(10_000))
    assert "IDM001" in check(tmp_path, f"CREATE TABLE t ({columns});", "--dialect", dialect)


DEPTH = 5_000
NESTED = {
    "parentheses": "SELECT " + "(" * DEPTH + "1" + ")" * DEPTH + ";",
    "default": "CREATE TABLE t (a int DEFAULT " + "(" * DEPTH + "1" + ")" * DEPTH + ");",
    "queries": "CREATE VIEW v AS " + "SELECT * FROM (" * DEPTH + "SELECT 1" + ") x" * DEPTH + ";",
    "blocks": "DO $$ " + "BEGIN " * DEPTH + "NULL; " + "END; " * DEPTH + "$$;",
    "comments": "/*" * DEPTH + "*/" * DEPTH + "SELECT 1;",
    "never closed": "(" * 20 * DEPTH,
    "chain": "SELECT " + "1 AND " * 10 * DEPTH + "1;",
    "cases": "SELECT " + "CASE WHEN a THEN " * DEPTH + "1" + " END" * DEPTH + ";",
    "casts": "SELECT 1" + "::int" * DEPTH + ";",
    "minus": "SELECT " + "- " * DEPTH + "1;",
    "arrays": "SELECT " + "ARRAY[" * DEPTH + "1" + "]" * DEPTH + ";",
    "functions": "CREATE TABLE t (a int CHECK (" + "abs(" * DEPTH + "a" + ")" * DEPTH + " > 0));",
}


@pytest.mark.parametrize("dialect", ["postgres", "sqlite"])
@pytest.mark.parametrize("name", NESTED)
def test_nesting(tmp_path, name, dialect):
    check(tmp_path, NESTED[name], "--dialect", dialect)


GUARD = "IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'c') THEN "


@pytest.mark.parametrize("depth", [50, 500, 50_000])
@pytest.mark.parametrize(
    ("start", "inside", "end"),
    [
        (GUARD, "CREATE TABLE c (a int); ", "END IF; "),
        ("IF x THEN NULL; ELSE ", "DROP TABLE c; ", "END IF; "),
        ("BEGIN ", "DROP TABLE c; ", "EXCEPTION WHEN others THEN NULL; END; "),
        ("LOOP ", "DROP TABLE c; ", "END LOOP; "),
    ],
    ids=["if", "else", "exception", "loop"],
)
def test_nesting_in_blocks(tmp_path, depth, start, inside, end):
    check(tmp_path, f"DO $$ BEGIN {start * depth}{inside}{end * depth}END $$;")


@pytest.mark.parametrize(
    "text",
    [
        "DO $$ BEGIN EXECUTE || 'DROP TABLE c'; END $$;",
        "INSERT INTO c SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM c WHERE OPERATOR(=) 1);",
        "DO $$ BEGIN IF OPERATOR(=) (SELECT count(*) FROM pg_class) THEN DROP TABLE c; END IF; END $$;",
    ],
)
def test_operators_without_a_left_operand(tmp_path, text):
    check(tmp_path, text)


@pytest.mark.parametrize("text", ["DO LANGUAGE plpgsql;", "DO $$ BEGIN DO LANGUAGE plpgsql; END $$;"])
def test_a_block_without_a_text_does_not_end_the_process(tmp_path, text):
    check(tmp_path, text)


def test_branches_one_behind_another(tmp_path):
    check(tmp_path, "DO $$ BEGIN IF x THEN NULL; " + "ELSIF y THEN DROP TABLE c; " * 2_000 + "END IF; END $$;")


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 50_000,
        "x = " + "{a = " * 50_000,
        ".".join(["a"] * 50_000) + " = 1",
        f"[{'.'.join('a' * 50_000)}]",
    ],
    ids=["arrays", "tables", "key", "header"],
)
def test_nesting_in_a_configuration(tmp_path, text):
    pair(tmp_path, "SELECT 1;")
    (tmp_path / "miglint.toml").write_text(text + "\n")
    status, _, said = miglint(tmp_path, "m")
    assert status == 2
    assert said.startswith("miglint: miglint.toml")


@pytest.mark.parametrize("text", ["[" * 50_000, '{"a":' * 50_000], ids=["arrays", "objects"])
def test_nesting_in_a_baseline(tmp_path, text):
    pair(tmp_path, "SELECT 1;")
    (tmp_path / "known.json").write_text(text)
    status, _, said = miglint(tmp_path, "--baseline", "known.json", "m")
    assert status == 2
    assert "known.json" in said


UNTERMINATED = {
    "quote": "CREATE TABLE a (b text DEFAULT 'x);\n" * 2_001,
    "name": 'CREATE TABLE "a (b int);\n' * 2_001,
    "dollar quote": "DO $x$ BEGIN NULL;\n" * 2_001,
    "dollar quotes": "".join(f"SELECT $a{number}$ " for number in range(20_000)),
    "escape": "SELECT E'" + "\\" * (MEGABYTE + 1) + "';",
    "comment": "SELECT 1; " + "/* " * 200_000,
}


@pytest.mark.parametrize("name", UNTERMINATED)
def test_what_is_never_closed_is_a_finding(tmp_path, name):
    assert codes_of_syntax(check(tmp_path, UNTERMINATED[name]))


@pytest.mark.parametrize(
    "data",
    [
        b"CREATE TABLE a (id int);\0CREATE TABLE b (id int);\n",
        b"\0" * MEGABYTE,
        "CREATE TABLE a (id int);\n".encode("utf-16"),
        b"SELECT '\xff\xfe\xc3';",
        bytes(range(256)) * 4_000,
    ],
    ids=["nul", "only nul", "utf-16", "latin", "all bytes"],
)
def test_what_is_no_text_is_a_finding(tmp_path, data):
    assert codes_of_syntax(check(tmp_path, data))


def codes_of_syntax(found: set[str]) -> set[str]:
    return {code for code in found if code.startswith("SYN")}


def test_links_in_a_circle(tmp_path):
    pair(tmp_path, "SELECT 1;")
    (tmp_path / "m" / "around").symlink_to(".")
    (tmp_path / "m" / "002_b.up.sql").symlink_to("002_b.up.sql")
    (tmp_path / "m" / "003_c.up.sql").symlink_to("003_c.down.sql")
    (tmp_path / "m" / "003_c.down.sql").symlink_to("003_c.up.sql")
    status, report, _ = miglint(tmp_path, "m")
    assert status == 1
    assert report["summary"]["migrations"] == 1
    told = {item["path"] for item in report["findings"] if item["code"] == "SYN002"}
    assert told == {"m/around", "m/002_b.up.sql", "m/003_c.up.sql", "m/003_c.down.sql"}


def test_links_that_lead_nowhere_and_files_that_are_none(tmp_path):
    pair(tmp_path, "SELECT 1;")
    (tmp_path / "m" / "002_b.up.sql").symlink_to("gone")
    os.mkfifo(tmp_path / "m" / "003_c.up.sql")
    (tmp_path / "m" / "004_d.up.sql").mkdir()
    status, report, _ = miglint(tmp_path, "m")
    assert status == 1
    assert report["summary"]["migrations"] == 1


@pytest.mark.skipif(sys.platform != "linux", reason="privileges are dropped as Linux does it")
def test_files_and_folders_that_may_not_be_read(tmp_path):
    # pytest's own folders are closed to others, and open to their owner: here nobody but the modes counts.
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        pair(folder, "SELECT 1;")
        closed = folder / "m" / "002_b.up.sql"
        closed.write_text("SELECT 1;")
        closed.chmod(0)
        inner = folder / "m" / "inner"
        inner.mkdir()
        inner.chmod(0)
        try:
            status, report, said = miglint(folder, "m", privileged=False)
            assert status == 1
            unreadable = [item for item in report["findings"] if item["code"] == "SYN002"]
            assert {item["path"] for item in unreadable} >= {"m/002_b.up.sql"}
            assert any("ermission" in item["message"] for item in unreadable), said
            assert miglint(folder, "m/inner", privileged=False)[0] in (1, 2)
        finally:
            inner.chmod(0o755)


@pytest.mark.parametrize(
    "name", ["../../x", "../../x.up.sql", "/dev/zero", "m/../../../etc", "\udcff.sql", "", "a" * 5_000]
)
def test_names_that_lead_elsewhere(tmp_path, name):
    (tmp_path / "in").mkdir()
    before = sorted(tmp_path.rglob("*"))
    status, report, said = miglint(tmp_path / "in", "--", name)
    assert status == 2 or report["summary"]["migrations"] == 0, said
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["../../x.up.sql", "/etc/001_a.up.sql", "x\n001_a.up.sql", "\x1b[2J001_a.up.sql"])
def test_names_of_standard_input_are_only_names(tmp_path, name):
    done = subprocess.run(
        [sys.executable, "-m", "miglint", "check", "--stdin-filename", name],
        cwd=tmp_path,
        input=b"CREATE TABLE a (id int);\n",
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode in (0, 1, 2)
    assert b"Traceback" not in done.stderr
    assert b"\x1b" not in done.stdout + done.stderr
    assert sorted(tmp_path.rglob("*.sql")) == []


def test_names_of_files_do_not_steer_the_terminal(tmp_path):
    pair(tmp_path, "SELECT 1;")
    (tmp_path / "m" / "002_\x1b[2J\n.up.sql").write_text("CREATE TABLE a (id int);")
    done = subprocess.run(
        [sys.executable, "-m", "miglint", "check", "--no-cache", "m"],
        cwd=tmp_path,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 1
    assert b"\x1b" not in done.stdout + done.stderr


# Bytes that are no UTF-8, in the name of a file, a version, a folder of one migration, and one above all of them.
ODD_NAMES = {
    "a file": b"migrations/001_\xff.up.sql",
    "a version": b"migrations/1\xff_a.up.sql",
    "a folder of scripts": b"migrations/2020-01-01-000000_\xff/up.sql",
    "a folder above": b"q\xff/migrations/001_a.up.sql",
    "a file of two sections": b"db/migrations/001_\xff.sql",
}
COMMANDS = (
    ("check",),
    ("check", "."),
    ("check", "--format", "json", "."),
    ("check", "--format", "junit", "."),
    ("rollback", "list", "."),
    ("rollback", "plan", "--to", "0", "."),
    ("port", "--to", "sqlite", "."),
    ("fix", "."),
    ("schema", "."),
    ("init", "--diff"),
    ("init",),
)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_that_are_no_text(tmp_path, name):
    path = tmp_path / "p" / os.fsdecode(ODD_NAMES[name])
    path.parent.mkdir(parents=True)
    path.write_text("-- migrate:up\nCREATE TABLE t (id bigint PRIMARY KEY);\n-- migrate:down\nDROP TABLE t;")
    before = {place.name for place in (tmp_path / "p").iterdir()}
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    # The second time, results are taken from the cache.
    for arguments in (*COMMANDS, *COMMANDS[:3]):
        done = subprocess.run(
            [sys.executable, "-m", "miglint", *arguments],
            cwd=tmp_path / "p",
            env=environment,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode in (0, 1, 2), arguments
        assert b"Traceback" not in done.stderr, (arguments, done.stderr[-2000:])
        assert b"no such file" not in done.stderr, (arguments, done.stderr)
        (done.stdout + done.stderr).decode("utf-8")
    made = {place.name for place in (tmp_path / "p").iterdir()} - before
    assert made <= {"miglint.toml", ".miglint_cache", "migrations_sqlite"}


def test_folders_in_folders(tmp_path):
    place = tmp_path / "m"
    for _ in range(300):
        place = place / "d"
    place.mkdir(parents=True)
    (place / "001_a.up.sql").write_text("SELECT 1;")
    status, _, _ = miglint(tmp_path, "m")
    assert status in (0, 1, 2)


@pytest.mark.parametrize("dialect", ["postgres", "sqlite"])
@pytest.mark.parametrize(("ending", "known"), [("", None), (" ON CONFLICT DO NOTHING", True)])
def test_rows_that_are_too_many_to_read_may_be_there_at_a_second_run(tmp_path, dialect, ending, known):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "001_a.up.sql").write_text("CREATE TABLE IF NOT EXISTS t (id int PRIMARY KEY);\n")
    (tmp_path / "m" / "001_a.down.sql").write_text("DROP TABLE IF EXISTS t;\n")
    rows = ",".join(f"({number:010})" for number in range(200_000))
    (tmp_path / "m" / "002_b.up.sql").write_text(f"INSERT INTO t (id) VALUES {rows}{ending};\n")
    (tmp_path / "m" / "002_b.down.sql").write_text("DELETE FROM t;\n")
    _, report, _ = miglint(tmp_path, "--dialect", dialect, "m")
    migration = report["migrations"][1]
    assert migration["verdict"]["forward_idempotent"] is known
    assert ("forward_idempotent" in "".join(migration["unknown"])) is (known is None)


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_views_of_which_each_has_twice_the_columns(tmp_path, dialect):
    views = (f"CREATE VIEW v{n} AS SELECT x.*, y.* FROM v{n - 1} x, v{n - 1} y;" for n in range(1, 40))
    pair(tmp_path, f"CREATE TABLE t (a int); CREATE VIEW v0 AS SELECT a FROM t; {' '.join(views)}")
    status, _, said = miglint(tmp_path, "--dialect", dialect, "m", bound=1 << 30)
    assert status == 1, said
