"""Compare a branch with its base: which new migrations meet something that the base branch has."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname

from miglint.base.model import BaseBranch, Dialect, Discovered, Migration, Script, SourceFile, Span
from miglint.config.settings import Settings
from miglint.discovery import DiscoveryOptions, discover_text
from miglint.report.value import place_of
from miglint.rules.base_branch import BranchComparison, Meeting
from miglint.sql import operations as ops
from miglint.sql import parse
from miglint.sql.operations import Operation, flat

# More files than a branch usually lacks; each is placed in its history.
_MOST_ARRIVED = 100


def compared_with(branch: BaseBranch, found: Discovered, settings: Settings) -> BranchComparison:
    """Compare the migrations of this branch with those of its base."""
    edited = []
    new: list[tuple[Script, Migration]] = []
    for history in found.histories:
        for migration in history.migrations:
            script = migration.forward
            if script is None or migration.repeatable:
                continue
            if script.path in branch.edited:
                edited.append((history, migration))
            elif script.path in branch.added:
                new.append((script, migration))
    return BranchComparison(
        branch.reference,
        settings.runner,
        tuple(edited),
        tuple(_same_version(branch, new)),
        tuple(_sorts_before(branch, new)),
        tuple(_same_name(branch, new, settings)) if new and branch.arrived else (),
    )


def _same_version(branch: BaseBranch, new: list[tuple[Script, Migration]]) -> Iterator[Meeting]:
    taken: dict[tuple[str, str], str] = {}
    for path in sorted((file.path for file in branch.arrived), key=_rollbacks_last):
        place = place_of(path)
        if place is not None:
            taken.setdefault(place, path)
    paths = {file.path for file in branch.arrived}
    for script, migration in new:
        place = place_of(script.path)
        if place is not None and place in taken and script.path not in paths:
            yield Meeting(script, migration.version, taken[place])


def _sorts_before(branch: BaseBranch, new: list[tuple[Script, Migration]]) -> Iterator[Meeting]:
    latest: dict[str, tuple[int, str]] = {}
    taken = set()
    for path in sorted(branch.files, key=_rollbacks_last):
        place = place_of(path)
        if place is not None:
            taken.add(place)
            if int(place[1]) > latest.get(place[0], (-1, ""))[0]:
                latest[place[0]] = int(place[1]), path
    for script, migration in new:
        place = place_of(script.path)
        if place is None or place in taken or place[0] not in latest:
            continue
        number, path = latest[place[0]]
        if int(place[1]) < number:
            yield Meeting(script, migration.version, path)


def _same_name(branch: BaseBranch, new: list[tuple[Script, Migration]], settings: Settings) -> Iterator[Meeting]:
    made: dict[tuple[Dialect, str, str], str] = {}
    folders = {_history_folder(script.path) for script, _ in new}
    for file in branch.arrived[:_MOST_ARRIVED]:
        if _history_folder(file.path) in folders:
            for script in _forwards(file, settings):
                for name, _ in _created(script):
                    made.setdefault((script.dialect, _history_folder(file.path), name), file.path)
    paths = {file.path for file in branch.arrived}
    for script, migration in new:
        if script.path in paths:
            continue
        reported = set()
        for name, span in _created(script):
            path = made.get((script.dialect, _history_folder(script.path), name))
            if path is not None and name not in reported:
                reported.add(name)
                yield Meeting(script, migration.version, path, name, span)


def _rollbacks_last(path: str) -> tuple[bool, str]:
    """Return a sort key by which the forward of a pair, which is the one to name, comes before its rollback."""
    name = path.rpartition("/")[2].lower()
    return any(word in name for word in ("down", "rollback", "undo", "revert")), path


def _history_folder(path: str) -> str:
    place = place_of(path)
    return dirname(path) if place is None else place[0]


def _forwards(file: SourceFile, settings: Settings) -> Iterator[Script]:
    """Yield the forward scripts of a file of the base branch, read as one of the history beside it."""
    options = DiscoveryOptions(
        layout=settings.layout,
        dialect=Dialect(settings.dialect) if settings.dialect else None,
        rollbacks=settings.rollbacks,
        placeholders=settings.placeholders,
    )
    for history in discover_text(file.path, file.text, options=options).histories:
        for migration in history.migrations:
            if migration.forward is not None and migration.forward.path == file.path:
                yield migration.forward


def _created(script: Script) -> Iterator[tuple[str, Span]]:
    """Yield what a script creates, with the place of its statement."""
    for statement in parse(script):
        for operation in flat(statement.operations):
            name = _name(operation)
            if name is not None:
                yield name, statement.span


def _name(operation: Operation) -> str | None:
    match operation:
        case ops.CreateTable(temporary=True) | ops.CreateView(temporary=True) | ops.CreateSequence(temporary=True):
            return None
        case ops.CreateTable():
            return f"table {operation.name}"
        case ops.CreateView():
            return f"view {operation.name}"
        case ops.CreateSequence():
            return f"sequence {operation.name}"
        case ops.CreateType():
            return f"type {operation.name}"
        case ops.CreateIndex():
            return None if operation.name is None else f"index {operation.name}"
        case ops.AddColumn():
            return f"column {operation.table}.{operation.column.name}"
        case ops.CreateTrigger():
            return f"trigger {operation.name} on {operation.table}"
        case ops.CreatePolicy():
            return f"policy {operation.name} on {operation.table}"
        case _:
            return None
