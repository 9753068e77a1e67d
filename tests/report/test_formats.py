"""Every format, from the same report; and from one whose texts try to break out of it."""

from __future__ import annotations

import json
from importlib.resources import files
from xml.etree import ElementTree

import jsonschema
import pytest

from miglint.base.findings import Edit, Finding, Fix, Severity
from miglint.base.model import SourceFile
from miglint.base.structs import replace
from miglint.report import FORMATS, render
from miglint.report.value import MigrationReport, Report, as_dict, from_dict
from miglint.report.view import DisplayOptions, RuleDescription

SQL = "ALTER TABLE a\n\tADD CONSTRAINT c CHECK (n > 0);\nDROP TABLE b;\n"
DESCRIPTIONS = {
    "IDM003": RuleDescription("add-constraint-unguarded", "A summary", Severity.ERROR, "IDM", ("postgres",)),
    "IDM004": RuleDescription("create-index-unguarded", "Another summary", Severity.ERROR, "IDM", ("postgres",)),
}
VERDICT = {
    "forward_idempotent": False,
    "rollback_idempotent": None,
    "rows_stable": True,
    "symmetric": True,
    "sqlite_compatible": None,
}


def finding(**changes):
    values = {
        "code": "IDM003",
        "name": "add-constraint-unguarded",
        "category": "idempotency",
        "severity": Severity.ERROR,
        "path": "m/005.sql",
        "line": 2,
        "column": 2,
        "end_line": 2,
        "end_column": 32,
        "message": 'the second run fails: constraint "c" already exists',
        "help": "Drop it first.",
        "direction": "forward",
        "version": "005",
        "dialect": "postgres",
        "fingerprint": "0123456789abcdef",
    }
    return Finding(**{**values, **changes})


REPORT = Report(
    (
        MigrationReport("005", "labels", "postgres", "m/005.sql", "m/005_down.sql", VERDICT, ("sqlite: not asked",)),
        MigrationReport("006", "", "sqlite", "m/006.sql", None, VERDICT, static_verdict=VERDICT),
    ),
    (
        finding(),
        finding(severity=Severity.WARNING, line=1, column=1, end_line=2, end_column=10, help=""),
        finding(
            severity=Severity.INFO,
            line=3,
            column=1,
            end_line=3,
            end_column=13,
            evidence="executed",
            fix=Fix("guard it", (Edit(48, 58, "DROP TABLE IF EXISTS"),)),
        ),
        finding(path="", line=1, column=1, end_line=1, end_column=1, direction=None, version=None, dialect=None),
    ),
    files=3,
    elapsed_ms=12,
)
HOSTILE = "\x1b[31m]]> <script> & \"'%0A::error::x\r\n| `code` @someone \udcff \x00 \u202e"
NASTY = Report(
    (MigrationReport(HOSTILE, HOSTILE, "postgres", HOSTILE, None, VERDICT, (HOSTILE,)),),
    (finding(path=HOSTILE, message=HOSTILE, help=HOSTILE, version=HOSTILE),),
)
VIEW = DisplayOptions({"m/005.sql": SourceFile("m/005.sql", SQL)}, width=100)
GOLDEN = """\
m/005.sql:2:2: error IDM003 add-constraint-unguarded
  the second run fails: constraint "c" already exists
    |
  2 |     ADD CONSTRAINT c CHECK (n > 0);
    |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  help: Drop it first.

m/005.sql:1:1: warning IDM003 add-constraint-unguarded
  the second run fails: constraint "c" already exists
    |
  1 | ALTER TABLE a
    | ^^^^^^^^^^^^^
  ...

m/005.sql:3:1: info IDM003 add-constraint-unguarded
  the second run fails: constraint "c" already exists

miglint: error IDM003 add-constraint-unguarded
  the second run fails: constraint "c" already exists
  help: Drop it first.

2 errors, 1 warning, 1 info (2 migrations, 3 files, 12 ms)
"""


def schema():
    return json.loads(files("miglint.report").joinpath("report.schema.json").read_text())


