"""`miglint init`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from miglint.base.atomic_write import require_inside, write_file
from miglint.base.errors import UsageError
from miglint.base.inert import inert
from miglint.base.input_files import MAX_CONFIGURATION, read_bytes, read_in_checkout
from miglint.cli.request import CheckArguments
from miglint.config.integrations import PRE_COMMIT, WORKFLOW, with_hook, workflow
from miglint.config.settings import DEFAULT_BASELINE, FILE, load
from miglint.linter.first_look import FirstLook, described, first_look, pairs_and_scripts, worth_a_look


class _FileChange(NamedTuple):
    """A file to write: its path, its text before (None: it does not exist), and its text after."""

    path: str
    before: str | None
    after: str


@click.command("init")
@click.option("--baseline", is_flag=True, help="Accept the existing findings: write the baseline and enable it.")
@click.option("--pre-commit", is_flag=True, help=f"Add the hook to {PRE_COMMIT}.")
@click.option("--github", is_flag=True, help=f"Add a workflow: {WORKFLOW}.")
@click.option("--diff", is_flag=True, help="Print the changes and write nothing; exit with 1 if there are any.")
@click.option(
    "--from", "tool", type=click.Choice(["squawk"]), help="Fail if there is no configuration of this tool to import."
)
def command(*, baseline: bool, pre_commit: bool, github: bool, diff: bool, tool: str | None) -> int:
    """Write a miglint.toml for the migrations found here.

    Finds the folders, their tools and engines. Nothing in existing files is changed; a hook is added to them.
    """
    existing = _existing_configuration()
    if existing is not None and not (baseline or pre_commit or github):
        more = "--baseline, --pre-commit and --github add to what is there"
        raise UsageError(f"{existing} already exists and is not overwritten; {more}")
    _require_top_of_repository(["--pre-commit"] * pre_commit + ["--github"] * github)
    look = None if existing is not None else _look(baseline, tool, cached=not diff)
    changes = list(_changes(look, pre_commit=pre_commit, github=github))
    if diff:
        for line in _diff(changes):
            click.echo(inert(line), nl=False)
        return 1 if changes else 0
    _write_all(changes)
    if baseline:
        _write_baseline()
    for line in [] if look is None else _closing(look, baseline=baseline):
        click.echo(inert(line))
    if not changes and not baseline:
        click.echo(f"nothing to do: {inert(', '.join(_present(existing, pre_commit=pre_commit, github=github)))}")
    return 0


def _present(existing: str | None, *, pre_commit: bool, github: bool) -> Iterator[str]:
    """Yield what is there already of what was to be written."""
    if existing is not None:
        yield f"{Path(existing).name} exists"
    if pre_commit:
        yield f"{PRE_COMMIT} has the hook"
    if github:
        yield f"{WORKFLOW} exists"


def _changes(look: FirstLook | None, *, pre_commit: bool, github: bool) -> Iterator[_FileChange]:
    """Yield the files to write whose text changes."""
    if look is not None:
        yield _FileChange(FILE, None, look.text)
    if pre_commit:
        before = _text(PRE_COMMIT)
        after = with_hook(before)
        if after != before:
            yield _FileChange(PRE_COMMIT, before, after)
    if github and not Path(WORKFLOW).exists():
        yield _FileChange(WORKFLOW, None, workflow(*_requirement()))


def _existing_configuration() -> str | None:
    """Return the configuration of this very folder, if it has one."""
    file = load().file
    return file if file is not None and Path(file).parent.resolve() == Path.cwd().resolve() else None


def _require_top_of_repository(options: list[str]) -> None:
    """Raise `UsageError` for options used below the top of a repository, where hooks and workflows are read."""
    folder = Path.cwd()
    top = next((place for place in (folder, *folder.parents) if (place / ".git").exists()), folder)
    if options and top != folder:
        where = os.path.relpath(top)
        raise UsageError(
            f"{' and '.join(options)}: hooks and workflows are read at the top of the repository: run it in {where}"
        )


def _look(baseline: bool, tool: str | None, *, cached: bool) -> FirstLook:
    # Loading the rules is slow, and only the import needs their names.
    from miglint.cli.import_config import SQUAWK, from_squawk

    imported: list[str] = []
    if tool is not None or Path(SQUAWK).exists():
        imported = from_squawk(Path(SQUAWK))
    return first_look(
        str(Path.cwd()), baseline=DEFAULT_BASELINE if baseline else None, imported=imported, cached=cached
    )


def _text(path: str) -> str | None:
    try:
        return read_in_checkout(path, MAX_CONFIGURATION).decode("utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}:1: byte {error.start} is not UTF-8") from None


def _write_all(changes: list[_FileChange]) -> None:
    for change in changes:
        _write(change)
        click.echo(f"{change.path} {'written' if change.before is None else 'changed'}")


def _write(change: _FileChange) -> None:
    place = Path(change.path)
    try:
        require_inside(place)
        place.parent.mkdir(parents=True, exist_ok=True)
        if change.before is None:
            with place.open("x", encoding="utf-8", newline="") as stream:
                stream.write(change.after)
            return
        write_file(place, change.after.encode())
    except FileExistsError:
        raise UsageError(f"{change.path} already exists and is not overwritten") from None
    except OSError as error:
        raise UsageError(f"{change.path}: cannot be written: {error.strerror or error}") from None


def _write_baseline() -> None:
    # Only a baseline needs a check with all that belongs to it.
    from miglint.cli.run_check import run_check

    run_check(CheckArguments(write_baseline=True, configure=True), None)


def _diff(changes: list[_FileChange]) -> Iterator[str]:
    from difflib import unified_diff

    for change in changes:
        old = "/dev/null" if change.before is None else f"a/{change.path}"
        lines = unified_diff(
            (change.before or "").splitlines(keepends=True),
            change.after.splitlines(keepends=True),
            old,
            f"b/{change.path}",
        )
        yield from (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _closing(look: FirstLook, *, baseline: bool) -> Iterator[str]:
    """Yield what was found, what is worth a look, and what to run next."""
    if not look.histories:
        yield "no folder with migrations found here: set `paths`"
        return
    for history in look.histories:
        yield f"  {described(history)}"
    if look.idempotency is not None:
        reason = look.idempotency.reason
        yield f'  idempotency = "{look.idempotency.value}": {reason[0].lower()}{reason[1:]}'
    pairs, total = pairs_and_scripts(look.histories)
    found = len(look.report.findings)
    size = (
        f"{pairs:,} pair{'' if pairs == 1 else 's'}"
        if pairs == total
        else f"{total:,} migration{'' if total == 1 else 's'}, {f'{pairs:,}' if pairs else 'none'} with a rollback"
    )
    counted = f"{size}, {found:,} finding{'' if found == 1 else 's'}{' accepted' if baseline else ''}"
    first = worth_a_look(look.report)
    if first is not None:
        counted += f"; {first.code} in {first.path}:{first.line} is worth a look:\n  {first.message}"
    yield counted
    yield (
        "next: miglint check"
        if baseline
        else "next: miglint check, or miglint init --baseline to accept these findings"
    )


def _requirement() -> tuple[str, str]:
    """Return what pip installs to get this miglint, and a comment: its repository at a commit, or its version."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution

    from miglint import __version__

    pinned = f"miglint=={__version__}"
    try:
        places = [file.locate() for file in distribution("miglint").files or () if file.name == "direct_url.json"]
        origin = json.loads(read_bytes(str(places[0]), MAX_CONFIGURATION)) if places else {}
    except (PackageNotFoundError, OSError, ValueError):
        return pinned, ""
    version_control = origin.get("vcs_info")
    if version_control:
        return f'"miglint @ {version_control["vcs"]}+{origin["url"]}@{version_control["commit_id"]}"', ""
    if origin:
        # It came from a folder or a file of this machine, which says nothing about where others get it.
        return pinned, "If no index has it, name its repository: pip install git+https://..."
    return pinned, ""
