"""What a second run does to rows: triggers run again, and rows with new keys conflict with none."""

from __future__ import annotations

from pathlib import Path

import pytest

from miglint.config.settings import load
from miglint.dryrun.options import DryRunOptions
from miglint.linter.run import Job, check

TOUCH = (
    "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN NEW.at := clock_timestamp(); RETURN NEW; END';\n"
    "CREATE TABLE t (id int PRIMARY KEY, a boolean, b int, at timestamptz);\n"
    "CREATE TRIGGER g BEFORE {event} ON t FOR EACH ROW {condition} EXECUTE FUNCTION touch();\n"
)


@pytest.mark.parametrize(
    ("event", "condition", "update", "foreseen", "observed"),
    [
        ("UPDATE", "", "UPDATE t SET a = true;", None, False),
        ("INSERT OR UPDATE OF b", "", "UPDATE t SET b = 1;", None, False),
        ("INSERT OR UPDATE OF b", "", "UPDATE t SET a = true;", True, True),
        ("INSERT OR DELETE", "", "UPDATE t SET a = true;", True, True),
        ("UPDATE", "WHEN (OLD.* IS DISTINCT FROM NEW.*)", "UPDATE t SET a = true;", True, True),
        ("UPDATE", "", "UPDATE t SET a = true WHERE a IS NOT TRUE;", True, True),
        ("UPDATE", "", "ALTER TABLE t DISABLE TRIGGER g; UPDATE t SET a = true;", True, True),
    ],
)
def test_an_update_runs_triggers_again(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    event: str,
    condition: str,
    update: str,
    foreseen: bool | None,
    observed: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    made = TOUCH.format(event=event, condition=condition)
    undone = "DROP TABLE t; DROP FUNCTION touch();"
    assert verdicts(tmp_path, made, undone, update, "ALTER TABLE t ENABLE TRIGGER g;") == (foreseen, observed)


def verdicts(folder: Path, made: str, undone: str, forward: str, rollback: str) -> tuple[bool | None, bool | None]:
    """Return whether rows are stable in the second of two migrations: for the replay, and for the engine."""
    texts = {"1_a.up.sql": made, "1_a.down.sql": undone, "2_b.up.sql": forward, "2_b.down.sql": rollback}
    for name, text in texts.items():
        (folder / name).write_text(text)
    *_, last = check(Job(load(None), (".",), dry_run=DryRunOptions())).report.migrations
    assert last.static_verdict is not None
    return last.static_verdict["rows_stable"], last.verdict["rows_stable"]


KEYED = """
CREATE TABLE bots (id int PRIMARY KEY);
CREATE TABLE p (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL);
CREATE TABLE q (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE r (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, kind int);
CREATE TABLE s (name text, a int, b int NOT NULL DEFAULT 5, UNIQUE (b, a));
"""


@pytest.mark.parametrize(
    ("insert", "stable"),
    [
        ("INSERT INTO p (name) VALUES ('x') ON CONFLICT DO NOTHING;", False),
        ("INSERT INTO p (id, name) VALUES ('00000000-0000-0000-0000-000000000001', 'x') ON CONFLICT DO NOTHING;", True),
        ("INSERT INTO q (name) VALUES ('x') ON CONFLICT DO NOTHING;", True),
        ("INSERT INTO r (name) VALUES ('x') ON CONFLICT (id) DO UPDATE SET kind = 1;", False),
        ("CREATE UNIQUE INDEX i ON r (name); INSERT INTO r (name) VALUES ('x') ON CONFLICT DO NOTHING;", True),
        ("CREATE UNIQUE INDEX i ON r (lower(name)); INSERT INTO r (name) VALUES ('x') ON CONFLICT DO NOTHING;", True),
        ("INSERT INTO s (name, a) VALUES ('x', 1) ON CONFLICT DO NOTHING;", True),
    ],
)
def test_rows_with_new_keys_conflict_with_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, insert: str, stable: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    insert = insert.replace("CREATE UNIQUE INDEX", "CREATE UNIQUE INDEX IF NOT EXISTS")
    drop = "DROP TABLE p, q, r, s, bots;"
    assert verdicts(tmp_path, KEYED, drop, insert, "DROP INDEX IF EXISTS i;") == (stable, stable)
