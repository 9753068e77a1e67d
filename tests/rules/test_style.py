"""What sqlfluff says of scripts: where it says it, whose configuration holds, and what happens when it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlfluff.core.config.file import load_config_file_as_dict
from sqlfluff.core.config.loader import load_config_at_path

from miglint.base.errors import UsageError
from miglint.base.findings import Finding
from miglint.base.model import Script
from miglint.base.structs import replace
from miglint.config.settings import Settings
from miglint.config.settings import load as load_settings
from miglint.discovery import discover
from miglint.linter import parallel
from miglint.linter.dispatch import RuleDispatcher
from miglint.linter.run import Job, check
from miglint.rules.selection import load_rules, select
from miglint.rules.style import outside_settings, sqlfluff_adapter

from .checking import Checker

ON = 'select = ["STY", "INT", "DIR"]\n'
LITE = 'dialect = "sqlite"\n'
# A space too many, keywords in two cases; the name of what objects to it, and what stands there.
WRONG = "CREATE TABLE a  (id int);\nselect id FROM a;\n"
SAID = [("LT01", "  "), ("CP01", "select")]


@pytest.fixture
def checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checker:
    return Checker(tmp_path, monkeypatch)


def offset(text: str, line: int, column: int) -> int:
    return sum(len(one) for one in text.splitlines(keepends=True)[: line - 1]) + column - 1


def said(found: tuple[Finding, ...], files: dict[str, str]) -> list[tuple[str, str]]:
    """Return the codes of sqlfluff's rules, each with the text at its place."""
    for item in found:
        assert (item.code, item.category, str(item.severity)) == ("STY001", "style", "info"), item
    return [
        (
            item.message.split()[0],
            files[item.path][
                offset(files[item.path], item.line, item.column) : offset(
                    files[item.path], item.end_line, item.end_column
                )
            ],
        )
        for item in found
    ]


GOOSE = "-- +goose Up\n\n{up}\n-- +goose Down\n\n{down}"
DBMATE = "-- migrate:up\n{up}\n\n-- migrate:down\n\n{down}"
SQL_MIGRATE = "-- +migrate Up\n{up}\n-- +migrate Down\n{down}"
LIQUIBASE = "--liquibase formatted sql\n--changeset a:1\n{up}\n/* liquibase rollback\n{down}\n*/\n"


@pytest.mark.parametrize("layout", [GOOSE, DBMATE, SQL_MIGRATE, LIQUIBASE])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_part_of_a_file_is_judged_at_its_places_in_the_file(checker: Checker, layout: str, ends: str) -> None:
    text = layout.format(up=WRONG, down="drop table  a;\n").replace("\n", ends)
    files = {"miglint.toml": ON, "001_a.sql": ""}
    checker(files)
    Path("001_a.sql").write_bytes(text.encode())
    found = check(Job(load_settings(cwd="."), (".",), cached=False)).report.findings
    # What ends or begins a part is no end or beginning of a file: nothing is said of it.
    assert said(found, {"001_a.sql": text}) == [*SAID, ("LT01", "  ")]
    assert [item.direction for item in found] == ["forward", "forward", "rollback"]
    assert {item.version for item in found} == ({"a:1"} if layout is LIQUIBASE else {"001"})


def test_the_ends_of_whole_files_are_judged(checker: Checker) -> None:
    files = {"miglint.toml": ON, "001_a.up.sql": "\nCREATE TABLE a (id int);", "001_a.down.sql": "DROP TABLE a;\n\n"}
    assert [code for code, _ in said(checker(files), files)] == ["LT12", "LT13", "LT12"]


def test_lines_that_the_tool_changes_are_left_out(checker: Checker) -> None:
    text = (
        "--liquibase formatted sql\n--changeset a:1\nCREATE TABLE ${s}.a  (id int);\nCREATE TABLE b  (id int);\n"
        "--rollback DROP  TABLE b;\n--rollback drop table ${s}.a;\n"
    )
    files = {"miglint.toml": ON, "001_a.sql": text}
    assert [(item.line, item.message.split()[0]) for item in checker(files)] == [(4, "LT01")]


def test_what_sqlfluff_cannot_parse_is_no_finding(checker: Checker) -> None:
    unknown = "CREATE ACCESS METHOD m TYPE INDEX HANDLER bthandler;\n"
    files = {"miglint.toml": ON, "001_a.up.sql": WRONG + unknown + WRONG}
    assert said(checker(files), files) == SAID


