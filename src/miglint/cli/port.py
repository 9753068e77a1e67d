"""`miglint port`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from miglint.base.errors import UsageError
from miglint.base.inert import inert, inert_json, sql_comment
from miglint.base.model import Dialect, Discovered, History
from miglint.base.structs import Struct, replace
from miglint.cli.dialects import DialectType
from miglint.cli.dry_run import DryRunCommand, all_options, engine_options, options_of
from miglint.cli.file_changes import unified, write_all
from miglint.cli.histories import is_one_of, replayed_histories, versions_requested
from miglint.cli.output import write
from miglint.cli.trust import load_trusted
from miglint.cli.trust_options import trust_options
from miglint.config.settings import Settings
from miglint.discovery import discover_texts
from miglint.discovery.context import variant_places
from miglint.dryrun.options import DryRunOptions
from miglint.linter.analysis import start_of
from miglint.linter.findings_builder import steps_of
from miglint.linter.paths import checked_paths, discovery_options
from miglint.linter.reruns import Reruns
from miglint.linter.run import ReplayedHistory, baseline_schemas
from miglint.port.preparation import PortedMigration, PortOptions, Wanted, port_history, read_back
from miglint.port.rollbacks import PortedRollback, rollbacks_of
from miglint.replay.steps import Step
from miglint.replay.variants import Variants, variants
from miglint.rollback.compose import ComposedFile, composed_files

_EXAMPLES = (
    ("miglint port --to sqlite", "write the SQLite variants that are missing"),
    ("miglint port --to sqlite --at 006 --diff", "show what would be written for 006"),
    ("miglint port --to postgres --verify", "run each on a throwaway database first"),
)


class _PortCommand(DryRunCommand):
    """The command, whose help lists the options that most runs need."""

    engine_flag = "--verify"
    shown_options = frozenset(
        ["target", "versions", "over", "as_diff", "to_stdout", "format_", "dry_run", "config", "all_options"]
    )


class _Ported(Struct, frozen=True):
    """What was written, and the files with it."""

    migrations: list[PortedMigration]
    rollbacks: list[PortedRollback]
    files: list[ComposedFile]


@click.command("port", cls=_PortCommand, examples=_EXAMPLES)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--to", "target", type=DialectType(), required=True, help="The engine to write for.")
@click.option("--at", "versions", multiple=True, metavar="VERSION", help="Only this migration; repeatable.")
@click.option("--replace", "over", is_flag=True, help="Replace existing variants.")
@click.option("--diff", "as_diff", is_flag=True, help="Write nothing; print a unified diff.")
@click.option("--stdout", "to_stdout", is_flag=True, help="Write nothing; print the variants.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--config", metavar="FILE", help="Configuration file (default: the nearest one).")
@trust_options
@engine_options("--verify", "Run each variant and its rollback first, and write none that fails")
@all_options
def command(
    *,
    paths: tuple[str, ...],
    target: str,
    versions: tuple[str, ...],
    over: bool,
    as_diff: bool,
    to_stdout: bool,
    format_: str,
    **given: Any,
) -> int:
    """Write the variants of migrations for the other engine.

    Each is made from the migration and the schema that the existing variants lead to, goes where the layout reads it,
    and gets a rollback if the migration has one. What the other engine does not support is left in it as a comment.
    Nothing else is changed. Exit status: 0, or 1 if something is not carried over, or if --diff has changes, 2 for
    errors.
    """
    if as_diff and to_stdout:
        raise click.UsageError("--diff cannot be combined with --stdout")
    options = options_of(given)
    settings = load_trusted(**given)
    dialect = Dialect(target)
    reruns = Reruns.of(settings)
    how = PortOptions(
        dialect,
        settings.targets.get(target),
        settings.port.get(target, {}),
        over,
        lambda path: reruns.choice(path) == "required",
    )
    ported = _ported(settings, paths, versions, how)
    done = _checked(settings, paths, ported, how, options)
    changes = [file for file in done.files if file.before != file.after]
    if not as_diff and not to_stdout:
        write_all(changes)
    if format_ == "json":
        report = {"variants": [_as_dict(item, done.rollbacks) for item in done.migrations]}
        write(inert_json(json.dumps(report, indent=2, ensure_ascii=False)) + "\n", None)
    else:
        if as_diff:
            write(inert("".join(unified(changes))), None)
        elif to_stdout:
            write(inert("".join(_texts(done.migrations)), colons="/**/::"), None)
        lines = inert("".join(f"{line}\n" for line in _lines(done, written=not (as_diff or to_stdout))))
        click.echo(lines, nl=False, err=as_diff or to_stdout)
    return 1 if _is_incomplete(done, printed=to_stdout) or (as_diff and changes) else 0


def _is_incomplete(done: _Ported, *, printed: bool) -> bool:
    """Return whether something is not carried over, or not written; what is `printed` need not have a place."""
    left = any(item.losses or (item.problem and not printed) for item in done.migrations)
    return left or any(item.problem or item.lacks_rows for item in done.rollbacks)


def _ported(
    settings: Settings, paths: tuple[str, ...], versions: tuple[str, ...], how: PortOptions
) -> list[PortedMigration]:
    histories = replayed_histories(settings, _with_variants(paths), None, every=True)
    steps = {id(item.history): [*item.steps] for item in histories}
    sources = [
        item
        for item in histories
        if item.history.dialect is not how.target and any(map(item.is_requested, item.history.migrations))
    ]
    if not sources:
        raise UsageError(f"all migrations are for {how.target.value} already")
    wanted = versions_requested(sources, versions)
    paired = {id(both.of(_other(how.target))): both for both in variants([item.history for item in histories])}
    found: list[PortedMigration] = []
    for item in sources:
        if not versions or id(item) in wanted:
            named = partial(is_one_of, wanted[id(item)]) if versions else None
            found += _of_history(settings, item, steps, paired.get(id(item.history)), named, how)
    return found


def _with_variants(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return paths with the folders that may hold the other engine's history."""
    given = [Path(path).absolute() for path in paths]
    places = variant_places(str(path / "any.sql" if path.is_dir() else path) for path in given)
    found = [Path(place) for place in sorted(places)]
    root = Path.cwd()
    return (*paths, *(_shown(path, root) for path in found if path.is_dir() and path not in given))


