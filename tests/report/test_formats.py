"""Every format, from the same report; and from one whose texts try to break out of it."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from importlib.resources import files
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.published_schemas import GITLAB, SARIF, SONAR

from miglint.base.findings import Edit, Finding, Fix, Severity
from miglint.base.model import SourceFile
from miglint.base.structs import replace
from miglint.report import FORMATS, render
from miglint.report.headline import headline
from miglint.report.value import MigrationReport, Report
from miglint.report.view import UNLIMITED, DisplayOptions, RuleDescription

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
2 migrations: 2 scripts cannot run twice, 1 other finding

miglint: error IDM003 add-constraint-unguarded
  the second run fails: constraint "c" already exists
  help: Drop it first.

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

2 errors, 1 warning, 1 info (2 migrations, 3 files, 12 ms)
"""


def schema():
    return json.loads(files("miglint.report").joinpath("report.schema.json").read_text())


@pytest.mark.parametrize("report", [REPORT, NASTY, Report()])
def test_json_is_as_its_schema_says(report):
    jsonschema.Draft202012Validator.check_schema(schema())
    text = render("json", report, VIEW).encode("utf-8", "backslashreplace").decode()
    jsonschema.validate(json.loads(text), schema())


def test_text():
    assert render("text", REPORT, VIEW) == GOLDEN


def test_every_info_has_its_message():
    paths = [f"m/00{number}.sql" for number in range(1, 4)]
    message = "the rows that were written since the forward are lost"
    infos = tuple(finding(severity=Severity.INFO, path=path, message=message) for path in paths)
    migrations = tuple(MigrationReport(path, "", "postgres", path, None, VERDICT) for path in paths)
    text = render("text", Report(migrations, infos, files=3, elapsed_ms=12), DisplayOptions(width=100))
    assert text.count(message) == 3
    assert text.startswith("3 migrations: no errors or warnings, 3 infos\n\nm/001.sql:2:2: info IDM003")
    assert "--verbose" not in text, "there is nothing more to say"
    piped = render("text", Report(migrations, infos, files=3, elapsed_ms=12), DisplayOptions(width=UNLIMITED))
    assert [line for line in piped.splitlines() if line.startswith("m/")] == [
        f"{path}:2:2: info IDM003 add-constraint-unguarded  {message}" for path in paths
    ]


def test_mistakes_in_comments_are_told_one_by_one():
    said = ["unknown rule `IDM999`", "unknown rule `X`", "`ignore` names no rule"]
    found = tuple(
        finding(code="DIR001", name="directive-unknown", line=number, message=message, help="")
        for number, message in enumerate(said, 1)
    )
    lines = render("text", Report((), found), VIEW).splitlines()
    assert [line.strip() for line in lines if "rule" in line] == [said[0], f"also on line 2: {said[1]}", said[2]]


def test_text_tells_of_each_rule_once_per_script():
    again = [finding(line=number) for number in (2, 3, 3)]
    other = finding(line=3, code="IDM001", name="create-table-unguarded")
    report = Report((), (finding(line=1), other, *again, finding(line=3, code="SYM001", name="left-behind")))
    text = render("text", report, VIEW)
    assert [line for line in text.splitlines() if line.startswith(("m/", "  also"))] == [
        "m/005.sql:1:2: error IDM003 add-constraint-unguarded",
        "  also on lines 2, 3: the same",
        "  also on line 3: IDM001 create-table-unguarded the same",
        "m/005.sql:3:2: error SYM001 left-behind",
    ]
    whole = render("text", report, DisplayOptions(VIEW.sources, verbose=True))
    assert whole.count(" error IDM003 ") == 4
    assert "also" not in whole


def test_the_worst_is_whole_and_the_others_keep_their_messages():
    many = [finding(code=f"SYM{number:03}", line=3, message="x " * 90, help="y " * 90) for number in range(25)]
    last = finding(code="REF001", line=2, severity=Severity.ERROR, message="it is not there")
    report = Report(
        (MigrationReport("005", "labels", "postgres", "m/005.sql", "m/005_down.sql", {}),),
        (*(replace(item, severity=Severity.WARNING) for item in many), last),
    )
    text = render("text", report, VIEW)
    lines = text.splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith("m/")]
    assert len(heads) == 26, "each has its line"
    assert lines[0] == "1 migration: 1 script fails, 25 other findings"
    assert lines[heads[0] : heads[0] + 2] == [
        "m/005.sql:2:2: error REF001 add-constraint-unguarded",
        "  it is not there",
    ]
    assert "  help: Drop it first." in lines[: heads[1]]
    assert text.count("x ") + text.count("x\n") == 25 * 90
    assert "y y" not in text
    assert lines[-1] == "use --verbose for full details"