def test_each_engine_is_read_in_its_own_dialect(checker: Checker) -> None:
    lite, postgres = "REPLACE INTO a VALUES  (1);\n", "DO $$ BEGIN END $$;\nSELECT  1;\n"
    files = {"miglint.toml": ON, "sqlite/001_a.up.sql": lite, "postgres/001_a.up.sql": postgres}
    assert said(checker(files), files) == [("LT01", "  ")] * 2
    files = {"miglint.toml": ON, "sqlite/001_a.up.sql": postgres, "postgres/001_a.up.sql": lite}
    assert checker(files) == ()


@pytest.mark.parametrize(
    ("name", "text", "codes"),
    [
        (".sqlfluff", "[sqlfluff]\nexclude_rules = LT01\n", ["CP01"]),
        ("setup.cfg", "[sqlfluff]\nexclude_rules = layout.spacing\n", ["CP01"]),
        ("pyproject.toml", '[tool.sqlfluff.core]\nrules = "LT01"\n', ["LT01"]),
        ("m/.sqlfluff", "[sqlfluff:rules:capitalisation.keywords]\ncapitalisation_policy = upper\n", ["LT01", "CP01"]),
        # Another engine's dialect does not hold, and nothing is logged about rules that do not exist.
        (".sqlfluff", "[sqlfluff]\ndialect = mysql\nexclude_rules = ZZ99\n", ["LT01", "CP01"]),
        (".sqlfluff", "[sqlfluff]\nwarnings = LT01\n", ["LT01", "CP01"]),
        (".sqlfluff", "[sqlfluff]\nlarge_file_skip_byte_limit = 20\n", []),
        (".sqlfluffignore", "m/001_*\n", []),
    ],
)
def test_the_configuration_of_sqlfluff_holds(
    checker: Checker, capfd: pytest.CaptureFixture[str], name: str, text: str, codes: list[str]
) -> None:
    files = {"miglint.toml": ON, "m/001_a.up.sql": WRONG, name: text}
    assert [code for code, _ in said(checker(files), files)] == codes
    assert capfd.readouterr() == ("", "")


def test_a_dialect_derived_from_the_engines_own_holds(checker: Checker) -> None:
    text = "CREATE TABLE a (id int) DISTRIBUTED BY (id);\nselect 1;\n"
    assert checker({"miglint.toml": ON, "m/001_a.up.sql": text}) == ()
    files = {"n/.sqlfluff": "[sqlfluff]\ndialect = greenplum\n", "n/001_a.up.sql": text}
    assert said(checker(files), files) == [("CP01", "select")]


def test_braces_are_no_template_unless_sqlfluff_is_told_so(checker: Checker) -> None:
    files = {"miglint.toml": ON, "001_a.up.sql": "SELECT  '{{ a }}';\n"}
    assert said(checker(files), files) == [("LT01", "  ")]
    jinja = "[sqlfluff]\ntemplater = jinja\n[sqlfluff:templater:jinja:context]\na = x\n"
    files = {"x/.sqlfluff": jinja, "x/miglint.toml": ON, "x/002_b.up.sql": "SELECT  {{ a }};\n"}
    found = tuple(item for item in checker(files) if item.path.startswith("x/"))
    assert said(found, files) == [("LT01", "  ")]
    assert all(item.fix is None for item in found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[sqlfluff]\ndialect = nonsense\n", "it has no dialect `nonsense`"),
        ("[sqlfluff]\ntemplater = nonsense\n", "Requested templater 'nonsense'"),
        ("[sqlfluff\n", "no section headers"),
        ("[sqlfluff]\nlarge_file_skip_byte_limit = much\n", "'much'"),
        ("[sqlfluff:rules:capitalisation.keywords]\ncapitalisation_policy = loud\n", "Invalid option 'loud'"),
    ],
)
def test_a_configuration_that_sqlfluff_cannot_use_stops_the_run(checker: Checker, text: str, words: str) -> None:
    with pytest.raises(UsageError, match="sqlfluff cannot use its configuration for the folder m: ") as stopped:
        checker({"miglint.toml": ON, "m/.sqlfluff": text, "m/001_a.up.sql": WRONG})
    assert words in str(stopped.value)


