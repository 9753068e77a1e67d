"""The plain reader of a command line asks for what `click` would ask for, or leaves it to `click`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from miglint.cli import check as command_module
from miglint.cli.check import command
from miglint.cli.dry_run import options_of
from miglint.cli.request import CheckArguments, plain

_WORDS = (
    "migrations", "a.sql", "-", "--", "", "-q", "--quiet", "-v", "-qv", "--verbose", "--no-cache", "--exit-zero",
    "--format", "--format=json", "json", "sarif", "xml", "--form", "--color", "--color=never", "always",
    "--config", "--config=x.toml", "--config=", "--baseline", "b.json", "--layout", "plain", "--select", "IDM",
    "--hook", "--quiet=1", "-o", "out.txt", "--dry-run", "--rows", "5",
)  # fmt: skip


def _by_click(arguments: list[str]) -> CheckArguments | None:
    """Return what click makes of the arguments; None for a command line that it refuses."""
    try:
        with command.make_context("check", list(arguments), resilient_parsing=False) as context:
            parameters = dict(context.params)
            return CheckArguments(dry_run=options_of(parameters), **parameters)
    except (click.ClickException, click.exceptions.Exit):
        return None


@given(st.lists(st.sampled_from(_WORDS), max_size=5))
def test_plain_command_lines_mean_what_click_reads(arguments: list[str]) -> None:
    request = plain(arguments)
    if request is not None:
        assert request == _by_click(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["migrations"],
        ["--no-cache", "migrations", "-q"],
        ["--format", "json", "a.sql", "b.sql"],
        ["--format=sarif", "--color=never", "--config", "x.toml", "--baseline=b.json"],
    ],
)
def test_what_most_runs_ask_is_plain(arguments: list[str]) -> None:
    request = plain(arguments)
    assert request is not None
    assert request == _by_click(arguments)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--format", "xml"], ["--config"], ["-qv"], ["--dry-run"], ["--", "-q"], ["-"]]
)
def test_the_rest_is_left_to_click(arguments: list[str]) -> None:
    assert plain(arguments) is None


def test_every_option_has_its_field() -> None:
    names = {parameter.name for parameter in command_module.command.params}
    own = set(CheckArguments.__struct_fields__)
    assert own - {"dry_run"} <= names


def test_a_plain_check_does_without_click(tmp_path: Path) -> None:
    (tmp_path / "001_a.sql").write_text("CREATE TABLE a (id int PRIMARY KEY);\n")
    code = (
        "import sys; from miglint.cli.main import main; main(['check', '-q', '--no-cache', '.']);"
        "sys.stderr.write(str('click' in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert done.stderr == "False"
    assert "001_a.sql" in done.stdout
