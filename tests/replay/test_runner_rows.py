"""Each row of `docs/layouts.md`, on the files of its tool: which scripts are errors, which information."""

from __future__ import annotations

from pathlib import Path

import pytest

from miglint.config.settings import load
from miglint.linter.run import Job, check
from miglint.replay.runners import RUNNERS

TWO = "CREATE TABLE t (a integer);\nCREATE TABLE u (a integer);\n"
BACK = "DROP TABLE u;\nDROP TABLE t;\n"
ONE = "CREATE TABLE t (a integer);\n"
WRAPPED = f"BEGIN;\n{TWO}COMMIT;\n"
# The files of each tool, `{up}` and `{down}` being its scripts.
FILES = {
    "atlas": {"atlas.sum": "h1:x\n", "20240101000000_a.sql": "{up}"},
    "dbmate": {"20240101000000_a.sql": "-- migrate:up\n{up}\n-- migrate:down\n{down}"},
    "diesel": {"2024-01-01-000000_a/up.sql": "{up}", "2024-01-01-000000_a/down.sql": "{down}"},
    "drizzle": {
        "0000_a.sql": "{up}",
        "meta/_journal.json": '{{"dialect": "{dialect}", "entries": [{{"tag": "0000_a"}}]}}',
    },
    "flyway": {"V1__a.sql": "{up}", "U1__a.sql": "{down}"},
    "golang-migrate": {"1_a.up.sql": "{up}", "1_a.down.sql": "{down}"},
    "goose": {"1_a.sql": "-- +goose Up\n{up}\n-- +goose Down\n{down}"},
    "hasura": {"1700000000000_a/up.sql": "{up}", "1700000000000_a/down.sql": "{down}"},
    "liquibase": {
        "a.sql": "-- liquibase formatted sql\n-- changeset me:1 splitStatements:true\n{up}"
        "-- rollback DROP TABLE u;\n-- rollback DROP TABLE t;\n"
    },
    "morph": {"1_a.up.sql": "{up}", "1_a.down.sql": "{down}"},
    "pop": {"20240101000000_a.up.sql": "{up}", "20240101000000_a.down.sql": "{down}"},
    "prisma": {"20240101000000_a/migration.sql": "{up}"},
    "refinery": {"V1__a.sql": "{up}"},
    "rusqlite_migration": {"01-a/up.sql": "{up}", "01-a/down.sql": "{down}"},
    "sql-migrate": {"1_a.sql": "-- +migrate Up\n{up}\n-- +migrate Down\n{down}"},
    "sqlx": {"1_a.up.sql": "{up}", "1_a.down.sql": "{down}"},
    "supabase": {"20240101000000_a.sql": "{up}"},
}
# Tool, dialect: of a script of two statements, of one alone, of one in its own transaction, and of a rollback of two.
ERROR, INFO, NONE = "error", "info", ""
SAME, SAME_FORWARD = (INFO, INFO, ERROR, INFO), (INFO, INFO, ERROR, NONE)
STOPS = (INFO, INFO, INFO, INFO)
# A second run fails as a whole, and the tool stops at it.
APART, APART_FORWARD = SAME, SAME_FORWARD
ROWS = {
    ("atlas", "postgres"): SAME_FORWARD,
    ("atlas", "sqlite"): SAME_FORWARD,
    ("dbmate", "postgres"): SAME,
    ("dbmate", "sqlite"): SAME,
    ("diesel", "postgres"): SAME,
    ("diesel", "sqlite"): SAME,
    ("drizzle", "postgres"): SAME_FORWARD,
    ("drizzle", "sqlite"): SAME_FORWARD,
    ("flyway", "postgres"): SAME,
    ("flyway", "sqlite"): SAME,
    ("golang-migrate", "postgres"): STOPS,
    ("golang-migrate", "sqlite"): STOPS,
    ("goose", "postgres"): SAME,
    ("goose", "sqlite"): SAME,
    ("hasura", "postgres"): APART,
    ("liquibase", "postgres"): STOPS,
    ("liquibase", "sqlite"): STOPS,
    ("morph", "postgres"): SAME,
    ("morph", "sqlite"): SAME,
    ("pop", "postgres"): SAME,
    ("pop", "sqlite"): SAME,
    ("prisma", "postgres"): (INFO, INFO, INFO, NONE),
    # Statement by statement.
    ("prisma", "sqlite"): (ERROR, INFO, INFO, NONE),
    ("refinery", "postgres"): APART_FORWARD,
    ("refinery", "sqlite"): APART_FORWARD,
    ("rusqlite_migration", "sqlite"): SAME,
    ("sql-migrate", "postgres"): SAME,
    ("sql-migrate", "sqlite"): SAME,
    ("sqlx", "postgres"): SAME,
    ("sqlx", "sqlite"): SAME,
    ("supabase", "postgres"): SAME_FORWARD,
}


def said(folder: Path, tool: str, dialect: str, forward: str) -> tuple[str, str]:
    """Return the severity of what is said of a second run of the forward, and of the rollback."""
    names = {"postgres": "postgresql", "sqlite": "sqlite"}
    for name, text in FILES[tool].items():
        path = folder / ("supabase/migrations" if tool == "supabase" else "m") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(up=forward, down=BACK, dialect=names[dialect]), encoding="utf-8")
    (folder / ".git").mkdir(exist_ok=True)
    runner = f'runner = "{tool}"\n' if tool in ("golang-migrate", "morph", "pop", "refinery", "sqlx") else ""
    (folder / "miglint.toml").write_text(f'paths = ["."]\ndialect = "{dialect}"\n{runner}', encoding="utf-8")
    report = check(Job(load(str(folder / "miglint.toml")), cached=False)).report
    assert [item.dialect for item in report.migrations] == [dialect]
    found = {"forward": NONE, "rollback": NONE}
    for item in report.findings:
        if item.code.startswith("IDM"):
            found[item.direction or ""] = str(item.severity)
    return found["forward"], found["rollback"]


def test_all_rows_are_here() -> None:
    serving = [
        (runner.name, dialect)
        for runner in RUNNERS.values()
        for dialect, around in (("postgres", runner.postgres), ("sqlite", runner.sqlite))
        if around is not None
    ]
    assert list(ROWS) == serving


@pytest.mark.parametrize(("tool", "dialect"), ROWS)
def test_a_row(tmp_path: Path, tool: str, dialect: str) -> None:
    two, one, wrapped, rollback = ROWS[tool, dialect]
    assert said(tmp_path, tool, dialect, TWO) == (two, rollback)
    assert said(tmp_path, tool, dialect, ONE)[0] == one
    assert said(tmp_path, tool, dialect, WRAPPED)[0] == wrapped