NAMES = st.from_regex(r"[a-z][a-z_./]{0,60}", fullmatch=True)
TEXTS = st.lists(st.from_regex(r"[a-z_.\"(),]{1,70}", fullmatch=True), min_size=1, max_size=30).map(" ".join)
FOUND = st.builds(
    finding,
    code=st.sampled_from(["IDM001", "IDM003", "SYM001", "DIR001", "LCK010"]),
    severity=st.sampled_from(list(Severity)),
    path=NAMES.map(lambda name: f"m/{name}.sql") | st.just("m/005.sql"),
    line=st.integers(1, 3),
    message=TEXTS,
    help=TEXTS | st.just(""),
)


@given(st.lists(FOUND, min_size=1, max_size=12), st.integers(20, 400), st.sampled_from(list(FORMATS)))
def test_no_finding_is_without_its_message_in_any_format_and_width(found, width, name):
    migrations = (MigrationReport("005", "labels", "postgres", "m/005.sql", None, VERDICT),)
    text = render(name, Report(migrations, tuple(found)), DisplayOptions(VIEW.sources, width=width))
    read = {
        "json": lambda: [item["message"] for item in json.loads(text)["findings"]],
        "gitlab": lambda: [item["description"].partition(": ")[2] for item in json.loads(text)],
        "sonar": lambda: [item["primaryLocation"]["message"] for item in json.loads(text)["issues"]],
        "sarif": lambda: [
            item["message"]["text"].partition("\n")[0] for item in json.loads(text)["runs"][0]["results"]
        ],
    }
    if name in read:
        assert Counter(read[name]()) == Counter(item.message for item in found)
        return
    plain = " ".join((html.unescape(text) if name in ("markdown", "junit") else text).split())
    if name == "github":
        plain = plain.replace("%0A", " ")
    for item in found:
        assert item.message in plain
    if name in ("text", "concise", "github"):
        lines = text.splitlines()
        heads = [line for line in lines if re.match(r"m/|::|  also on", line)]
        assert heads or width < 70
    if name == "text":
        # No word is broken but paths, at their slashes.
        words = set(plain.split())
        assert {word for item in found for word in item.message.split()} <= words


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
    # `miglint fix` leaves alone what is only about a second run that the tool makes impossible.
    assert "4  IDM003 add-constraint-unguarded\n" in text
    edits = (Edit(48, 58, "DROP TABLE IF EXISTS"),)
    fixes = (Fix("guard it", edits), Fix("guard it", edits, "it hides drift"), Fix("guard it", edits, "it hides drift"))
    for chosen, words in ((fixes, "1 fixable, 2 more with"), (fixes[1:], "2 fixable with")):
        fixable = tuple(finding(severity=Severity.WARNING, fix=fix) for fix in chosen)
        counted = render("text", Report(REPORT.migrations, fixable), DisplayOptions(VIEW.sources, statistics=True))
        line = f"       {len(chosen)}  IDM003 add-constraint-unguarded  ({words} --unsafe-fixes)"
        assert counted.splitlines()[0] == line
    assert len(render("text", REPORT, DisplayOptions(VIEW.sources, statistics=True)).splitlines()) == 2
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
    assert all(row.count("|") in (5, 9) for row in rows)
    assert "<script>" not in "\n".join(lines)
    assert "@someone" not in "\n".join(lines)


def test_markdown_of_very_many_findings_is_cut():
    many = Report((), tuple(finding(line=number) for number in range(1, 2000)))
    text = render("markdown", many, DisplayOptions())
    assert "1,699 more findings are not shown." in text
    long = Report((), tuple(finding(line=number, message="x[" * 999) for number in range(1, 300)))
    assert 40_000 < len(render("markdown", long, DisplayOptions())) < 65_536


@pytest.mark.parametrize("report", [REPORT, NASTY, Report()])
@pytest.mark.parametrize(("name", "published"), [("gitlab", GITLAB), ("sonar", SONAR), ("sarif", SARIF)])
def test_what_others_read_is_as_their_schema_says(name, published, report):
    jsonschema.Draft202012Validator.check_schema(published)
    described = RuleDescription(
        "add-constraint-unguarded", "A summary", Severity.ERROR, "IDM", ("postgres",), "What it does.", "# A page\n",
        ("squawk:a", "squawk:b", "eugene:E1"), "https://rules.example/IDM003",
    )  # fmt: skip
    text = render(name, report, DisplayOptions(prefix="sub/", rules={"IDM003": described}))
    value = json.loads(text.encode("utf-8", "backslashreplace"))
    jsonschema.validate(value, published)
    if name == "sarif" and report.findings:
        run = value["runs"][0]
        for relation in run["tool"]["driver"]["rules"][0]["relationships"]:
            target = relation["target"]
            taxonomy = run["taxonomies"][target["toolComponent"]["index"]]
            assert taxonomy["name"] == target["toolComponent"]["name"]
            assert taxonomy["taxa"][target["index"]]["id"] == target["id"]


