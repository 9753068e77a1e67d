"""The scaffold: what it writes runs as it is, and it overwrites nothing."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from miglint.cli.new_rule import command

from .book import read

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    return tmp_path


def scaffold(root: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, [*words, "--root", str(root)])
    return result.exit_code, result.output


def test_a_new_rule_runs_and_its_page_holds(checkout: Path, tmp_path: Path) -> None:
    status, said = scaffold(checkout, "IDM999", "table-to-be-renamed", "--summary", "A table has a passing name")
    assert (status, "IDM999.md" in said) == (0, True)
    page = read(checkout / "rules" / "IDM999.md")
    assert (page.name, page.summary) == ("table-to-be-renamed", "A table has a passing name")
    for example in page.examples:
        folder = tmp_path / example.side
        example.write(folder)
        run = subprocess.run(
            [sys.executable, "-m", "miglint", "check", str(folder), "--no-cache", "--format", "json", "--exit-zero"],
            env=os.environ | {"PYTHONPATH": str(checkout / "src")},
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        fired = [item["code"] for item in json.loads(run.stdout)["findings"]]
        assert ("IDM999" in fired) == (example.side == "Bad"), run.stdout


def test_the_example_of_the_instructions_works(checkout: Path) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if "-m miglint.cli.new_rule" in line)
    words = shlex.split(line.partition("new_rule")[2])
    assert scaffold(checkout, *words)[0] == 0
    assert text.count(words[0]) > 3
    module = f"src/miglint/rules/{words[0].lower()}_{words[1].replace('-', '_')}.py"
    assert module in text and (checkout / module).is_file()


def test_nothing_is_overwritten(checkout: Path) -> None:
    assert scaffold(checkout, "IDM999", "table-to-be-renamed")[0] == 0
    before = {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}
    for words in (("IDM999", "table-to-be-renamed"), ("IDM999", "another-name")):
        status, said = scaffold(checkout, *words)
        assert (status, "is there already" in said) == (2, True)
    assert before == {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("IDM001", "a-name"), "there is a rule IDM001"),
        (("IDM998", "create-table-unguarded"), "there is a rule IDM001"),
        (("XXX001", "a-name"), "families"),
        (("idm998", "a-name"), "families"),
        (("IDM998", "A_Name"), "lower-case words"),
        (("IDM998", "a-name", "--summary", 'a "quoted" one'), "without quotes"),
    ],
)
def test_what_cannot_be_a_rule_is_refused(words: tuple[str, ...], reason: str, checkout: Path) -> None:
    status, said = scaffold(checkout, *words)
    assert (status, reason in " ".join(said.split())) == (2, True), said


def test_it_needs_a_checkout(tmp_path: Path) -> None:
    status, said = scaffold(tmp_path, "IDM998", "a-name")
    assert (status, "no checkout" in said) == (2, True)
