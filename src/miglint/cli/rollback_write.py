"""`miglint rollback write`."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from miglint.base.errors import UsageError
from miglint.base.inert import inert, inert_json, sql_comment
from miglint.base.model import Discovered, History, Script
from miglint.base.structs import replace
from miglint.cli.dialects import DialectType
from miglint.cli.dry_run import DryRunCommand, all_options, engine_options, options_of
from miglint.cli.file_changes import unified, write_all
from miglint.cli.histories import is_one_of, replayed_histories, versions_requested
from miglint.cli.output import write
from miglint.cli.trust import load_trusted
from miglint.cli.trust_options import trust_options
from miglint.config.settings import Settings
from miglint.discovery import discover_texts
from miglint.discovery.git import BaseCommit, base_commit
from miglint.discovery.walk import CLEAN_UP_FOLDER
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.results import HistoryRun
from miglint.linter.paths import checked_paths, discovery_options
from miglint.linter.run import baseline_schemas
from miglint.rollback.compose import ComposedFile, composed_files
from miglint.rollback.preparation import PreparedRollback, WriteOptions, prepare_rollbacks, read_back
from miglint.rollback.verification import Execute, verified_rollbacks
from miglint.rollback.written import what_is_lost, what_is_restored

_CLEAN_UP = "-- Drops what this migration set aside. Make it a migration when no rollback needs the data any more."
_EXAMPLES = (
    ("miglint rollback write", "write the missing rollbacks"),
    ("miglint rollback write --at 006 --diff", "show what would be written for 006"),
    ("miglint rollback write --at 006 --replace", "replace its rollback"),
    ("miglint rollback write --verify", "run each on a throwaway database first"),
)


class _WriteCommand(DryRunCommand):
    """The command, whose help lists the options that most runs need."""

    engine_flag = "--verify"
    shown_options = frozenset(
        [
            "versions",
            "over",
            "as_diff",
            "to_stdout",
            "preserve",
            "edit_applied",
            "format_",
            "dialect",
            "dry_run",
            "config",
            "all_options",
        ]
    )


@click.command("write", cls=_WriteCommand, examples=_EXAMPLES)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--at", "versions", multiple=True, metavar="VERSION", help="Only this migration; repeatable.")
@click.option("--replace", "over", is_flag=True, help="Replace existing rollbacks.")
@click.option("--diff", "as_diff", is_flag=True, help="Write nothing; print a unified diff.")
@click.option("--stdout", "to_stdout", is_flag=True, help="Write nothing; print the rollbacks.")
@click.option("--preserve-data", "preserve", is_flag=True, help="Set data aside before it is dropped or narrowed.")
@click.option("--edit-applied", is_flag=True, help="With --preserve-data: change forwards of the base branch too.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--dialect", type=DialectType(), help="Only histories of this dialect.")
@click.option("--config", metavar="FILE", help="Configuration file (default: the nearest one).")
@trust_options
@engine_options("--verify", "Run each rollback first, and write none that fails")
@all_options
def command(
    *,
    paths: tuple[str, ...],
    versions: tuple[str, ...],
    over: bool,
    as_diff: bool,
    to_stdout: bool,
    preserve: bool,
    edit_applied: bool,
    format_: str,
    dialect: str | None,
    **given: Any,
) -> int:
    """Write missing rollbacks.

    Each is made from the schemas before and after its forward, and goes where the layout expects it, in a file or a
    section of its own. A comment says what it restores: everything that was there before the forward, everything except
    what it names, only the schema, or nothing. Nothing else is changed. Exit status: 0, or 1 if a migration is left
    without a rollback or with one that loses rows or values from before the forward, or if --diff has changes, 2 for
    errors.
    """
    if as_diff and to_stdout:
        raise click.UsageError("--diff cannot be combined with --stdout")
    if edit_applied and not preserve:
        raise click.UsageError("--edit-applied requires --preserve-data")
    options = options_of(given)
    settings = load_trusted(**given)
    how = _write_options(over, preserve, edit_applied)
    prepared = _prepared(settings, paths, versions, dialect, how)
    prepared, files = _checked(settings, paths, prepared, options)
    changes = [file for file in files if file.before != file.after]
    if not as_diff and not to_stdout:
        write_all(changes)
    if format_ == "json":
        report = {"rollbacks": [item.as_dict() for item in prepared]}
        write(inert_json(json.dumps(report, indent=2, ensure_ascii=False)) + "\n", None)
    else:
        _print_rollbacks(prepared, changes, as_diff=as_diff, to_stdout=to_stdout)
    return 1 if any(item.insufficient for item in prepared) or (as_diff and changes) else 0


def _write_options(over: bool, preserve: bool, edit_applied: bool) -> WriteOptions:
    is_fixed = partial(_fixed, base_commit(), over=over) if preserve and not edit_applied else _never
    return WriteOptions(over, None, preserve, is_fixed)


def _print_rollbacks(
    prepared: list[PreparedRollback], changes: list[ComposedFile], *, as_diff: bool, to_stdout: bool
) -> None:
    if as_diff:
        write(inert("".join(unified(changes))), None)
    elif to_stdout:
        write(inert("".join(_texts(prepared)), colons="/**/::"), None)
    lines = inert("".join(f"{line}\n" for line in _lines(prepared, written=not (as_diff or to_stdout))))
    click.echo(lines, nl=False, err=as_diff or to_stdout)


def _prepared(
    settings: Settings, paths: tuple[str, ...], versions: tuple[str, ...], dialect: str | None, how: WriteOptions
) -> list[PreparedRollback]:
    histories = replayed_histories(settings, paths, dialect)
    wanted = versions_requested(histories, versions)
    others = [item.history for item in histories]
    found = []
    for item in histories:
        if versions and id(item) not in wanted:
            continue
        named = partial(is_one_of, wanted[id(item)]) if versions else None
        found += prepare_rollbacks(
            item.history,
            (step for step in item.steps if versions or item.is_requested(step.migration)),
            named,
            replace(how, target=settings.targets.get(item.history.dialect.value)),
            others,
        )
    return found


def _checked(
    settings: Settings,
    paths: tuple[str, ...],
    prepared: list[PreparedRollback],
    options: DryRunOptions | None,
) -> tuple[list[PreparedRollback], list[ComposedFile]]:
    """Return what can be written: what discovery reads back as that rollback, and what the engine confirms."""
    files = _files(prepared)
    if not files:
        return prepared, []
    for file in files:
        if file.before is None and Path(file.path).exists() and CLEAN_UP_FOLDER not in file.path:
            raise UsageError(f"{file.path} exists, but is not read as a rollback; it is not overwritten")
    contents = {file.path: file.after for file in files if CLEAN_UP_FOLDER not in file.path}
    requested = checked_paths(settings, paths).paths
    found = discover_texts(contents, requested, options=discovery_options(settings))
    again = read_back(prepared, found)
    if options is not None:
        again = verified_rollbacks(again, _execution(found, settings, options))
    return again, _files(again)


def _files(prepared: Sequence[PreparedRollback]) -> list[ComposedFile]:
    """Return the files to write: rollbacks, forwards that set data aside, and scripts that clean up."""
    files = composed_files([edit for item in prepared for edit in item.edits])
    for item in prepared:
        forward = item.migration.forward
        if item.edits and item.clean_up and forward is not None:
            path = posixpath.join(posixpath.dirname(forward.path), CLEAN_UP_FOLDER, f"{item.migration.version}.sql")
            files.append(ComposedFile(path, None, "\n".join((_CLEAN_UP, "", *item.clean_up, ""))))
    return files


def _never(script: Script) -> str | None:
    return None


def _fixed(base: BaseCommit | None, script: Script, *, over: bool) -> str | None:
    """Return why a forward must not be changed: it may have run already."""
    if base is None:
        return None if over else "whether it has run is not known without git; --replace changes it"
    if base.has(script.path):
        return f"{base.name} has it, so it may have run; --edit-applied changes it"
    return None


def _execution(found: Discovered, settings: Settings, options: DryRunOptions) -> Execute:
    """Return the function that runs histories on the engines; nothing of it is cached."""

    def execute(histories: Sequence[History]) -> tuple[HistoryRun, ...]:
        from miglint.linter.dry_run import execute_dry_run

        requested = replace(found, histories=tuple(histories))
        return execute_dry_run(requested, settings, baseline_schemas(settings), options, cached=False).histories

    return execute


def _texts(prepared: Sequence[PreparedRollback]) -> Iterator[str]:
    for item in prepared:
        if item.edit is not None:
            yield f"{sql_comment(item.edit.path)}\n" if len(prepared) > 1 else ""
            yield item.edit.text.strip("\n") + "\n"
        elif item.problem is not None and item.path is None:
            yield "".join(f"{sql_comment(line)}\n" for line in item.text.remarks)
            yield "".join(f"{text}\n" for text in item.text.statements)


def _lines(prepared: Sequence[PreparedRollback], *, written: bool) -> Iterator[str]:
    for item in prepared:
        migration = item.migration
        name = f"{migration.version} {migration.name}".rstrip()
        if item.problem is not None:
            yield f"{name}: not written: {item.problem}"
            continue
        verb = "unchanged:" if item.edit is None else "wrote" if written else "would write"
        restoring = what_is_restored(item.text.restores, loses=bool(item.text.lost))
        yield f"{name}: {verb} {item.path}, which {restoring}"
        yield from (f"  {reason}" for reason in item.text.missing)
        yield from (f"  {text}" for text in what_is_lost(item.text.loses))
        yield from (f"  fails on {text}" for text in item.text.fails_on)
        if item.forward_edits and migration.forward is not None:
            yield f"  {migration.forward.path} sets data aside in {', '.join(item.set_aside)}"
    if not prepared:
        yield "no rollback is missing"
    losing = [item.migration.version for item in prepared if item.problem is None and item.text.lost]
    if losing:
        yield f"{', '.join(losing)}: rows or values from before the forward are lost; --preserve-data keeps them."
