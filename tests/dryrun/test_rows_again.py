"""Triggers that run again on a second run: whether rows stay as they are is not known without running them."""

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
    for name, text in {
        "1_a.up.sql": TOUCH.format(event=event, condition=condition),
        "1_a.down.sql": "DROP TABLE t; DROP FUNCTION touch();",
        "2_b.up.sql": update,
        "2_b.down.sql": "ALTER TABLE t ENABLE TRIGGER g;",
    }.items():
        (tmp_path / name).write_text(text)
    job = Job(load(None), (".",), dry_run=DryRunOptions())
    *_, last = check(job).report.migrations
    assert last.static_verdict is not None
    assert last.static_verdict["rows_stable"] is foreseen
    assert last.verdict["rows_stable"] is observed
