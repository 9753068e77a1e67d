"""What migration tools guarantee: which scripts can be run a second time."""

from __future__ import annotations

from pathlib import Path

import pytest

from miglint.base.findings import Severity
from miglint.config.settings import RUNNERS as CONFIGURABLE
from miglint.config.settings import load
from miglint.linter.run import Job, check
from miglint.replay.runners import RUNNERS, Record, TransactionOwner

FILES = {
    "sqlx": ("1_a.up.sql", "1_a.down.sql"),
    "golang-migrate": ("1_a.up.sql", "1_a.down.sql"),
    "diesel": ("2024-01-01-000000_a/up.sql", "2024-01-01-000000_a/down.sql"),
    "plain": ("001_a.sql", "rollback/001_rollback_a.sql"),
    "flyway": ("V1__a.sql", "U1__a.sql"),
    "morph": ("1_a.up.sql", "1_a.down.sql"),
    "prisma": ("20240101000000_a/migration.sql", None),
}
CREATE = "CREATE TABLE t (a integer);\nCREATE TABLE u (a integer);\n"
DROP = "DROP TABLE u;\nDROP TABLE t;\n"


def severities(folder: Path, settings: str = "") -> dict[str, set[str]]:
    """Return the severities of the findings about a second run, by direction."""
    (folder / "miglint.toml").write_text(f'paths = ["m"]\n{settings}', encoding="utf-8")
    report = check(Job(load(str(folder / "miglint.toml")), cached=False)).report
    found: dict[str, set[str]] = {"forward": set(), "rollback": set()}
    for finding in report.findings:
        if finding.code.startswith("IDM"):
            found[finding.direction or ""].add(str(finding.severity))
    return found


def write(folder: Path, layout: str, forward: str, rollback: str = DROP) -> None:
    for name, text in zip(FILES[layout], (forward, rollback), strict=True):
        if name is not None:
            path = folder / "m" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def test_the_configuration_names_the_tools_of_the_table() -> None:
    assert set(CONFIGURABLE) == set(RUNNERS)


@pytest.mark.parametrize("layout", ["sqlx", "diesel", "prisma", "flyway"])
def test_a_script_that_runs_once_is_information(tmp_path: Path, layout: str) -> None:
    write(tmp_path, layout, CREATE)
    assert severities(tmp_path)["forward"] == {"info"}


def test_a_script_of_an_unknown_tool_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "plain", CREATE)
    assert severities(tmp_path) == {"forward": {"error"}, "rollback": {"error"}}


@pytest.mark.parametrize(
    ("runner", "forward", "severity"),
    [
        ("sqlx", CREATE, "info"),
        ("sqlx", f"BEGIN;\n{CREATE}COMMIT;\n", "error"),  # its record comes after the script's own COMMIT
        ("golang-migrate", f"BEGIN;\n{CREATE}COMMIT;\n", "info"),  # a version that was begun stops it
        ("golang-migrate", f"{CREATE}BEGIN;\nCREATE TABLE v (a integer);\nCOMMIT;\n", "error"),
        ("sqlx", f"{CREATE}COMMIT;\nCREATE TABLE v (a integer);\n", "error"),
        ("sqlx", f"-- no-transaction\n{CREATE}", "error"),
        ("sqlx", "-- no-transaction\nCREATE TABLE v (a integer);\n", "error"),
        ("golang-migrate", "CREATE TABLE v (a integer);\nCREATE INDEX CONCURRENTLY i ON v (a);\n", "error"),
        # A build that was interrupted leaves its index: the second run has to fail until the index is dropped.
        ("golang-migrate", "CREATE INDEX CONCURRENTLY i ON t (a);\n", "info"),
        ("sqlx", "-- no-transaction\nCREATE INDEX CONCURRENTLY i ON t (a);\n", "info"),
        ("goose", "CREATE INDEX CONCURRENTLY i ON t (a);\n", "error"),
    ],
)
def test_transactions_of_the_script_count(tmp_path: Path, runner: str, forward: str, severity: str) -> None:
    write(tmp_path, "sqlx", forward)
    assert severities(tmp_path, f'runner = "{runner}"')["forward"] == {severity}


def test_without_a_configured_tool_the_weaker_guarantee_counts(tmp_path: Path) -> None:
    write(tmp_path, "sqlx", f"BEGIN;\n{CREATE}COMMIT;\n")
    assert severities(tmp_path)["forward"] == {"error"}


def test_several_statements_of_a_script_make_one_finding(tmp_path: Path) -> None:
    write(tmp_path, "diesel", CREATE)
    (tmp_path / "miglint.toml").write_text('paths = ["m"]\n', encoding="utf-8")
    report = check(Job(load(str(tmp_path / "miglint.toml")), cached=False)).report
    (finding,) = [item for item in report.findings if item.code.startswith("IDM") and item.direction == "forward"]
    assert finding.message == "2 statements fail or have another effect on a second run: on lines 1 and 2"
    assert "diesel runs this script only once" in finding.help
    assert finding.severity is Severity.INFO
    (verdict,) = [migration.verdict for migration in report.migrations]
    assert verdict["forward_idempotent"] is False


@pytest.mark.parametrize(("choice", "expected"), [("required", {"error"}), ("off", set()), ("auto", {"info"})])
def test_the_setting_decides(tmp_path: Path, choice: str, expected: set[str]) -> None:
    write(tmp_path, "diesel", CREATE)
    assert severities(tmp_path, f'idempotency = "{choice}"')["forward"] == expected
    by_path = f'[[per-path]]\npaths = ["m/**/up.sql"]\nidempotency = "{choice}"'
    assert severities(tmp_path, by_path)["forward"] == expected


def test_a_repeatable_migration_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "flyway", CREATE)
    (tmp_path / "m" / "R__views.sql").write_text("CREATE VIEW w AS SELECT a FROM t;\n", encoding="utf-8")
    assert severities(tmp_path)["forward"] == {"info", "error"}


def test_a_tool_that_keeps_no_record_guarantees_nothing() -> None:
    assert all(runner.rollback is Record.NEVER for runner in RUNNERS.values() if runner.name in ("prisma", "atlas"))


def test_the_page_says_what_the_table_says() -> None:
    words = {TransactionOwner.TOOL: "transaction", TransactionOwner.QUERY: "one query", None: "-"}
    words[TransactionOwner.NOTHING] = "nothing"
    page = (Path(__file__).parents[2] / "docs" / "layouts.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in page.splitlines() if line[:3] == "| `"]
    assert [row[0].strip("| `") for row in rows] == list(RUNNERS)
    for row, runner in zip(rows, RUNNERS.values(), strict=True):
        assert row[2:6] == [words[runner.postgres], words[runner.sqlite], str(runner.forward), str(runner.rollback)]
        assert row[6].startswith("`"), f"{runner.name} has no source"


@pytest.mark.parametrize(
    ("forward", "severity"),
    [
        # The second run fails as a whole: nothing changes, and the tool stops there.
        ("CREATE TABLE t (a integer);\nINSERT INTO t VALUES (1);\n", "info"),
        # It succeeds, and the row is there twice: after an interruption between the script's end and its record.
        ("INSERT INTO t VALUES (1);\n", "warning"),
        (f"BEGIN;\n{CREATE}COMMIT;\n", "error"),
    ],
)
def test_a_tool_that_records_apart_stops_at_a_run_that_fails(tmp_path: Path, forward: str, severity: str) -> None:
    write(tmp_path, "flyway", forward)
    (tmp_path / "m" / "U1__a.sql").unlink()
    assert severities(tmp_path, 'runner = "refinery"')["forward"] == {severity}
