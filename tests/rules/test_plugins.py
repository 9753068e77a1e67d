"""Rules of one's own: the example of the documentation runs as it stands there, and mistakes are reported."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from miglint.config.settings import load
from miglint.linter.run import Job, check
from miglint.rules.selection import load_rules

PAGE = (Path(__file__).parents[2] / "docs" / "own-rules.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r'```\w+ title="([^"]+)"\n(.*?)```', PAGE, re.DOTALL))


def write(folder: Path, **changed: str) -> None:
    for name, text in {**BLOCKS, **changed}.items():
        if "/" in name or name.endswith(".toml"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")


def miglint(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "miglint", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_documented_example_says_what_the_page_says(tmp_path: Path) -> None:
    write(tmp_path)
    status, output = miglint(tmp_path, "check", "--select", "OUR")
    assert status == 1
    for line in BLOCKS["output"].splitlines():
        assert line in output


def test_own_rules_are_listed_explained_ignored_and_given_severities(tmp_path: Path) -> None:
    write(tmp_path)
    assert "OUR001" in miglint(tmp_path, "rules")[1]
    assert miglint(tmp_path, "explain", "table-prefix")[1].startswith("# OUR001 table-prefix\n")
    assert "OUR001" not in miglint(tmp_path, "check", "--select", "OUR", "--ignore", "table-prefix")[1]
    write(tmp_path, **{"miglint.toml": BLOCKS["miglint.toml"] + '\n[severity]\nOUR = "info"\n'})
    status, output = miglint(tmp_path, "check", "--select", "OUR")
    assert (status, "info OUR001" in output) == (0, True)


def test_a_list_of_rules_names_files(tmp_path: Path) -> None:
    write(tmp_path, **{"miglint.toml": 'rules = ["tools/our_rules.py"]\n'})
    assert "begins with none of app_" in miglint(tmp_path, "check", "--select", "OUR")[1]


def test_a_changed_rule_is_asked_again(tmp_path: Path) -> None:
    write(tmp_path)
    assert "begins with none of" in miglint(tmp_path, "check", "--select", "OUR")[1]
    rules = BLOCKS["tools/our_rules.py"].replace("begins with none of", "does not begin with")
    write(tmp_path, **{"tools/our_rules.py": rules})
    assert "does not begin with" in miglint(tmp_path, "check", "--select", "OUR")[1]


def test_a_rule_that_raises_is_a_finding_that_names_it(tmp_path: Path) -> None:
    write(tmp_path, **{"tools/our_rules.py": BLOCKS["tools/our_rules.py"].replace('["prefixes"]', '["prefix"]')})
    status, output = miglint(tmp_path, "check", "--select", "OUR,INT")
    assert status == 1
    assert "rule OUR001 (table-prefix) crashed: KeyError" in output
    assert "OUR002" in output


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("raise RuntimeError('no licence')", "own rules `tools/our_rules.py`: RuntimeError: no licence"),
        (BLOCKS["tools/our_rules.py"].replace("OUR001", "LCK901"), "code `LCK901` is one of miglint's own families"),
        (BLOCKS["tools/our_rules.py"].replace("OUR001", "our1"), "code `our1` is not three letters and three digits"),
    ],
)
def test_what_cannot_be_used_stops_the_run_and_says_where(rules: str, said: str, tmp_path: Path) -> None:
    write(tmp_path, **{"tools/our_rules.py": rules})
    status, output = miglint(tmp_path, "check")
    assert status == 2
    assert "miglint.toml:1: " in output
    assert said in output


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    write(tmp_path, **{"miglint.toml": 'own-rules = ["tools/gone.py"]\n'})
    assert miglint(tmp_path, "check") == (2, miglint(tmp_path, "check")[1])
    assert "own rules `tools/gone.py`" in miglint(tmp_path, "check")[1]


def test_own_rules_of_one_checkout_are_not_there_in_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        write(folder)
    (second / "miglint.toml").unlink()
    other = BLOCKS["tools/our_rules.py"].replace("OUR001", "OUR003").replace("table-prefix", "another-name")
    write(second, **{"miglint.toml": 'own-rules = ["tools/our_rules.py"]\n', "tools/our_rules.py": other})

    def own(folder: Path) -> list[str]:
        monkeypatch.chdir(folder)
        settings = load(cwd=str(folder))
        found = check(Job(settings, ("migrations",), cached=False)).report.findings
        assert {item.category for item in found if item.code.startswith("OUR")} <= {"our"}
        return [code for code in load_rules(settings).rules if code.startswith("OUR")]

    assert own(first) == ["OUR001", "OUR002"]
    assert own(second) == ["OUR002", "OUR003"]
    assert own(first) == ["OUR001", "OUR002"]
    (first / "miglint.toml").unlink()
    assert own(first) == []
    assert "OUR" not in load_rules().families


def test_a_file_that_changes_between_two_checks_of_one_process_is_read_again(tmp_path: Path) -> None:
    write(tmp_path)
    settings = load(cwd=str(tmp_path))
    assert "OUR001" in load_rules(settings).rules
    write(tmp_path, **{"tools/our_rules.py": BLOCKS["tools/our_rules.py"].replace("OUR001", "OUR009")})
    assert [code for code in load_rules(settings).rules if code.startswith("OUR")] == ["OUR002", "OUR009"]


def test_a_module_that_was_imported_before_gives_its_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, **{"miglint.toml": 'own-rules = ["our_named_rules"]\n'})
    (tmp_path / "our_named_rules.py").write_text(BLOCKS["tools/our_rules.py"], encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    import_module("our_named_rules")
    for _ in range(2):
        assert {"OUR001", "OUR002"} <= load_rules(load(cwd=str(tmp_path))).rules.keys()


OLD = """
from miglint.api import Act, Context, Hit, Severity, Step, done, ops, rule, survey, tell

