"""LIT beyond its pages: which scripts are asked about, at which version, and where a finding stands."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from miglint.base.findings import Finding, Severity
from miglint.config.settings import Settings
from miglint.linter.run import Job, check
from miglint.report.value import Report


def report(folder: Path, files: dict[str, str], sqlite: tuple[int, ...] | None = (3, 40)) -> Report:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    targets = {"postgres": (14,)} if sqlite is None else {"postgres": (14,), "sqlite": sqlite}
    return check(Job(Settings(root=str(folder), targets=targets, select=("LIT",)), (str(folder),), cached=False)).report


def told(found: Report) -> list[tuple[str, int, str]]:
    return [(item.code, item.line, item.message) for item in found.findings]


def forward(folder: Path, text: str, sqlite: tuple[int, ...] | None = (3, 40)) -> tuple[Finding, ...]:
    return report(folder, {"001_a.up.sql": text}, sqlite).findings


def test_the_target_has_to_be_named(tmp_path: Path) -> None:
    text = "SELECT '1'::text;\n"
    assert forward(tmp_path, text, None) == ()
    assert [item.code for item in forward(tmp_path, text)] == ["LIT001"]


def test_a_migration_with_a_variant_is_not_asked_about(tmp_path: Path) -> None:
    found = report(
        tmp_path,
        {
            "postgres/001_a.up.sql": "SELECT '1'::text;\n",
            "sqlite/001_a.up.sql": "SELECT '1';\n",
            "postgres/002_b.up.sql": "SELECT '2'::text;\n",
        },
    )
    assert [Path(item.path).name for item in found.findings] == ["002_b.up.sql"]


def test_a_folder_beside_that_was_not_asked_for_holds_the_variant(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    assert [item.code for item in forward(tmp_path / "db" / "postgres", "SELECT '1'::text;\n")] == ["LIT001"]
    (tmp_path / "db" / "sqlite").mkdir()
    assert [item.code for item in forward(tmp_path / "db" / "postgres", "SELECT '1'::text;\n")] == ["LIT001"]
    (tmp_path / "db" / "sqlite" / "001_a.up.sql").write_text("SELECT 1;\n")
    assert forward(tmp_path / "db" / "postgres", "SELECT '1'::text;\n") == ()


def test_the_verdict_is_that_of_the_target(tmp_path: Path) -> None:
    files = {"001_a.up.sql": "ALTER TABLE t RENAME COLUMN a TO b;\n"}
    assert report(tmp_path, files, (3, 24)).migrations[0].verdict["sqlite_compatible"] is False
    assert report(tmp_path, files, (3, 25)).migrations[0].verdict["sqlite_compatible"] is True
    assert report(tmp_path, files, ()).migrations[0].verdict["sqlite_compatible"] is True


def test_a_script_for_sqlite_is_judged_by_the_target_as_well(tmp_path: Path) -> None:
    files = {"sqlite/001_a.up.sql": "ALTER TABLE t DROP COLUMN a;\n"}
    old, new = report(tmp_path, files, (3, 34)), report(tmp_path, files, (3, 35))
    assert [(item[0], item[2]) for item in told(old)] == [
        ("LIT002", "SQLite has ALTER TABLE ... DROP COLUMN from 3.35 on, and the target is 3.34")
    ]
    assert old.migrations[0].verdict["sqlite_compatible"] is False
    assert told(new) == []
    assert new.migrations[0].verdict["sqlite_compatible"] is True


def test_what_sqlite_always_refuses_needs_no_target(tmp_path: Path) -> None:
    files = {"sqlite/001_a.up.sql": "ALTER TABLE t ADD COLUMN a TEXT UNIQUE;\n"}
    found = report(tmp_path, files, None)
    assert told(found) == [("LIT003", 1, "SQLite always refuses ADD COLUMN with UNIQUE")]
    assert found.migrations[0].verdict["sqlite_compatible"] is False


def test_below_3_32_rows_make_no_difference(tmp_path: Path) -> None:
    files = {"sqlite/001_a.up.sql": "ALTER TABLE t ADD COLUMN a TEXT NOT NULL;\n"}
    assert [item[0] for item in told(report(tmp_path, files, (3, 32)))] == ["LIT004"]
    old = report(tmp_path, files, (3, 31))
    assert [item[0] for item in told(old)] == ["LIT003"]
    assert old.migrations[0].verdict["sqlite_compatible"] is False


def test_a_table_just_made_has_no_rows(tmp_path: Path) -> None:
    made = "CREATE TABLE t (a INTEGER PRIMARY KEY);\nALTER TABLE t ADD COLUMN b TEXT NOT NULL;\n"
    filled = made.replace("\nALTER", "\nINSERT INTO t VALUES (1);\nALTER")
    assert told(report(tmp_path, {"sqlite/001_a.up.sql": made}, None)) == []
    assert [item[0] for item in told(report(tmp_path, {"sqlite/001_a.up.sql": filled}, None))] == ["LIT004"]


def test_a_body_is_one_finding_and_what_follows_it_is_read(tmp_path: Path) -> None:
    body = "DO $$ BEGIN\n  PERFORM now();\n  RAISE NOTICE 'it''s';\n  -- don't\nEND $$;\nTRUNCATE t;\n"
    found = forward(tmp_path, body)
    assert [(item.code, item.line, item.message) for item in found] == [
        ("LIT001", 1, "SQLite refuses DO blocks"),
        ("LIT001", 6, "SQLite refuses TRUNCATE"),
    ]


def test_what_looks_like_a_construct_and_is_none_is_left_alone(tmp_path: Path) -> None:
    text = "CREATE TABLE t (a text CHECK (a <> 'x::y'), b text);\n-- now() and ILIKE\nCREATE INDEX i ON t (a);\n"
    assert forward(tmp_path, text) == ()


def test_every_construct_of_a_statement_is_told(tmp_path: Path) -> None:
    found = forward(tmp_path, "ALTER TABLE IF EXISTS t ADD COLUMN IF NOT EXISTS a text DEFAULT now()::text;\n")
    assert {item.message for item in found} == {
        "SQLite refuses ALTER TABLE IF EXISTS",
        "SQLite refuses ADD COLUMN IF NOT EXISTS",
        "SQLite refuses a function as a default without parentheses",
        "SQLite refuses casts with ::",
        "SQLite does not know `now`: the statement fails when it runs",
    }


def test_functions_of_the_program_may_be_there_in_sqlite(tmp_path: Path) -> None:
    text = "CREATE TABLE t (a TEXT DEFAULT (now()));\n"
    (own,) = report(tmp_path, {"sqlite/001_a.up.sql": text}, None).findings
    assert (own.code, own.severity) == ("LIT005", Severity.WARNING)


REBUILD = (
    "CREATE TABLE new (id INTEGER PRIMARY KEY, a TEXT, b INTEGER);\n"
    "INSERT INTO new (id, a) SELECT id, a FROM t;\nDROP TABLE t;\nALTER TABLE new RENAME TO t;\n"
)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("CREATE INDEX i ON t (a);", "", ["LIT007"]),
        ("CREATE INDEX i ON t (a);", "CREATE INDEX j ON t (a);", []),
        ("CREATE INDEX i ON t (a);", "CREATE INDEX i ON t (a, b);", []),
        ("CREATE INDEX i ON t (c);", "", []),
        ("CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END;", "", ["LIT007"]),
        (
            "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END;",
            "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 2; END;",
            [],
        ),
    ],
)
def test_what_goes_with_the_old_table(before: str, after: str, expected: list[str], tmp_path: Path) -> None:
    first = f"CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, c TEXT);\n{before}\n"
    files = {"sqlite/001_a.up.sql": first, "sqlite/002_b.up.sql": REBUILD + after + "\n"}
    assert [item[0] for item in told(report(tmp_path, files, None))] == expected
    # SQLite itself: what is told to be gone is gone.
    connection = sqlite3.connect(":memory:")
    connection.executescript(first + REBUILD + after)
    left = connection.execute("SELECT count(*) FROM sqlite_master WHERE type IN ('index', 'trigger')").fetchone()[0]
    assert (left == 0) == (not after)


def test_an_index_that_is_dropped_by_name_is_meant_to_go(tmp_path: Path) -> None:
    files = {
        "sqlite/001_a.up.sql": "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);\nCREATE INDEX i ON t (a);\n",
        "sqlite/002_b.up.sql": "DROP INDEX i;\n" + REBUILD,
    }
    assert told(report(tmp_path, files, None)) == []


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("id INTEGER PRIMARY KEY, a TEXT UNIQUE", ["LIT008 warning"]),
        ("id INTEGER PRIMARY KEY, a TEXT CHECK (a <> '')", ["LIT008 warning"]),
        ("id INTEGER PRIMARY KEY, a TEXT REFERENCES u (id)", ["LIT008 warning"]),
        ("id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT", ["LIT008 warning"]),
        ("id INTEGER PRIMARY KEY, a TEXT NOT NULL", ["LIT008 info"]),
        ("id INTEGER PRIMARY KEY, a TEXT DEFAULT 'x'", ["LIT008 info"]),
        ("id INTEGER PRIMARY KEY, a TEXT", []),
    ],
)
def test_what_the_new_table_has_lost(before: str, expected: list[str], tmp_path: Path) -> None:
    files = {"sqlite/001_a.up.sql": f"CREATE TABLE t ({before});\n", "sqlite/002_b.up.sql": REBUILD}
    found = report(tmp_path, files, None).findings
    assert [f"{item.code} {item.severity}" for item in found] == expected


def test_a_rebuild_that_only_loses_is_meant_to(tmp_path: Path) -> None:
    files = {
        "sqlite/001_a.up.sql": "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b INTEGER);\n",
        "sqlite/002_b.up.sql": REBUILD,
    }
    assert told(report(tmp_path, files, None)) == []
