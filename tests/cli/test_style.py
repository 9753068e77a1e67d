"""Style on the command line: when sqlfluff is imported, when it is missing, and which scripts it is asked about."""

import json
import os
import re
import subprocess
import sys

import pytest

WRONG = "CREATE TABLE a  (id int);\n"


def run(project, *arguments, before="", after=""):
    """Run the command in a process of its own, with code before and after it."""
    program = f"import sys\n{before}\nfrom miglint.cli.main import main\nstatus = main(sys.argv[1:])\n{after}"
    return subprocess.run(
        [sys.executable, "-c", f"{program}\nsys.exit(status)", *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def without(project, *arguments):
    """Run the command where sqlfluff cannot be imported."""
    return run(project, *arguments, before="sys.modules['sqlfluff'] = None")


def imports_it(project, *arguments):
    done = run(project, *arguments, after="print('sqlfluff' in sys.modules, file=sys.stderr)")
    return done.stderr.splitlines()[-1] == "True"


def test_sqlfluff_is_imported_for_its_rule_alone(project):
    assert not imports_it(project, "check", "--no-cache")
    assert not imports_it(project, "check", "--no-cache", "--select", "ALL", "--ignore", "STY")
    assert not imports_it(project, "rules")
    assert not imports_it(project, "explain", "STY001")
    assert imports_it(project, "check", "--no-cache", "--extend-select", "STY")


@pytest.mark.parametrize("name", ["STY", "style", "STY001", "sqlfluff", "ALL,STY001"])
def test_asked_by_name_it_must_be_installed(project, name):
    done = without(project, "check", "--select", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "miglint: STY001 (sqlfluff) needs sqlfluff, which is not installed: pip install 'miglint[style]'\n"
    )


def test_all_rules_do_without_it_and_say_so(project):
    (project / "miglint.toml").write_text('dialect = "postgres"\nidempotency = "required"\n')
    done = without(project, "check", "--no-cache", "--select", "ALL")
    assert done.returncode == 1
    assert "IDM001" in done.stdout
    assert done.stderr == (
        "note: STY001 (sqlfluff) needs sqlfluff, which is not installed: pip install 'miglint[style]'; "
        "all other rules were run\n"
    )
    done = without(project, "check", "--no-cache", "--select", "ALL", "--ignore", "STY")
    assert (done.returncode, done.stderr) == (1, "")
    assert without(project, "check", "--no-cache").stderr == ""


def test_it_is_off_until_it_is_asked_for(project, miglint):
    (project / "migrations" / "001_accounts.up.sql").write_text(WRONG)
    assert "STY001" not in miglint("check").stdout
    (line,) = (one for one in miglint("rules").stdout.splitlines() if "STY001" in one)
    assert line.split()[:3] == ["STY001", "off", "sqlfluff"]
    assert miglint("explain", "style").stdout.startswith("# STY001 sqlfluff\n")
    (project / "miglint.toml").write_text('extend-select = ["STY"]\nseverity = { STY = "error" }\n')
    found = json.loads(miglint("check", "--format", "json").stdout)["findings"]
    (told,) = (item for item in found if item["code"] == "STY001")
    assert told["message"].startswith("LT01 layout.spacing: Expected only single space")
    assert (told["severity"], told["column"], told["end_column"]) == ("error", 15, 17)


def test_a_changed_configuration_of_sqlfluff_counts_at_once(project, miglint):
    (project / "migrations" / "001_accounts.up.sql").write_text(WRONG)
    for path in (project, project / "migrations", *(project / "migrations").iterdir()):
        os.utime(path, (1, 1))
    for _ in range(2):
        assert "LT01" in miglint("check", "--select", "STY").stdout
    (project / ".sqlfluff").write_text("[sqlfluff]\nexclude_rules = LT01\n")
    os.utime(project / ".sqlfluff", (1, 1))
    assert "LT01" not in miglint("check", "--select", "STY").stdout


def test_what_is_told_of_some_files_is_not_kept_as_the_answer_for_all(project, miglint):
    (project / "migrations" / "002_a.up.sql").write_text(WRONG)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], cwd=project, check=True)
    subprocess.run([*git, "add", "."], cwd=project, check=True)
    subprocess.run([*git, "commit", "-q", "-m", "a"], cwd=project, check=True)
    (project / "migrations" / "003_b.up.sql").write_text(WRONG)
    rules = ("--select", "STY", "--format", "json")

    def paths(*arguments):
        return {item["path"] for item in json.loads(miglint("check", *rules, *arguments).stdout)["findings"]}

    new = "migrations/003_b.up.sql"
    assert paths("--since", "HEAD") == {new}
    assert paths("--hook", new) == {new}
    assert paths(new) == {new}
    assert paths() >= {new, "migrations/002_a.up.sql"}


def test_a_script_from_standard_input_in_a_folder_that_is_not_there(project, miglint):
    (project / ".sqlfluff").write_text("[sqlfluff:rules:capitalisation.keywords]\ncapitalisation_policy = lower\n")
    name = "not/there/001_a.postgres.up.sql"
    done = miglint("check", "--select", "STY", "--stdin-filename", name, stdin="SELECT 1;\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"\nnot/there/001_a\.postgres\.up\.sql:1:1: info STY001 sqlfluff \[\*\]\s+CP01", done.stdout)


def test_several_rules_of_sqlfluff_in_a_file_are_told_each_by_itself(project, miglint):
    (project / "migrations" / "001_accounts.up.sql").write_text(f"{WRONG}select id  FROM a;\n")
    done = miglint("check", "--select", "STY", COLUMNS="80")
    assert done.returncode == 0
    lines = [line for line in done.stdout.splitlines() if "STY001" in line or "layout" in line or "also" in line]
    assert lines == [
        "migrations/001_accounts.up.sql:1:15: info STY001 sqlfluff [*]",
        "  LT01 layout.spacing: Expected only single space before start bracket '('.",
        "  also on line 2: LT01 layout.spacing: Expected only single space before 'FROM'",
        "migrations/001_accounts.up.sql:2:1: info STY001 sqlfluff [*]",
    ]