def test_a_list_of_ignored_files_that_sqlfluff_cannot_use_stops_the_run(checker: Checker) -> None:
    with pytest.raises(
        UsageError, match="sqlfluff cannot use its configuration for the folder m: Error parsing ignore"
    ):
        checker({"miglint.toml": ON, "m/.sqlfluffignore": "!\n", "m/001_a.up.sql": WRONG})


def test_a_setting_in_a_script_that_sqlfluff_cannot_use_is_a_finding(checker: Checker) -> None:
    files = {"miglint.toml": ON, "001_a.up.sql": f"-- A table\n-- sqlfluff:dialect:nonsense\n{WRONG}"}
    (found,) = checker(files)
    assert said((found,), files) == [("sqlfluff", "-- sqlfluff:dialect:nonsense")]


def test_settings_at_the_head_of_a_file_hold_for_all_of_its_parts(checker: Checker) -> None:
    settings = "-- sqlfluff:exclude_rules:LT01\n-- sqlfluff:dialect:mysql\n"
    # The dialect of another engine does not hold here either: MySQL has no DO blocks.
    block = "DO $$ BEGIN END $$;\n"
    files = {"miglint.toml": ON, "001_a.sql": settings + GOOSE.format(up=block + WRONG, down=WRONG)}
    assert said(checker(files), files) == SAID[1:] * 2


def test_quotation_marks_that_a_name_needs_may_stay(checker: Checker) -> None:
    files = {"miglint.toml": ON, "001_a.up.sql": 'CREATE TABLE "user" ("size" int);\n'}
    assert said(checker(files), files) == [("RF06", '"size"')]


def test_a_rule_of_sqlfluff_that_breaks_down_is_told_beside_the_others(checker: Checker) -> None:
    config = "[sqlfluff]\nmax_line_length = wide\n"
    files = {"miglint.toml": ON, ".sqlfluff": config, "001_a.up.sql": "SELECT 1;\n", "001_a.down.sql": WRONG}
    found = checker(files)
    broken = [item for item in found if item.code == "INT001"]
    assert [(item.path, item.direction) for item in broken] == [
        ("001_a.down.sql", "rollback"),
        ("001_a.up.sql", "forward"),
    ]
    assert "rule STY001 (sqlfluff) crashed: SqlfluffError: LT05 layout.long_lines raised: '<=' not" in broken[0].message
    assert said(tuple(item for item in found if item.code != "INT001"), files) == SAID


def test_comments_for_sqlfluff_and_for_miglint(checker: Checker) -> None:
    files = {"miglint.toml": ON, "001_a.up.sql": WRONG.replace(");\n", ");  -- noqa: LT01\n")}
    assert said(checker(files), files) == SAID[1:]
    files = {"001_a.up.sql": f"-- miglint: ignore STY001 (as generated)\n{WRONG}"}
    assert said(checker(files), files) == SAID[1:]
    files = {"001_a.up.sql": f"-- miglint: ignore-file STY (as generated)\n{WRONG}"}
    assert said(checker(files), files) == []
    files = {"001_a.up.sql": "-- miglint: ignore STY001 (as generated)\nSELECT 1;\n"}
    assert [item.code for item in checker(files)] == ["DIR003"]


def test_rules_of_sqlfluff_at_one_place_are_told_apart(checker: Checker) -> None:
    files = {"miglint.toml": ON, "001_a.up.sql": "CREATE TABLE a (id int) ;\n"}
    found = checker(files)
    assert said(found, files) == [("CV06", " "), ("LT01", " ")]
    assert len({item.fingerprint for item in found}) == 2


FIXED = [
    ("CREATE TABLE a  (id int);\n", "CREATE TABLE a (id int);\n"),
    ("SELECT 1 from a;\n", "SELECT 1 FROM a;\n"),
    ("SELECT coalesce(1), COUNT(1);\n", "SELECT coalesce(1), count(1);\n"),
    ("CREATE TABLE a (\n  id int\n);\n", "CREATE TABLE a (\n    id int\n);\n"),
    ("SELECT 1; -- one  \n", None),
    ("SELECT 1;\n\n\n", "SELECT 1;\n"),
    ("SELECT 1;", "SELECT 1;\n"),
    ("SELECT 1;\r\nSELECT  1;\r\n", "SELECT 1;\r\nSELECT 1;\r\n"),
    # Names in another case are other names where they are quoted, and SQLite keeps the case of all of them.
    ("CREATE TABLE a (id int, NAMED int);\n", None),
    # What moves a comma is not simple.
    ("SELECT\n    1\n    , 2;\n", None),
]