@rule("OUR001", "old-names", Severity.WARNING, "Written for an earlier release", on=(ops.CreateTable,))
def old_names(step: Step, context: Context):
    assert all(isinstance(act, Act) for act in survey(step).acts)
    for act, operation in done(step, ops.CreateTable):
        yield tell(act, Severity.ERROR, f"{operation.name.name} was found")
"""


def test_the_names_of_earlier_releases_work_with_a_warning(tmp_path: Path) -> None:
    write(tmp_path, **{"tools/our_rules.py": OLD, "miglint.toml": 'own-rules = ["tools/our_rules.py"]\n'})
    status, output = miglint(tmp_path, "check", "--select", "OUR")
    assert status == 1
    assert "orders was found" in output
    assert "FutureWarning: miglint.api.done is deprecated: use miglint.api.effective" in output


@pytest.mark.parametrize(
    ("parameters", "body"),
    [
        ("step", "yield from ()"),
        ("step, context", "assert context.settings == {}"),
        ("migration, options", "assert options.settings == {}"),
        ("context, step", "assert step.migration.version and context.settings == {}"),
        ("*both", "assert both[0].migration.version and both[1].settings == {}"),
        ("step, unused=1", "assert unused == 1"),
        ("", "yield from ()"),
    ],
)
def test_a_rule_declares_what_it_uses(tmp_path: Path, parameters: str, body: str) -> None:
    text = (
        "from miglint.api import Severity, rule\n\n\n"
        '@rule("OUR001", "a-rule", Severity.ERROR, "A rule")\n'
        f"def a_rule({parameters}):\n    {body}\n    return\n    yield\n"
    )
    write(tmp_path, **{"tools/our_rules.py": text, "miglint.toml": 'own-rules = ["tools/our_rules.py"]\n'})
    status, output = miglint(tmp_path, "check", "--select", "OUR,INT")
    assert (status, "INT001" in output) == (0, False), output


def test_a_parameter_that_no_rule_is_given_stops_the_run(tmp_path: Path) -> None:
    text = BLOCKS["tools/our_rules.py"].replace("(step: Step)", "(step: Step, context, options)")
    write(tmp_path, **{"tools/our_rules.py": text})
    status, output = miglint(tmp_path, "check")
    assert status == 2
    assert "unknown parameter `options`" in output
