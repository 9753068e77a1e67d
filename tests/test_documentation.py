"""Commands in the README and in docs/ are run against this checkout, and print what is shown; settings are valid."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from tests.dryrun.attacks import ATTACKS

from miglint.config.settings import PYPROJECT, settings_of_text

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
MOST_NOT_RUN = 8
_BLOCK = re.compile(r"^```(?P<head>[^\n`]*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r'title="([^"]*)"')
# What the shown output leaves out, and what differs from run to run.
_LEFT_OUT = "[...]"
_TIME = re.compile(r"\b\d+(?:\.\d+)? m?s\b")


class Block(NamedTuple):
    page: str
    line: int
    head: str
    body: str

    @property
    def language(self) -> str:
        return self.head.split(" ")[0]

    @property
    def title(self) -> str:
        found = _TITLE.search(self.head)
        return found[1] if found else ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks() -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in _BLOCK.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield Block(page.relative_to(ROOT).as_posix(), line, found["head"].strip(), found["body"])


def of(language: str) -> list[Block]:
    return [block for block in blocks() if block.language == language]


SHELL = of("sh")
RUN = [block for block in SHELL if "no-run" not in block.head.split()]
NOT_RUN = [block for block in SHELL if block not in RUN]


def commands(block: Block) -> list[tuple[str, str]]:
    """Return each command, which begins with `$ `, with the output shown below it."""
    parts = re.split(r"^\$ (.*)\n", block.body, flags=re.MULTILINE)
    assert not parts[0].strip(), f"{block}: a command begins with `$ `"
    return list(zip(parts[1::2], parts[2::2], strict=True))


def test_there_is_something_to_run_and_little_that_is_not() -> None:
    assert len(RUN) >= 2
    assert len(NOT_RUN) <= MOST_NOT_RUN
    assert [str(block) for block in NOT_RUN if len(block.title) < 10] == []


@pytest.mark.parametrize("block", RUN, ids=str)
def test_commands_print_what_is_shown(block: Block, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(tmp_path)),
        "COLUMNS": "120",
    }
    for command, shown in commands(block):
        assert command.split()[0] == "miglint", f"{block}: only commands of miglint are run"
        done = subprocess.run(
            shlex.split(command), cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode in (0, 1), done.stderr
        pieces = [re.escape(_timeless(piece).strip()) for piece in shown.rstrip().split(_LEFT_OUT)]
        printed = _timeless(done.stdout + done.stderr).rstrip()
        assert re.fullmatch(r"\s*" + r".*?".join(pieces) + r"\s*", printed, re.DOTALL), f"{block}: {printed}"


def _timeless(text: str) -> str:
    return _TIME.sub("N ms", text)


@pytest.mark.parametrize("block", of("toml"), ids=str)
def test_settings_are_those_of_miglint(block: Block) -> None:
    assert block.title != PYPROJECT
    settings_of_text(block.body, str(ROOT))


@pytest.mark.parametrize("block", of("yaml"), ids=str)
def test_workflows_and_hooks_follow_their_schemas(block: Block, tmp_path: Path) -> None:
    file = tmp_path / Path(block.title).name
    file.write_text(block.body, encoding="utf-8")
    if file.name == ".pre-commit-config.yaml":
        from pre_commit.clientlib import load_config

        load_config(str(file))
        return
    assert block.title.startswith(".github/workflows/"), f"{block}: a title names the kind of file"
    from check_jsonschema.cli import main as check

    with pytest.raises(SystemExit) as ended:
        check(["--builtin-schema", "vendor.github-workflows", str(file)])
    assert ended.value.code == 0
    assert yaml.safe_load(block.body)["jobs"]


def test_no_placeholder_of_a_repository_is_left() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in (*PAGES, ROOT / "action.yml")}
    assert [path.name for path, text in texts.items() if "OWNER/" in text] == []


def test_all_extras_are_named() -> None:
    import tomllib

    project = tomllib.loads((ROOT / PYPROJECT).read_text(encoding="utf-8"))["project"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in project["optional-dependencies"] if f"| `{name}` |" not in readme] == []


def test_the_picture_is_what_the_command_prints() -> None:
    drawn = subprocess.run(
        [sys.executable, "-c", "import terminal_picture as p; print(p.drawn(), end='')"],
        cwd=ROOT / "scripts",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert drawn.stdout == (ROOT / "docs" / "demo.svg").read_text(encoding="utf-8"), "run `make picture`"


def test_tests_that_the_security_page_names_are_there() -> None:
    """Each is in the file that is named last before it."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    missing, text, count = [], "", 0
    for path, name in re.findall(r"`(tests/[\w/]+\.py)`|`(test_\w+)`", page):
        if path:
            text = (ROOT / path).read_text(encoding="utf-8")
        elif f"def {name}(" not in text:
            missing.append(name)
        count += 1
    assert missing == []
    assert count > 20


def test_the_security_page_names_each_kind_of_attack() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    table = page.partition("### Attacks on PostgreSQL")[2].partition("## SQLite")[0]
    kinds = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert sorted(kinds) == sorted({name.partition(":")[0] for name in ATTACKS})