@pytest.mark.parametrize(("text", "mended"), FIXED)
def test_a_fix_is_offered_where_it_cannot_change_what_the_script_does(
    checker: Checker, text: str, mended: str | None
) -> None:
    checker({"miglint.toml": ON, "001_a.up.sql": ""})
    Path("001_a.up.sql").write_bytes(text.encode())
    found = check(Job(load_settings(cwd="."), (".",), cached=False)).report.findings
    edits = {edit for item in found if item.fix for edit in item.fix.edits}
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    assert (text if edits else None) == mended
    assert all(item.fix.safe for item in found if item.fix)


# Two processes, where the interpreter that runs the tests has threads, and would not fork.
TWO = """
import sys
from miglint.cli.main import entry
from miglint.linter import parallel

parallel._processes = lambda size: 2
sys.argv = ["miglint", "check", "--no-cache", "--format", "json", "."]
entry()
"""


def by_two() -> tuple[int, list[tuple[str, str, str]], str]:
    """Return the exit status, the findings (path, code, message), and what was said besides."""
    done = subprocess.run([sys.executable, "-c", TWO], capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)["findings"] if done.stdout else []
    return done.returncode, sorted((item["path"], item["code"], item["message"]) for item in found), done.stderr


def test_several_processes_say_what_one_says(checker: Checker, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"00{number}_a.up.sql": WRONG * number for number in range(1, 6)}
    monkeypatch.setattr(parallel, "_processes", lambda size: 1)
    alone = checker({"miglint.toml": ON, **files})
    assert len(said(alone, files)) == 30
    status, found, _ = by_two()
    assert status in (0, 1)
    assert found == sorted((item.path, item.code, item.message) for item in alone)
    for name, text in {".sqlfluff": "[sqlfluff]\ntemplater = nonsense\n", "001_a.up.sql": WRONG}.items():
        Path("m").mkdir(exist_ok=True)
        Path("m", name).write_text(text)
    status, found, error = by_two()
    assert (status, found) == (2, [])
    assert "nonsense" in error
    assert "Traceback" not in error


def test_only_the_files_that_are_wanted_are_linted(checker: Checker) -> None:
    checker({"miglint.toml": ON, "001_a.up.sql": WRONG, "001_a.down.sql": WRONG})
    settings = load_settings(cwd=".")
    asked = RuleDispatcher(select(settings, load_rules()), {})
    ((migration,),) = [history.migrations for history in discover((".",)).histories]
    wanted = {
        told: {placed.hit.file.path for placed in asked.scripts(migration, told)}
        for told in (None, frozenset({"001_a.down.sql"}), frozenset[str]())
    }
    assert list(wanted.values()) == [{"001_a.up.sql", "001_a.down.sql"}, {"001_a.down.sql"}, set()]
    report = check(Job(settings, ("001_a.up.sql",), cached=False)).report
    assert {item.path for item in report.findings} == {"001_a.up.sql"}
    report = check(Job(settings, (".",), cached=False, report_only=frozenset({"001_a.down.sql"}))).report
    assert {item.path for item in report.findings} == {"001_a.down.sql"}


