"""The scaffold: what it writes runs as it is, and it overwrites nothing."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from miglint.cli.new_rule import command

from .book import read

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("src", "rules", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def scaffold(root: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, [*words, "--root", str(root)])
    return result.exit_code, result.output


def test_a_new_rule_runs_and_its_page_holds(checkout: Path, tmp_path: Path) -> None:
    status, said = scaffold(checkout, "IDM999", "table-to-be-renamed", "--summary", "A table has a passing name")
    assert (status, "IDM999-table-to-be-renamed.md" in said) == (0, True)
    page = read(checkout / "rules" / "idempotency" / "IDM999-table-to-be-renamed.md")
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


GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def commands(word: str) -> list[str]:
    """Return the arguments of the first command of the guide that holds a word."""
    line = next(line.strip() for line in GUIDE.splitlines() if line.startswith("       python") and word in line)
    return shlex.split(line)[1:]


def run(checkout: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        env=os.environ | {"PYTHONPATH": str(checkout / "src")},
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_who_follows_the_guide_has_a_green_rule(checkout: Path) -> None:
    (checkout / "tests").mkdir()
    shutil.copytree(ROOT / "tests" / "rules", checkout / "tests" / "rules")
    for name in ("pyproject.toml", "CONTRIBUTING.md", "tests/conftest.py"):
        shutil.copy(ROOT / name, checkout / name)
    words = commands("new_rule")
    written = run(checkout, *words)
    code, name = words[2:4]
    page = checkout / "rules" / "types" / f"{code}-{name}.md"
    module = checkout / "src" / "miglint" / "rules" / "types" / f"{name.replace('-', '_')}.py"
    for path in (page, module):
        shown = path.relative_to(checkout).as_posix()
        assert shown in GUIDE and shown in written
    # The rule of step 4 in place of the skeleton's, and the table that it is about in the examples.
    block = re.search(r"\n       @hazard\(.*?\n\n", GUIDE, re.DOTALL)
    assert block is not None
    skeleton = module.read_text(encoding="utf-8")
    function = textwrap.dedent(block[0].strip("\n"))
    module.write_text(skeleton[: skeleton.index("@hazard")] + function + "\n", encoding="utf-8")
    page.write_text(page.read_text(encoding="utf-8").replace("rename_me", "data"), encoding="utf-8")
    run(checkout, *commands("rule_book"))
    run(checkout, *commands("pytest"), "-q", "-p", "no:cacheprovider")


def test_an_opt_in_rule_in_a_module_that_exists(checkout: Path) -> None:
    status, said = scaffold(checkout, "LCK", "table-to-be-renamed", "--opt-in", "--module", "habits")
    assert status == 0
    code = said.split()[0]
    page = read(checkout / "rules" / "locks" / f"{code}-table-to-be-renamed.md")
    assert (page.metadata["default"], page.metadata["severity"]) == ("off", "warning")
    for example in page.examples:
        example.write(checkout / example.side)
        found = run(checkout, "-m", "miglint", "check", example.side, "--no-cache", "--exit-zero",
                    "--config", f"{example.side}/miglint.toml", "--quiet")  # fmt: skip
        assert (code in found) == (example.side == "Bad")
    assert (
        f"[{code}](../rules/locks/{code}-table-to-be-renamed.md)°" in (checkout / "docs" / "comparison.md").read_text()
    )


def test_nothing_is_overwritten(checkout: Path) -> None:
    assert scaffold(checkout, "IDM999", "table-to-be-renamed")[0] == 0
    before = {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}
    for words in (("IDM999", "table-to-be-renamed"), ("IDM999", "another-name")):
        status, said = scaffold(checkout, *words)
        assert (status, "already exists" in said) == (2, True)
    assert before == {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("IDM001", "a-name"), "rule IDM001 (create-table-unguarded) already exists"),
        (("IDM998", "create-table-unguarded"), "rule IDM001 (create-table-unguarded) already exists"),
        (("XXX001", "a-name"), "families"),
        (("idm998", "a-name"), "families"),
        (("IDM998", "A_Name"), "lower-case words"),
        (("IDM998", "a-name", "--summary", 'a "quoted" one'), "without quotes"),
        (("TYP", "a-name", "--module", "Not-a-module"), "expected a module name"),
    ],
)
def test_what_cannot_be_a_rule_is_refused(words: tuple[str, ...], reason: str, checkout: Path) -> None:
    status, said = scaffold(checkout, *words)
    assert (status, reason in " ".join(said.split())) == (2, True), said


def test_it_needs_a_checkout(tmp_path: Path) -> None:
    status, said = scaffold(tmp_path, "IDM998", "a-name")
    assert (status, "is not a checkout of miglint" in " ".join(said.split())) == (2, True)
