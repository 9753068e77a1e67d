"""Compare a branch with its base: which new migrations conflict with something that the base branch has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from miglint.base.model import BaseBranch, Dialect, Discovered, History, Script
from miglint.config.settings import Settings
from miglint.discovery.find import discover_texts
from miglint.discovery.version_place import VersionPlace, version_place
from miglint.discovery.versions import SortKey
from miglint.linter.created_names import CreatedName, created_names
from miglint.linter.paths import discovery_options
from miglint.rules.base_branch import BranchComparison, Meeting

# Layouts that identify a migration by its whole file name: two may have the same number.
_BY_NAME = frozenset({"prisma", "sql-migrate"})


def compared_with(branch: BaseBranch, found: Discovered, settings: Settings) -> BranchComparison:
    """Compare the migrations of this branch with those of its base."""
    edited = []
    new = []
    for history in found.histories:
        for migration in history.migrations:
            script = migration.forward
            if script is None or migration.repeatable:
                continue
            if script.path in branch.edited:
                edited.append((history, migration))
            elif script.path in branch.added and script.path not in branch.arrived:
                new.append(_NewScript(history, migration.version, script, version_place(script.path)))
    return BranchComparison(
        branch.reference,
        settings.runner,
        tuple(edited),
        tuple(_same_version(branch, new)),
        tuple(_sorts_before(branch, new)),
        tuple(_same_name(branch, new, settings)) if new and branch.contents else (),
    )


class _NewScript(NamedTuple):
    """A forward script that only this branch has, with its place as derived from its path."""

    history: History
    version: str
    script: Script
    place: VersionPlace | None


def _same_version(branch: BaseBranch, new: list[_NewScript]) -> Iterator[Meeting]:
    taken: dict[VersionPlace, str] = {}
    for path in sorted(branch.arrived, key=_rollbacks_last):
        place = version_place(path)
        if place is not None:
            taken.setdefault(place, path)
    for item in new:
        if item.place is not None and item.place in taken and item.history.layout not in _BY_NAME:
            yield Meeting(item.script, item.version, taken[item.place])


def _sorts_before(branch: BaseBranch, new: list[_NewScript]) -> Iterator[Meeting]:
    latest: dict[str, tuple[SortKey, str]] = {}
    taken = set()
    for path in sorted(branch.files, key=_rollbacks_last):
        place = version_place(path)
        if place is not None:
            taken.add(place)
            if place.folder not in latest or place.key > latest[place.folder][0]:
                latest[place.folder] = place.key, path
    for item in new:
        if item.place is None or item.place in taken or item.place.folder not in latest:
            continue
        key, path = latest[item.place.folder]
        if item.place.key < key:
            yield Meeting(item.script, item.version, path)


def _same_name(branch: BaseBranch, new: list[_NewScript], settings: Settings) -> Iterator[Meeting]:
    made: dict[tuple[str, Dialect, CreatedName], str] = {}
    paths = {file.path for file in branch.contents}
    # A file of the base may have the name of a folder here.
    contents = {file.path: file.text for file in branch.contents if not Path(file.path).is_dir()}
    for history in discover_texts(contents, options=discovery_options(settings)).histories:
        for migration in history.migrations:
            script = migration.forward
            if script is not None and script.path in paths:
                for name in created_names(script):
                    made.setdefault((history.root, script.dialect, name), script.path)
    for item in new:
        for name, (label, span) in created_names(item.script).items():
            path = made.get((item.history.root, item.script.dialect, name))
            if path is not None:
                yield Meeting(item.script, item.version, path, label, span)


def _rollbacks_last(path: str) -> tuple[bool, str]:
    """Return a sort key by which the forward of a pair, which is the one to name, comes before its rollback."""
    name = path.rpartition("/")[2].lower()
    return any(word in name for word in ("down", "rollback", "undo", "revert")) or name.startswith("u"), path
