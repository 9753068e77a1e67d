"""Small pairs with what the engine did, against the verdicts and findings of a check without a dry run.

Each line of `tests/data/cases/*.jsonl` has a schema, a forward, its rollback, and the truth: whether the forward runs,
and the verdicts, as the engine gave them (PostgreSQL 18, SQLite 3.54 with foreign keys enforced).
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from miglint.cli.main import main

CASES = sorted((Path(__file__).parents[1] / "data" / "cases").glob("*.jsonl"))
VERDICTS = ("forward_idempotent", "rollback_idempotent", "symmetric")
# The families whose errors say that a statement fails.
FAILURES = ("SYN", "REF", "NAM", "TXN", "LIT", "TYP")
# What is still said wrongly, or not at all.
OPEN = {
    "postgres": {"cic-retry", "like-identity", "pending-trigger", "rename-col-trigger", "unseen-x6", "unseen-x7"},
    "sqlite": {"lite-drop-col-owncheck"},
    "postgres_more": {
        "amb-call", "d-storage-type", "g-agg", "g-datatype", "g-maxlen", "g-null", "n1", "n4",
        "r-countdistinct", "r-group-json", "r-order-json", "r-view-varchar", "w-notexists-other",
    },
    "sqlite_more": set(),
}  # fmt: skip


def _wrong(case: dict[str, Any], verdict: dict[str, Any], findings: list[dict[str, Any]]) -> bool:
    """Whether a check says something that the engine contradicts, or is silent where it fails."""
    forward = [item for item in findings if item["direction"] == "forward" and item["severity"] != "info"]
    errors = [item for item in forward if item["code"].startswith(FAILURES) and item["severity"] == "error"]
    if not case["truth"]["forward_runs"]:
        doubts = [item for item in forward if item["code"].startswith((*FAILURES, "DAT"))]
        return not (doubts if "rows" in case else errors)
    truth = {name: case["truth"][name] for name in VERDICTS if case["truth"][name] is not None}
    return bool(errors) or any(verdict[name] != value for name, value in truth.items())


@pytest.mark.parametrize("file", CASES, ids=lambda path: path.stem)
def test_verdicts_are_those_of_the_engine(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = [json.loads(line) for line in file.read_text().splitlines()]
    for case in cases:
        folder = tmp_path / case["name"]
        folder.mkdir()
        (folder / "001_setup.up.sql").write_text(case["setup"] or "SELECT 1;")
        (folder / "001_setup.down.sql").write_text("SELECT 1;\n")
        (folder / "002_case.up.sql").write_text(case["up"])
        (folder / "002_case.down.sql").write_text(case["down"])
    monkeypatch.chdir(tmp_path)
    options = ["--format", "json", "--exit-zero", "--no-cache", "--isolated", "--dialect", cases[0]["dialect"]]
    assert main(["check", *options, "."]) == 0
    report = json.loads(capsys.readouterr().out)
    findings = defaultdict(list)
    for item in report["findings"]:
        if item["version"] == "002":
            findings[item["path"].partition("/")[0]].append(item)
    verdicts = {
        item["forward"].partition("/")[0]: item["verdict"] for item in report["migrations"] if item["version"] == "002"
    }
    wrong = {case["name"] for case in cases if _wrong(case, verdicts[case["name"]], findings[case["name"]])}
    assert wrong == OPEN[file.stem]
