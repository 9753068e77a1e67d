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
OPEN: dict[str, set[str]] = {
    "postgres": {"unseen-x7"},
    "sqlite": {"lite-drop-col-owncheck"},
    "postgres_more": {"r-view-varchar"},
    "sqlite_more": set(),
    "postgres_kinds": {
        "af1-missing-then", "dep1-type-of-table", "fn1-missing-type",
        "fn1-trigger-missing-fn", "fn1-unknown-lang", "gd1-array-agg", "gd1-indexdef-like", "gd1-into-conname-exec",
        "gd1-regclass-cast", "gd1-rows-empty", "kr1-add-fk-orphan", "kr1-insert-fk", "nq1-cte-missing",
        "ow1-idx-where-in-vc", "ow1-notnull-named", "pa1-attach-identity", "pa1-default-known-rows",
        "rw1-addcol-check-default", "rw1-addcol-fk-default", "rw1-addcol-unique-default", "rw1-attach", "rw1-check",
        "rw1-delete-parent", "rw1-domain", "rw1-domain-nn", "rw1-exclude", "rw1-fk", "rw1-insert-select-dup",
        "rw1-mview", "rw1-notnull", "rw1-pk", "rw1-unique", "rw1-uniqueindex", "rw1-validate2", "se1-call-commit",
        "se1-constraints-deferred", "se1-role", "se1-savepoint", "se1-set-path-missing", "se1-set-transaction-late",
        "se1-unknown-guc", "sl2-idx-trigram", "sl2-kr-delete-sub", "sl2-merge-identity", "ty1-idx-trgm-noext",
        "ty1-uuid-fn-missing",
    },
    "sqlite_kinds": {
        "li1-add-check", "li1-check-now-insert", "li1-collate-index", "li1-collate-unknown",
        "li1-dropcol-broken-view", "li1-fk-missing-parent-insert", "li1-fts-alter", "li1-px-now",
        "li1-rename-broken-view", "li1-seq-none", "li1-trigger-bad-table", "nq1-l-ambig", "rw1-l-delete-parent",
        "rw1-l-rebuild-check", "rw1-l-rebuild-fk", "rw1-l-rebuild-unique", "rw1-l-strict", "rw1-l-unique",
        "sl2-l-type-case",
    },
    "postgres_fresh": {
        "h1-nq-camel-tbl", "h3-gd-raise", "h3-gd-role", "h3-gd-while", "h3-kr-fk-missing", "h3-kr-oc-id",
        "h3-kr-oc-other-col", "h3-kr-serial-explicit", "h4-se-check-bodies-on", "h4-se-guc-bool", "h4-se-guc-unknown",
        "h4-se-guc-value", "h4-se-lock-only", "h4-se-role-path", "h4-se-savepoint-nobegin", "h5-ty-chk-json-valid",
        "h5-ty-def-bit", "h5-ty-def-fn-type", "h5-ty-def-money", "h5-ty-def-time", "h5-ty-def-unknownfn",
        "h6-gd-constraint-col", "h6-gd-def-eq", "h6-gd-flag-branch", "h6-gd-for-cols", "h6-gd-format-type",
        "h6-gd-tbl-comment", "h7-en-fn", "h7-en-policy", "h7-en-trigger-when", "h8-ow-chk-notin", "h8-wg-tbl-inherit",
        "h9-django-m2m", "h9-hypertable", "h9-supabase-rls",
    },
    "sqlite_fresh": {
        "h3-l-kr-ignore-fk", "h4-li-rename-col-ambig", "h4-li-trg-missing-table", "h4-li-unknown-fn",
        "h5-l-nq-from-sub", "h8-l-fk-mismatch",
    },
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
