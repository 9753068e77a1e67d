"""`--format concise`: each finding on one line, whole, in any width."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miglint.base.findings import Finding, Severity
from miglint.cli.main import main
from miglint.config.settings import FORMATS as CONFIGURABLE
from miglint.report import FORMATS, render
from miglint.report.value import Report
from miglint.report.view import DisplayOptions

WORDS = st.lists(st.from_regex(r"[a-z_.\"()]{1,90}", fullmatch=True), min_size=1, max_size=30).map(" ".join)


def finding(message: str, line: int = 1) -> Finding:
    return Finding(
        code="IDM001",
        name="create-table-unguarded",
        category="idempotency",
        severity=Severity.ERROR,
        path="m/1_a.up.sql",
        line=line,
        column=1,
        end_line=line,
        end_column=9,
        message=message,
    )


@given(st.lists(WORDS, max_size=5), st.integers(20, 400))
def test_every_message_is_there_whole(messages: list[str], width: int) -> None:
    findings = tuple(finding(message, number) for number, message in enumerate(messages, 1))
    text = render("concise", Report(findings=findings), DisplayOptions(width=width))
    assert text.splitlines() == [
        f"m/1_a.up.sql:{number}:1: IDM001 {message}" for number, message in enumerate(messages, 1)
    ]


def test_what_a_file_holds_makes_no_line_of_its_own() -> None:
    report = Report(findings=(finding("a\nb\x1b[31m\r::error::c"),))
    text = render("concise", report, DisplayOptions())
    assert text.count("\n") == 1
    assert "\x1b" not in text


def test_the_configuration_names_the_formats() -> None:
    assert tuple(FORMATS) == CONFIGURABLE


def test_it_can_be_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "001_a.sql").write_text("CREATE TABLE a (id bigint PRIMARY KEY);\n")
    (tmp_path / "miglint.toml").write_text('paths = ["m"]\nformat = "concise"\nselect = ["IDM001"]\n')
    monkeypatch.chdir(tmp_path)
    assert main(["check"]) == 1
    asked = 'm/001_a.sql:1:1: IDM001 the second run fails: relation "a" already exists\n'
    assert capsys.readouterr().out == asked
    assert main(["check", "--format", "text"]) == 1
    assert "\nm/001_a.sql:1:1: error IDM001" in capsys.readouterr().out
    (tmp_path / "miglint.toml").write_text('format = "consice"\n')
    assert main(["check", "m"]) == 2
    assert "(did you mean `concise`?)" in capsys.readouterr().err
