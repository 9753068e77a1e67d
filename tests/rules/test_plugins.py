"""Rules of one's own: the example of the documentation runs as it stands there, and mistakes are told."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "own-rules.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r'```\w+ title="([^"]+)"\n(.*?)```', PAGE, re.DOTALL))


def write(folder: Path, **changed: str) -> None:
    for name, text in {**BLOCKS, **changed}.items():
        if "/" in name or name.endswith(".toml"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")


def miglint(folder: Path, *arguments: str) -> tuple[int, str]:
    # A process of its own: what is registered stays registered.
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
    for line in BLOCKS["what is said"].splitlines():
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