@pytest.mark.parametrize("report", [REPORT, NASTY, Report()])
def test_json_is_as_its_schema_says(report):
    jsonschema.Draft202012Validator.check_schema(schema())
    text = render("json", report, VIEW).encode("utf-8", "backslashreplace").decode()
    jsonschema.validate(json.loads(text), schema())


@pytest.mark.parametrize("report", [REPORT, NASTY, Report()])
def test_a_report_comes_back_from_json_as_it_was(report):
    assert from_dict(json.loads(json.dumps(as_dict(report)))) == report


def test_text():
    assert render("text", REPORT, VIEW) == GOLDEN


def test_an_info_is_printed_in_full_once():
    paths = [f"m/00{number}.sql" for number in range(1, 4)]
    message = "the rows that were written since the forward are lost"
    infos = tuple(finding(severity=Severity.INFO, path=path, message=message) for path in paths)
    migrations = tuple(MigrationReport(path, "", "postgres", path, None, VERDICT) for path in paths)
    text = render("text", Report(migrations, infos, files=3, elapsed_ms=12), DisplayOptions(width=100))
    assert text.splitlines()[:5] == [
        "m/001.sql:2:2: info IDM003 add-constraint-unguarded",
        f"  {message}",
        "",
        "m/002.sql:2:2: info IDM003 add-constraint-unguarded  the rows that were written since the forward a…",
        "m/003.sql:2:2: info IDM003 add-constraint-unguarded  the rows that were written since the forward a…",
    ]


def test_mistakes_in_comments_are_told_one_by_one():
    said = ["unknown rule `IDM999`", "unknown rule `X`", "`ignore` names no rule"]
    found = tuple(
        finding(code="DIR001", name="directive-unknown", line=number, message=message, help="")
        for number, message in enumerate(said, 1)
    )
    lines = render("text", Report((), found), VIEW).splitlines()
    assert [line.strip() for line in lines if "rule" in line] == [said[0], said[2]]
    assert "  also: the same on line 2" in lines


def test_text_tells_of_each_rule_once_per_script():
    again = [finding(line=number) for number in (2, 3, 3)]
    other = finding(line=3, code="IDM001", name="create-table-unguarded")
    report = Report((), (finding(line=1), other, *again, finding(line=3, code="SYM001", name="left-behind")))
    text = render("text", report, VIEW)
    assert [line for line in text.splitlines() if line.startswith(("m/", "  also"))] == [
        "m/005.sql:1:2: error IDM003 add-constraint-unguarded",
        "  also: the same on lines 2, 3",
        "  also: IDM001 create-table-unguarded on line 3",
        "m/005.sql:3:2: error SYM001 left-behind",
    ]
    whole = render("text", report, DisplayOptions(VIEW.sources, verbose=True))
    assert whole.count(" error IDM003 ") == 4
    assert "also" not in whole


def test_text_of_a_migration_fits_a_screen():
    many = [finding(code=f"SYM{number:03}", line=3, message="x " * 90, help="y " * 90) for number in range(25)]
    last = finding(code="REF001", line=9, severity=Severity.ERROR, message="it is not there")
    report = Report(
        (MigrationReport("005", "labels", "postgres", "m/005.sql", "m/005_down.sql", {}),),
        (*(replace(item, severity=Severity.WARNING) for item in many), replace(last, path="m/005_down.sql")),
    )
    lines = render("text", report, VIEW).splitlines()
    assert len(lines) <= 50 + 3
    heads = [number for number, line in enumerate(lines) if line.startswith("m/")]
    assert len(heads) == 26, "each has its line"
    # The worst has its source and its help, and so have as many of the others as there is room for.
    assert "  it is not there" in lines[heads[-1] :]
    assert lines[1].startswith("  x x") and any("y y" in line for line in lines[: heads[1]])
    assert lines[heads[-2]].startswith("m/005.sql:3:2: warning SYM024 add-constraint-unguarded  x x x")
    assert lines[heads[-2]].endswith("…")
    assert lines[-1] == "use --verbose for full details"


