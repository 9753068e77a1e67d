"""Rollbacks are judged by the same rules as forwards: one step milder, or as the settings say."""

from __future__ import annotations

from pathlib import Path

import pytest

from miglint.base.findings import Severity
from miglint.config.settings import load
from miglint.linter.run import Job, check

BASE = "CREATE TABLE users (id bigint PRIMARY KEY, age integer);\n"
FORWARD = "ALTER TABLE users ADD COLUMN IF NOT EXISTS city text;\n"
ROLLBACK = """\
ALTER TABLE users DROP COLUMN IF EXISTS city;
ALTER TABLE users ADD CONSTRAINT c CHECK (age > 0);
REINDEX TABLE users;
"""


def severities(folder: Path, settings: str, forward: str = FORWARD, rollback: str = ROLLBACK) -> dict[str, Severity]:
    (folder / "base.sql").write_text(BASE)
    (folder / "miglint.toml").write_text(f'baseline-schema = "base.sql"\nexclude = ["base.sql"]\n{settings}')
    (folder / "001_x.up.sql").write_text(forward)
    (folder / "001_x.down.sql").write_text(rollback)
    report = check(Job(load(cwd=str(folder)), (str(folder),), cached=False)).report
    return {item.code: item.severity for item in report.findings if item.code[:3] in ("LCK", "BWC", "TYP")}


@pytest.mark.parametrize(
    ("settings", "check_", "reindex"),
    [
        ("", Severity.INFO, Severity.INFO),
        ('rollback-severity = "error"\n', Severity.WARNING, Severity.WARNING),
        ('rollback-severity = "info"\n', Severity.INFO, Severity.INFO),
        ('[severity]\nLCK011 = "error"\n', Severity.ERROR, Severity.INFO),
    ],
)
def test_the_severity_of_a_rollback(settings: str, check_: Severity, reindex: Severity, tmp_path: Path) -> None:
    found = severities(tmp_path, settings)
    assert (found["LCK011"], found["LCK003"]) == (check_, reindex)


def test_a_forward_is_as_severe_as_the_rule_says(tmp_path: Path) -> None:
    found = severities(
        tmp_path, "", forward=ROLLBACK.replace("city", "age").replace("age > 0", "id > 0"), rollback="SELECT 1;\n"
    )
    assert found["LCK003"] is Severity.WARNING
    assert found["LCK011"] is Severity.WARNING
    assert found["BWC002"] is Severity.WARNING


def test_what_takes_the_forward_back_is_no_finding_of_compatibility(tmp_path: Path) -> None:
    forward = (
        FORWARD + "CREATE TABLE IF NOT EXISTS cities (id bigint PRIMARY KEY);\nALTER TABLE users RENAME age TO years;\n"
    )
    rollback = (
        "ALTER TABLE users RENAME years TO age;\n"
        "DROP TABLE IF EXISTS cities;\n"
        "ALTER TABLE users DROP COLUMN IF EXISTS city;\n"
    )
    found = severities(tmp_path, "", forward, rollback)
    # The forward's own rename is one; nothing of the rollback is.
    assert {code for code in found if code.startswith("BWC")} == {"BWC021"}
    assert found["BWC021"] is Severity.WARNING