def _shown(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _of_history(
    settings: Settings,
    item: ReplayedHistory,
    steps: dict[int, list[Step]],
    pairs: Variants | None,
    wanted: Wanted | None,
    how: PortOptions,
) -> Iterator[PortedMigration]:
    other = [] if pairs is None else steps.get(id(pairs.of(how.target)), [])
    start = other[0].before if other else start_of(how.target, baseline_schemas(settings))
    for ported in port_history((item.history, steps[id(item.history)]), other, pairs, start, wanted, how):
        if item.is_requested(ported.migration):
            yield ported


def _other(dialect: Dialect) -> Dialect:
    return Dialect.SQLITE if dialect is Dialect.POSTGRES else Dialect.POSTGRES


def _checked(
    settings: Settings,
    paths: tuple[str, ...],
    ported: list[PortedMigration],
    how: PortOptions,
    options: DryRunOptions | None,
) -> _Ported:
    """Return what can be written: what is read back as the variant that it is, and runs on the engine."""
    files = _files(ported)
    if not files:
        return _Ported(ported, [], [])
    for file in files:
        if file.before is None and Path(file.path).exists():
            raise UsageError(f"{file.path} exists, but is not read as a variant; it is not overwritten")
    requested = checked_paths(settings, _with_variants(paths)).paths
    found = _read(settings, requested, files)
    again = read_back(ported, found, variants)
    files = _files(again)
    rollbacks: list[PortedRollback] = []
    if files:
        found = _read(settings, requested, files)
        again = read_back(again, found, variants)
        rollbacks = rollbacks_of(again, found, partial(_replayed, settings), how)
        files = _with_rollbacks(files, rollbacks)
    if options is not None and files:
        again, rollbacks = _verified(settings, requested, again, rollbacks, files, options)
        files = _with_rollbacks(_files(again), rollbacks)
    return _Ported(again, rollbacks, files)


def _replayed(settings: Settings, history: History) -> Iterator[Step]:
    return steps_of(history, settings, baseline_schemas(settings))


def _read(settings: Settings, requested: tuple[str, ...], files: Sequence[ComposedFile]) -> Discovered:
    contents = {file.path: file.after for file in files}
    return discover_texts(contents, requested, options=discovery_options(settings))


def _files(ported: Sequence[PortedMigration]) -> list[ComposedFile]:
    return composed_files([item.edit for item in ported if item.edit is not None])


def _with_rollbacks(files: Sequence[ComposedFile], rollbacks: Sequence[PortedRollback]) -> list[ComposedFile]:
    """Return the files with the rollbacks: in files of their own, or behind the variants in theirs."""
    found = {file.path: file for file in files}
    for item in rollbacks:
        if item.edit is None:
            continue
        for file in composed_files([item.edit]):
            there = found.get(file.path)
            found[file.path] = file if there is None else ComposedFile(file.path, there.before, file.after)
    return [found[path] for path in sorted(found)]


def _verified(
    settings: Settings,
    requested: tuple[str, ...],
    ported: list[PortedMigration],
    rollbacks: list[PortedRollback],
    files: Sequence[ComposedFile],
    options: DryRunOptions,
) -> tuple[list[PortedMigration], list[PortedRollback]]:
    from miglint.linter.dry_run import execute_dry_run
    from miglint.port.rollbacks import verified

    found = _read(settings, requested, files)

    def execute(histories: Sequence[History]) -> Any:
        chosen = replace(found, histories=tuple(histories))
        return execute_dry_run(chosen, settings, baseline_schemas(settings), options, cached=False).histories

    return verified(ported, rollbacks, found, execute)


def _texts(ported: Sequence[PortedMigration]) -> Iterator[str]:
    for item in ported:
        forward = item.migration.forward
        name = item.edit.path if item.edit is not None else f"from {forward.path}" if forward is not None else ""
        if len(ported) > 1:
            yield f"{sql_comment(name)}\n"
        yield item.script.text.strip("\n") + "\n"


def _as_dict(item: PortedMigration, rollbacks: Sequence[PortedRollback]) -> dict[str, object]:
    own = next((one for one in rollbacks if one.ported.migration is item.migration), None)
    return {**item.as_dict(), "rollback": None if own is None else own.as_dict()}


def _lines(done: _Ported, *, written: bool) -> Iterator[str]:
    for item in done.migrations:
        migration = item.migration
        name = f"{migration.version} {migration.name}".rstrip()
        if item.problem is not None:
            yield f"{name}: not written: {item.problem}"
        elif item.edit is not None:
            yield f"{name}: {'wrote' if written else 'would write'} {item.edit.path}"
        own = next((one for one in done.rollbacks if one.ported.migration is migration), None)
        if own is not None:
            yield f"  {own.line(written=written)}"
        yield from (f"  not carried over: {loss.reason}" for loss in item.losses)
        yield from (f"  {sentence}" for sentence in item.differing)
    if not done.migrations:
        yield "no variant is missing"