def test_text_when_verbose_tells_all():
    many = [finding(code=f"SYM{number:03}", line=3, message="x " * 400, help="y " * 900) for number in range(9)]
    text = render("text", Report((), tuple(many)), VIEW)
    assert text.count("--verbose shows all") == 1
    whole = render("text", Report((), tuple(many)), DisplayOptions(VIEW.sources, verbose=True))
    assert whole.count("x") == 9 * 400 and whole.count("y") >= 9 * 900
    assert "--verbose" not in whole


def test_text_when_verbose_and_when_there_is_nothing():
    text = render("text", REPORT, DisplayOptions(VIEW.sources, verbose=True))
    assert "005 labels" in text
    assert "005: sqlite: not asked" in text
    assert "4  IDM003 add-constraint-unguarded" in text
    assert render("text", Report(), VIEW) == "no migrations found\n"
    assert render("text", Report(REPORT.migrations, (), 3, 5), VIEW).startswith("no findings (2 migr")
    assert render("text", Report(), DisplayOptions(quiet=True)) == ""


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("json", "sarif")])
def test_hostile_text_stays_text(name):
    view = DisplayOptions({HOSTILE: SourceFile(HOSTILE, HOSTILE)}, verbose=True)
    # As it is written; a lone surrogate in a failing comparison could not even be reported.
    data = render(name, NASTY, view).encode("utf-8", "backslashreplace")
    assert b"\x1b" not in data
    assert b"\x00" not in data


def test_github_escapes_and_folds():
    many = Report((), tuple(finding(line=number) for number in range(1, 15)))
    lines = render("github", many, DisplayOptions(prefix="sub/")).splitlines()
    assert lines[0].startswith("::error file=sub/m/005.sql,line=1,endLine=2,title=IDM003 add-constraint-unguarded::")
    assert len([line for line in lines if line.startswith("::error")]) == 10
    assert "::group::4 more findings" in lines
    assert lines[-1] == "::endgroup::"
    nasty = render("github", NASTY, DisplayOptions()).splitlines()
    assert len(nasty) == 1
    assert "%0A| `code`" in nasty[0]
    assert "%250A%3A%3Aerror" in nasty[0]


def test_a_fold_cannot_begin_with_a_command():
    many = Report((), tuple(finding(path="::stop-commands::x") for _ in range(12)))
    folded = render("github", many, DisplayOptions()).split("::group::")[1].splitlines()[1:-1]
    assert not any(line.startswith("::") for line in folded)


def test_sarif():
    log = json.loads(render("sarif", REPORT, DisplayOptions(prefix="a b/", rules=DESCRIPTIONS)))
    run = log["runs"][0]
    assert log["version"] == "2.1.0"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["IDM003"]
    assert run["tool"]["driver"]["rules"][0]["shortDescription"] == {"text": "A summary"}
    first, _, third, last = run["results"]
    assert first["level"] == "error"
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a%20b/m/005.sql", "uriBaseId": "SRCROOT"}
    assert place["region"] == {"startLine": 2, "startColumn": 2, "endLine": 2, "endColumn": 32}
    assert first["partialFingerprints"] == {"miglint/v2": "0123456789abcdef"}
    assert third["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"].startswith("DROP")
    assert "locations" not in last
    json.loads(render("sarif", NASTY, DisplayOptions()).encode("utf-8", "backslashreplace"))


@pytest.mark.parametrize("report", [REPORT, NASTY, Report()])
def test_junit_is_xml(report):
    suite = ElementTree.fromstring(render("junit", report, VIEW))
    assert suite.tag == "testsuite"
    assert int(suite.get("failures")) == len(suite.findall(".//failure"))
    assert int(suite.get("tests")) == len(suite.findall("testcase"))


def test_markdown_tables_stay_tables():
    lines = render("markdown", NASTY, DisplayOptions()).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert all(row.count("|") in (5, 8) for row in rows)
    assert "<script>" not in "\n".join(lines)
    assert "@someone" not in "\n".join(lines)


def test_markdown_of_very_many_findings_is_cut():
    many = Report((), tuple(finding(line=number) for number in range(1, 2000)))
    text = render("markdown", many, DisplayOptions())
    assert "1,699 more findings are not shown." in text
