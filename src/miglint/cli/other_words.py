"""Commands and options that people know from other linters, and what stands for them here."""

from __future__ import annotations

import os
from collections.abc import Mapping

import click

from miglint.config.toml_table import nearest

_COMMANDS = {
    "lint": "check",
    "validate": "check",
    "run": "check",
    "test": "check",
    "format": "fix",
    "config": "init",
    "list-rules": "rules",
    "rule": "explain",
    "down": "rollback",
    "undo": "rollback",
    "convert": "port",
    "clean": "cache",
}
_OPTIONS = {
    "--at": "name the migration's file: `miglint check FILE`",
    "--config-file": "`--config FILE`",
    "--disable": "`--ignore RULES`",
    "--enable": "`--select RULES`, or `--extend-select RULES` in addition to the default ones",
    "--exclude": "`exclude = [...]` in the configuration leaves files out",
    "--exclude-path": "`exclude = [...]` in the configuration leaves files out",
    "--fix": "`miglint fix`",
    "--json": "`--format json`",
    "--level": "`--fail-on SEVERITY`",
    "--min-severity": "`--fail-on SEVERITY`",
    "--only": "`--select RULES`",
    "--output-format": "`--format FORMAT`",
    "--pg-version": "`--target postgres>=N`",
    "--reporter": "`--format FORMAT`",
    "--rule": "`--select RULES`",
    "--rules": "`--select RULES`",
    "--severity": "`--fail-on SEVERITY` decides what fails the run, `[severity]` in the configuration weighs rules",
    "--skip": "`--ignore RULES`",
    "--strict": "`--fail-on warning`",
    "--version": "`miglint --version`",
    "--warn-only": "`--exit-zero`",
}


def about_command(word: str, known: Mapping[str, str]) -> str:
    """Return what to write instead of an unknown command, as the continuation of the message."""
    if _COMMANDS.get(word) in known:
        return f" (did you mean `{_COMMANDS[word]}`?)"
    if os.path.lexists(word):
        return f": to check it, `miglint check {word}`"
    return nearest(word, known)


def with_meant_option(error: click.NoSuchOption) -> click.NoSuchOption:
    """Return the error about an unknown option of `check` or `fix` with the option that was probably meant."""
    meant = _OPTIONS.get(error.option_name)
    command = error.ctx.command.name if error.ctx is not None else None
    if meant is None or command not in ("check", "fix"):
        return error
    return click.NoSuchOption(error.option_name, f"No such option '{error.option_name}': {meant}", (), error.ctx)
