"""A false verdict of symmetry has a finding that says why, and a true one has none: of generated pairs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.scripts import BASE, pairs

from miglint.base.model import Dialect
from miglint.config.settings import Settings
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.postgres.embedded import start_embedded
from miglint.linter.run import Job, check
from miglint.report.value import Report

from .verdict_findings import disagreements

_CHECK = " ALTER TABLE b ADD CONSTRAINT c CHECK (a_id > 0) NOT VALID;"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server for many dry runs, as a URL."""
    engine = start_embedded(Limits(), Deadline.after(600), "for verdicts and findings")
    with engine.server.admin() as admin:
        admin.query("CREATE ROLE maker LOGIN CREATEDB CREATEROLE PASSWORD 'secret-word'")
    yield f"host={engine.server.access.host} user=maker password=secret-word dbname=postgres"
    engine.close()


def report(forward: str, rollback: str, dialect: Dialect, *, execute: bool = False, url: str | None = None) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "base.sql"
        base.write_text(BASE + (_CHECK if dialect is Dialect.POSTGRES else ""))
        (Path(folder) / "001_x.up.sql").write_text(forward)
        (Path(folder) / "001_x.down.sql").write_text(rollback)
        given_ = Settings(
            root=folder, baseline_schema={"": str(base)}, exclude=("base.sql",), dialect=dialect.value
        )  # fmt: skip
        dry_run = DryRunOptions(url=url, rows=10) if execute else None
        return check(Job(given_, (folder,), cached=False, dry_run=dry_run)).report


@st.composite
def cut_pairs(draw: st.DrawFn, dialect: Dialect) -> tuple[str, str]:
    """Draw a pair whose rollback may lack statements."""
    forward, rollback = draw(pairs(dialect))
    kept = [line for line in rollback.splitlines() if draw(st.booleans())]
    return forward, "\n".join(kept)


@settings(max_examples=60, deadline=None)
@given(st.data())
@pytest.mark.parametrize("dialect", Dialect)
def test_verdicts_and_findings_agree(dialect: Dialect, data: st.DataObject) -> None:
    forward, rollback = data.draw(cut_pairs(dialect))
    assert list(disagreements(report(forward, rollback, dialect))) == []


@settings(max_examples=6, deadline=None)
@given(cut_pairs(Dialect.SQLITE))
def test_executed_verdicts_and_findings_agree(pair: tuple[str, str]) -> None:
    assert list(disagreements(report(*pair, Dialect.SQLITE, execute=True))) == []


@settings(max_examples=6, deadline=None)
@given(cut_pairs(Dialect.POSTGRES))
def test_verdicts_and_findings_agree_when_postgres_has_run(server: str, pair: tuple[str, str]) -> None:
    assert list(disagreements(report(*pair, Dialect.POSTGRES, execute=True, url=server))) == []


@pytest.mark.parametrize(
    ("forward", "rollback", "symmetric", "code"),
    [
        ("ALTER TABLE a ADD CHECK (k > 0) NOT VALID;", "SELECT 1;", False, "PAI003"),
        ("ALTER TABLE b VALIDATE CONSTRAINT c;", "SELECT 1;", False, "PAI003"),
        ("-- miglint: irreversible (the rows are gone)\nDROP TABLE a;", "SELECT 1;", None, "PAI008"),
        ("ALTER TABLE b ADD FOREIGN KEY (a_id, n) REFERENCES a (id);", "SELECT 1;", True, "REF005"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT  1';", "DROP FUNCTION f();", True, None),
        ("DROP TABLE a;", "CREATE TABLE a (n text, k int, id int PRIMARY KEY);", True, None),
    ],
)
def test_the_words_of_a_verdict(forward: str, rollback: str, symmetric: bool | None, code: str | None) -> None:
    found = report(forward, rollback, Dialect.POSTGRES)
    assert found.migrations[0].verdict["symmetric"] is symmetric
    assert code is None or code in {item.code for item in found.findings}
    assert list(disagreements(found)) == []


def test_the_finding_of_many_empty_rollbacks_names_their_versions(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number:03}_x.up.sql").write_text(f"CREATE TABLE t{number} (a int);\n")
        (tmp_path / f"{number:03}_x.down.sql").write_text("")
    found = check(Job(Settings(root=str(tmp_path)), (str(tmp_path),), cached=False)).report
    assert [item.verdict["symmetric"] for item in found.migrations] == [False] * 4
    assert any("versions 000, 001, 002, 003" in item.help for item in found.findings)
    assert list(disagreements(found)) == []