@pytest.mark.parametrize("name", ["all", "STY", "style", "sty001", "sqlfluff"])
def test_kept_findings_are_those_of_the_settings_under_any_name(
    checker: Checker, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("MIGLINT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    checker({"001_a.up.sql": WRONG, "001_a.down.sql": WRONG})

    def found(settings: Settings) -> int:
        sqlfluff_adapter._linter.cache_clear()
        outside_settings._settings_of.cache_clear()
        outside_settings._settings_in.cache_clear()
        return sum(item.code == "STY001" for item in check(Job(settings, (".",))).report.findings)

    settings = load_settings(cwd=".")
    assert found(settings) == 0
    assert found(replace(settings, extend_select=(name,))) == 4
    assert found(replace(settings, extend_select=(name,))) == 4
    assert found(settings) == 0
    # Read once by each process, as its configuration is.
    load_config_at_path.cache_clear()
    load_config_file_as_dict.cache_clear()
    Path(".sqlfluff").write_text("[sqlfluff]\nrules = LT01\n")
    assert found(replace(settings, extend_select=(name,))) == 2


@pytest.fixture
def linted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, list[str]]]:
    """Return a function that checks with the cache; the number of scripts that sqlfluff reads, and what it says."""
    (tmp_path / "p").mkdir()
    monkeypatch.chdir(tmp_path / "p")
    monkeypatch.setenv("MIGLINT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    read: list[str] = []
    original = sqlfluff_adapter.remarks

    def counted(script: Script, **given: bool) -> Iterator[sqlfluff_adapter.StyleViolation]:
        read.append(script.path)
        return original(script, **given)

    monkeypatch.setattr(sqlfluff_adapter, "remarks", counted)

    def run(*, cached: bool = True, requested: frozenset[str] | None = None) -> tuple[int, list[str]]:
        read.clear()
        outside_settings._settings_of.cache_clear()
        outside_settings._settings_in.cache_clear()
        sqlfluff_adapter._linter.cache_clear()
        load_config_file_as_dict.cache_clear()
        load_config_at_path.cache_clear()
        job = Job(load_settings(cwd="."), (".",), cached=cached, report_only=requested)
        found = check(job).report.findings
        return len(read), [f"{item.path}:{item.line} {item.message}" for item in found if item.code == "STY001"]

    return run


def test_only_changed_scripts_are_read_again(linted: Callable[..., tuple[int, list[str]]]) -> None:
    Path("miglint.toml").write_text(ON)
    for number in range(4):
        Path(f"00{number}_a.up.sql").write_text(f"CREATE TABLE a{number}  (id int);\n")
        Path(f"00{number}_a.down.sql").write_text(f"drop table  a{number};\n")
    assert linted()[0] == 8
    assert linted()[0] == 0
    Path("002_a.up.sql").write_text("CREATE TABLE a2   (id int, n  int);\n")
    read, found = linted()
    assert read == 2
    assert found == linted(cached=False)[1]
    assert any("002_a.up.sql" in item for item in found)


@pytest.mark.parametrize("name", [".sqlfluff", "setup.cfg", "tox.ini", "../.sqlfluff"])
def test_other_settings_of_sqlfluff_are_heard(linted: Callable[..., tuple[int, list[str]]], name: str) -> None:
    Path("miglint.toml").write_text(ON)
    Path("001_a.up.sql").write_text(WRONG)
    assert len(linted()[1]) == 2
    Path(name).write_text("[sqlfluff]\nexclude_rules = CP01\n")
    assert len(linted()[1]) == 1
    assert linted()[0] == 0
    Path(name).write_text("[sqlfluff]\nexclude_rules = CP01\ntemplater = raw\n")
    # What may name other files is asked each time.
    assert [linted()[0], linted()[0]] == [1, 1]
    Path(name).unlink()
    assert len(linted()[1]) == 2


def test_settings_in_toml_are_told_from_those_of_other_tools(linted: Callable[..., tuple[int, list[str]]]) -> None:
    Path("miglint.toml").write_text(ON)
    Path("001_a.up.sql").write_text(WRONG)
    project = Path("pyproject.toml")
    project.write_text('[tool.sqlfluff.core]\nexclude_rules = "CP01"\n')
    assert [len(linted()[1]), linted()[0]] == [1, 0]
    project.write_text(f'{project.read_text()}[tool.other]\nlibrary_path = "sqlfluff"\n')
    assert linted()[0] == 0
    project.write_text('[tool.sqlfluff.core]\nexclude_rules = "LT01"\n')
    assert linted()[0] == 1
    project.write_text('[tool."sqlflu\\u0066f".core]\nexclude_rules = "CP01"\n"templat\\u0065r" = "raw"\n')
    assert [linted()[0], linted()[0]] == [1, 1]


def test_what_was_left_out_for_some_files_is_read_for_all(linted: Callable[..., tuple[int, list[str]]]) -> None:
    Path("miglint.toml").write_text(ON)
    Path("001_a.up.sql").write_text("CREATE TABLE a  (id int);\n")
    Path("001_a.down.sql").write_text("DROP TABLE  a;\n")
    asked = frozenset({"001_a.up.sql"})
    assert linted(requested=asked)[0] == 1
    assert len(linted()[1]) == 2
    assert linted(requested=asked) == (0, linted(cached=False, requested=asked)[1])
