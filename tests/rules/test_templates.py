"""Scripts that a template engine fills in: what holds names only is read, of the rest nothing is claimed."""

from __future__ import annotations

from pathlib import Path

import pytest

from miglint.base.model import Dialect
from miglint.config.settings import Settings
from miglint.dryrun.options import DryRunOptions
from miglint.linter.run import Job, check

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
    assert "(also on lines 2, " in report.findings[1].message
    assert set(report.migrations[0].verdict.values()) == {None}


NAMES = {
    "001_users.up.sql": """CREATE TABLE IF NOT EXISTS {{.prefix}}users (id integer PRIMARY KEY, email text);
CREATE INDEX idx_{{.prefix}}users ON {{.prefix}}users (email);
""",
    "001_users.down.sql": "DROP TABLE IF EXISTS {{ .prefix }}users;\n",
    "002_age.up.sql": "ALTER TABLE {{.prefix}}users ADD COLUMN age integer;\n",
    "002_age.down.sql": "SELECT 1;\n\nALTER TABLE {{.prefix}}users DROP COLUMN ages;\n",
}


@pytest.mark.parametrize("dialect", Dialect)
def test_names_are_read_and_shown_as_they_are_written(tmp_path: Path, dialect: Dialect) -> None:
    for name, text in NAMES.items():
        place = tmp_path / dialect.value / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(text)
    settings = Settings(root=str(tmp_path))
    report = check(Job(settings, (str(tmp_path),), cached=False)).report
    assert [migration.verdict["symmetric"] for migration in report.migrations] == [True, False]
    (failure,) = (item for item in report.findings if item.code == "SYM013")
    assert (failure.line, failure.column) == (3, 30)
    index = next(item for item in report.findings if item.code == "IDM004")
    assert (index.line, "idx_{{.prefix}}users" in index.message) == (2, True)
    assert all((item.message + item.help).isascii() for item in report.findings)


@pytest.mark.parametrize("dialect", Dialect)
def test_engines_run_what_the_replay_has_read(tmp_path: Path, dialect: Dialect) -> None:
    files = dict(NAMES)
    if dialect is Dialect.POSTGRES:
        files["003_orders.up.sql"] = "CREATE TABLE {{.Schema}}.orders (id integer);\n"
        files["003_orders.down.sql"] = "DROP TABLE {{.Schema}}.orders;\n"
    for name, text in files.items():
        place = tmp_path / dialect.value / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(text)
    settings = Settings(root=str(tmp_path))
    report = check(Job(settings, (str(tmp_path),), cached=False, dry_run=DryRunOptions("auto"))).report
    assert report.migrations[-1].executions
    for migration in report.migrations:
        assert migration.static_verdict is not None
        for question in ("symmetric", "forward_idempotent", "rollback_idempotent"):
            assert migration.verdict[question] == migration.static_verdict[question], question
    assert "\u01bb" not in str(report.migrations)