def test_junit_fails_migrations_by_what_fails_the_run():
    by_limit = {limit: render("junit", REPORT, DisplayOptions(fail_on=limit)) for limit in (*Severity, None)}
    suites = {limit: ElementTree.fromstring(text) for limit, text in by_limit.items()}
    assert [case.get("name") for case in suites[None]] == [None, "005 labels", "006", "miglint"]
    # An error without a file, and a migration with an error, a warning and an info: two tests fail at any level.
    assert {limit: suite.get("failures") for limit, suite in suites.items()} == {
        Severity.INFO: "2", Severity.WARNING: "2", Severity.ERROR: "2", None: "0",
    }  # fmt: skip
    milder = replace(REPORT, findings=REPORT.findings[1:3])
    assert 'failures="0"' in render("junit", milder, DisplayOptions())
    assert 'failures="1"' in render("junit", milder, DisplayOptions(fail_on=Severity.WARNING))


def test_the_ten_annotations_are_the_ten_worst():
    codes = ["TYP001"] * 12 + ["IDM001"] * 12 + ["SYM001"] * 3 + ["REF001"]
    found = tuple(finding(code=code, line=number) for number, code in enumerate(codes, 1))
    lines = render("github", Report((), found), DisplayOptions()).splitlines()
    shown = [line.partition("title=")[2][:6] for line in lines if line.startswith("::error")]
    assert shown == ["REF001", *["SYM001"] * 3, *["IDM001"] * 6]


def test_findings_are_sorted_by_severity_within_a_migration_and_migrations_when_asked():
    migrations = tuple(MigrationReport(f"00{n}", "", "postgres", f"m/00{n}.sql", None, {}) for n in (1, 2))
    found = (
        finding(path="m/001.sql", line=1, severity=Severity.INFO, message="a"),
        finding(path="m/001.sql", line=2, severity=Severity.WARNING, message="b"),
        finding(path="m/002.sql", line=1, severity=Severity.INFO, message="c"),
        finding(path="m/002.sql", line=2, severity=Severity.ERROR, message="d"),
    )
    report = Report(migrations, found)
    for sort, order in (("migration", "badc"), ("severity", "dcba")):
        text = render("concise", report, DisplayOptions(sort=sort))
        assert "".join(line[-1] for line in text.splitlines()) == order


def test_the_headline_names_errors_first_and_counts_the_rest():
    codes = {"DAT020": "e", "DAT028": "w", "LCK001": "w", "BWC001": "w", "DAT001": "w", "NAM001": "e", "IDM001": "w"}
    severities = {"e": Severity.ERROR, "w": Severity.WARNING}
    items = [finding(code=code, line=1, message="m", severity=severities[kind]) for code, kind in codes.items()]
    restored = MigrationReport("005", "labels", "postgres", "m/005.sql", None, {"symmetric": False})
    assert headline(Report((restored,), tuple(items))) == (
        "1 migration: 1 script can fail on existing rows, 1 with colliding or misleading names, 1 rollback does not "
        "restore the schema, 1 loses rows or values, 4 other findings"
    )


def test_markdown_has_a_line_per_changed_pair():
    clean = MigrationReport("007", "fine", "postgres", "m/007.sql", None, dict.fromkeys(VERDICT, True))
    report = replace(REPORT, migrations=(*REPORT.migrations, clean))
    lines = render("markdown", report, DisplayOptions()).splitlines()
    assert lines[0].startswith("### miglint: 3 migrations: 2 scripts cannot run twice")
    assert not any("007 fine" in line for line in lines)
    changed = replace(report, since="main", looked_at=51)
    lines = render("markdown", changed, DisplayOptions()).splitlines()
    assert lines[0] == "### miglint: 51 migrations, 3 changed: 2 scripts cannot run twice, 1 other finding"
    assert any(line.startswith("| ✅ | <code>007 fine</code> | none |") for line in lines)
    assert any(line.startswith("| ❌ | <code>005 labels</code> | 1 error, 1 warning, 1 info |") for line in lines)
