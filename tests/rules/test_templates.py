"""Scripts that a template engine fills in: nothing is claimed of what nobody can read, and it is said once."""

from __future__ import annotations

from pathlib import Path

import pytest

from miglint.check import Job, check
from miglint.config import Settings
from miglint.source import Dialect

SCRIPT = """CREATE TABLE IF NOT EXISTS {{.prefix}}users (id integer PRIMARY KEY, props text);
INSERT INTO {{.prefix}}users VALUES (1, NULL);
{{if .mysql}}
ALTER TABLE users CONVERT TO CHARACTER SET utf8mb4;
UPDATE users SET props = JSON_REMOVE(props, 'a');
{{end}}
"""


@pytest.mark.parametrize("dialect", Dialect)
def test_a_template_is_told_of_once_and_leaves_the_verdicts_open(tmp_path: Path, dialect: Dialect) -> None:
    folder = tmp_path / dialect.value
    folder.mkdir()
    (folder / "001_users.up.sql").write_text(SCRIPT)
    (folder / "001_users.down.sql").write_text("DROP TABLE IF EXISTS {{.prefix}}users;")
    settings = Settings(root=str(tmp_path), targets={"postgres": (14,), "sqlite": (3, 35)})
    report = check(Job(settings, (str(tmp_path),), cached=False)).report
    assert [(item.code, item.direction) for item in report.findings] == [("SYN005", "rollback"), ("SYN005", "forward")]
    assert "The same on lines 2, " in report.findings[1].help
    assert set(report.migrations[0].verdict.values()) == {None}
