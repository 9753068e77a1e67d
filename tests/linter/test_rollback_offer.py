"""The commands at the end of help texts: each, run as it is offered, settles the finding."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from miglint.base.findings import Finding
from miglint.cli.main import main
from miglint.config.settings import load
from miglint.linter.run import Job, check

_START = (
    "CREATE TABLE t (id bigint PRIMARY KEY, a text NOT NULL DEFAULT 'x');\nCREATE TABLE u (id bigint PRIMARY KEY);\n"
)
_OFFER = re.compile(r"`(miglint rollback write [^`]+)`")


def _findings() -> dict[str, Finding]:
    report = check(Job(load(cwd="."), ("migrations",), cached=False)).report
    return {item.code: item for item in report.findings if item.version == "002"}


@pytest.fixture
def migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "001_a.up.sql").write_text(_START, encoding="utf-8")
    (folder / "001_a.down.sql").write_text("DROP TABLE u;\nDROP TABLE t;\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize(
    ("code", "forward", "rollback"),
    [
        ("PAI001", "ALTER TABLE t ADD COLUMN b int;", None),
        ("PAI003", "ALTER TABLE t ADD COLUMN b int;", "-- nothing yet\n"),
        ("SYM001", "ALTER TABLE t ADD COLUMN b int, ADD COLUMN c int;", "ALTER TABLE t DROP COLUMN c;\n"),
        ("SYM004", "ALTER TABLE t ALTER COLUMN a DROP DEFAULT;", "ALTER TABLE t ALTER COLUMN a SET DEFAULT 'y';\n"),
        ("DAT001", "DROP TABLE u;", "CREATE TABLE u (id bigint PRIMARY KEY);\n"),
        ("DAT002", "ALTER TABLE t DROP COLUMN a;", "ALTER TABLE t ADD COLUMN a text NOT NULL DEFAULT 'x';\n"),
        ("DAT002", "ALTER TABLE t DROP COLUMN a;", None),
    ],
)
def test_the_command_settles_what_it_is_offered_for(
    migrations: Path, code: str, forward: str, rollback: str | None
) -> None:
    (migrations / "002_b.up.sql").write_text(f"{forward}\n", encoding="utf-8")
    if rollback is not None:
        (migrations / "002_b.down.sql").write_text(rollback, encoding="utf-8")
    offered = _OFFER.search(_findings()[code].help or "")
    assert offered is not None
    assert main(shlex.split(offered[1])[1:]) == 0
    assert code not in _findings()


def test_nothing_is_offered_that_keeps_no_more(migrations: Path) -> None:
    # The rows of a table without a key cannot be told apart, so that their values are not kept.
    (migrations / "001_a.up.sql").write_text("CREATE TABLE t (id bigint, a text);\n", encoding="utf-8")
    (migrations / "001_a.down.sql").write_text("DROP TABLE t;\n", encoding="utf-8")
    (migrations / "002_b.up.sql").write_text("ALTER TABLE t DROP COLUMN a;\n", encoding="utf-8")
    (migrations / "002_b.down.sql").write_text("ALTER TABLE t ADD COLUMN a text;\n", encoding="utf-8")
    assert _OFFER.search(_findings()["DAT002"].help or "") is None
