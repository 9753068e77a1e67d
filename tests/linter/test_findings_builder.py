"""The pipeline: what it makes of hits, and that a rule that breaks down takes nothing with it."""

from __future__ import annotations

import pytest

from miglint.base.errors import UsageError
from miglint.base.findings import Severity
from miglint.base.model import Span
from miglint.config.settings import load
from miglint.linter.run import Job, check
from miglint.rules import selection
from miglint.rules.definition import Hit, Rule
from miglint.rules.registry import Registry, built_in


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "m").mkdir()
    (tmp_path / "miglint.toml").write_text('idempotency = "required"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, name, up, down=""):
    (folder / "m" / f"{name}.up.sql").write_text(up)
    (folder / "m" / f"{name}.down.sql").write_text(down)


def findings(folder, code=""):
    report = check(Job(load(cwd=str(folder)), ("m",), cached=False)).report
    return [item for item in report.findings if item.code.startswith(code)]


@pytest.fixture
def added(monkeypatch):
    """Add a rule to the built-in ones for one test."""

    def add(code, check_function, **more):
        new = Rule(code, f"test-{code.lower()}", Severity.ERROR, "A test", check_function, **more)
        monkeypatch.setattr(selection, "built_in", lambda: Registry.of([*built_in().rules.values(), new]))

    return add


@pytest.mark.parametrize("scope", ["step", "history", "project", "directives"])
def test_a_rule_that_breaks_down_is_a_finding_that_names_it(folder, added, scope):
    def broken(*_):
        raise RecursionError("too\ndeep")

    write(folder, "001_a", "CREATE TABLE a (id int);\n", "DROP TABLE IF EXISTS a;\n")
    added("IDM999", broken, scope=scope)
    crashed = findings(folder, "INT001")
    assert len(crashed) == 1
    assert "rule IDM999 (test-idm999) crashed: RecursionError: too deep" in crashed[0].message
    assert findings(folder, "IDM001")


def test_a_crash_is_reported_whatever_is_selected(folder, added):
    def broken(*_):
        raise RecursionError("too deep")

    write(folder, "001_a", "CREATE TABLE a (id int);\n", "DROP TABLE IF EXISTS a;\n")
    (folder / "miglint.toml").write_text('select = ["IDM999"]\n')
    added("IDM999", broken)
    assert [item.code for item in findings(folder)] == ["INT001"]


def test_hits_of_one_rule_on_one_place_are_folded(folder, added):
    def chatty(step, context):
        script = step.migration.forward
        for number in range(8):
            yield Hit(script.file, Span(0, 5), f"message {number}", "the help", script)
        yield Hit(script.file, Span(0, 5), "message 0", "the help", script)
        yield Hit(script.file, Span(6, 8), "elsewhere", "", script)

    write(folder, "001_a", "SELECT 1;\n")
    added("IDM999", chatty)
    first, second = findings(folder, "IDM999")
    assert first.message == "message 0 (and 7 more)"
    assert first.help.splitlines()[:2] == ["the help", "Also: message 1"]
    assert len(first.help.splitlines()) == 6
    assert second.message == "elsewhere"


def test_fingerprints_survive_moved_lines_and_white_space(folder):
    sql = "CREATE TABLE a (id int);\nCREATE TABLE b (id int);\n"
    write(folder, "001_a", sql)
    before = {item.message: item.fingerprint for item in findings(folder, "IDM001")}
    write(folder, "001_a", "-- new\n\n" + sql.replace("a (id", "a\n    (id"))
    assert {item.message: item.fingerprint for item in findings(folder, "IDM001")} == before
    assert len(set(before.values())) == 2


def test_fingerprints_do_not_depend_on_the_working_directory(folder, monkeypatch):
    (folder / "miglint.toml").write_text("")
    write(folder, "001_a", "CREATE TABLE a (id int);\n")
    above = [item.fingerprint for item in findings(folder, "IDM001")]
    monkeypatch.chdir(folder / "m")
    report = check(Job(load(), (".",), cached=False)).report
    assert [item.fingerprint for item in report.findings if item.code == "IDM001"] == above


def test_severities_and_ignores_by_path_and_direction(folder):
    write(folder, "001_old", "CREATE TABLE a (id int);\n", "DROP TABLE a;\n")
    write(folder, "002_new", "CREATE TABLE b (id int);\n", "DROP TABLE b;\n")
    (folder / "miglint.toml").write_text(
        'rollback-severity = "info"\n[severity]\nIDM = "warning"\n'
        '[[per-path]]\npaths = ["m/001_*"]\nignore = ["IDM001"]\nseverity = {IDM020 = "error"}\n'
    )
    seen = {(item.path, item.code): str(item.severity) for item in findings(folder, "IDM")}
    assert seen == {
        ("m/001_old.down.sql", "IDM020"): "error",
        ("m/002_new.up.sql", "IDM001"): "warning",
        ("m/002_new.down.sql", "IDM020"): "info",
    }


def test_a_baseline_schema_is_where_the_history_begins(folder):
    # Whether the rollback restores the column as it was is known only from the baseline.
    write(folder, "001_a", "ALTER TABLE a DROP COLUMN n;\n", "ALTER TABLE a ADD COLUMN n int;\n")
    (folder / "base.sql").write_text("CREATE TABLE a (id int, n text NOT NULL);\n")
    (folder / "miglint.toml").write_text('baseline-schema = "base.sql"\n')
    report = check(Job(load(), ("m",), cached=False)).report
    assert report.migrations[0].verdict["symmetric"] is False
    (folder / "base.sql").write_text("CREATE TABLE a (id int, n int);\n")
    report = check(Job(load(), ("m",), cached=False)).report
    assert report.migrations[0].verdict["symmetric"] is True


@pytest.mark.parametrize(("text", "said"), [(None, "`base.sql`: no such file"), ("\nCREATE TABEL a;", "base.sql:2:")])
def test_a_baseline_schema_that_cannot_be_used_stops_the_run(folder, text, said):
    write(folder, "001_a", "SELECT 1;\n")
    (folder / "miglint.toml").write_text('baseline-schema = "base.sql"\n')
    if text is not None:
        (folder / "base.sql").write_text(text)
    with pytest.raises(UsageError, match=said):
        findings(folder)


def test_options_of_rules_reach_them(folder, added):
    def limited(step, context):
        script = step.migration.forward
        yield Hit(script.file, Span(0, 1), f"limit {context.settings['limit']} of {context.settings['names']}")

    write(folder, "001_a", "SELECT 1;\n")
    added("IDM999", limited, options={"limit": 3, "names": ("a",)})
    assert findings(folder, "IDM999")[0].message == "limit 3 of ('a',)"
    (folder / "miglint.toml").write_text('[rules.IDM999]\nlimit = 5\nnames = ["b", "c"]\n')
    assert findings(folder, "IDM999")[0].message == "limit 5 of ('b', 'c')"
    (folder / "miglint.toml").write_text("[rules.IDM999]\nlimit = true\n")
    with pytest.raises(UsageError, match="must be a number, not a boolean"):
        findings(folder)
    (folder / "miglint.toml").write_text("[rules.IDM999]\nlimits = 1\n")
    with pytest.raises(UsageError, match="did you mean `limit`"):
        findings(folder)
