"""The histories that a command is about, and the migrations that its options name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from miglint.base.digits import whole_number
from miglint.base.errors import UsageError
from miglint.base.model import History, Migration
from miglint.base.structs import replace
from miglint.config.settings import Settings
from miglint.config.toml_table import nearest
from miglint.linter.paths import checked_paths
from miglint.linter.run import Job, ReplayedHistory, replayed


def replayed_histories(
    settings: Settings, paths: tuple[str, ...], dialect: str | None, *, every: bool = False
) -> list[ReplayedHistory]:
    """Return the histories of the paths, replayed as they are read; those of a dialect only, if one is given.

    With `every`, those are among them that were read only since they belong to these.

    A dialect chooses among the histories. If none has it, it is that of the scripts without an indication.
    Raises `UsageError` if there are none.
    """
    chosen = checked_paths(settings, paths).paths
    histories = _of(dialect, settings, chosen, every=every)
    if not histories and dialect is not None and settings.dialect is None:
        histories = _of(dialect, replace(settings, dialect=dialect), chosen, every=every)
    if not histories:
        raise UsageError("no migrations found" + (f" for {dialect}" if dialect else ""))
    return histories


def _of(dialect: str | None, settings: Settings, paths: tuple[str, ...], *, every: bool) -> list[ReplayedHistory]:
    found = replayed(Job(settings, paths), every=every)
    return [item for item in found if dialect in (None, item.history.dialect.value)]


def one_history(histories: Sequence[ReplayedHistory], ways: str = "a folder or --dialect") -> ReplayedHistory:
    """Return the only history; raises `UsageError` if there are several. `ways` are those to name one."""
    if len(histories) > 1:
        listed = "\n".join(f"  {history.root or '.'} ({history.dialect.value})" for history, *_ in histories)
        raise UsageError(f"several histories found; specify {ways}\n{listed}")
    return histories[0]


def histories_named(histories: list[ReplayedHistory], version: str) -> tuple[list[ReplayedHistory], str]:
    """Return the histories that `FOLDER:VERSION`, a path or a version names, with the version.

    A folder may be a part of a history's path. Those that have the version are returned if any has.
    """
    folder, colon, rest = version.rpartition(":")
    # Liquibase's versions have a colon: `author:id`.
    if colon and not any(is_named(version, each) for item in histories for each in item.history.migrations):
        return _in_folder(histories, folder), rest
    named = [item for item in histories if any(is_named(version, each) for each in item.history.migrations)]
    return named or histories, version


def _in_folder(histories: list[ReplayedHistory], folder: str) -> list[ReplayedHistory]:
    """Return the histories of a folder, or those whose path it is a part of; raises `UsageError` if there are none."""
    place = Path(folder).as_posix()
    named = [item for item in histories if item.history.root in (place, folder)]
    named = named or [item for item in histories if f"/{place}/" in f"/{item.history.root}/"]
    if not named:
        roots = [item.history.root for item in histories]
        raise UsageError(f"--at: no history in {folder}{nearest(place, roots)}")
    return named


def versions_requested(histories: list[ReplayedHistory], versions: Iterable[str]) -> dict[int, list[str]]:
    """Return the versions that `--at` names, by the identities of their histories.

    Raises `UsageError` for one that no history has.
    """
    found: dict[int, list[str]] = {}
    for requested in versions:
        chosen, version = histories_named(histories, requested)
        there = [item for item in chosen if any(is_named(version, each) for each in item.history.migrations)]
        if not there:
            number_of(version, chosen[0].history, "--at")
        for item in there:
            found.setdefault(id(item), []).append(version)
    return found


def is_one_of(versions: list[str], migration: Migration) -> bool:
    """Return whether a migration has one of some names."""
    return any(is_named(version, migration) for version in versions)


def is_named(name: str, migration: Migration) -> bool:
    """Return whether a name is that of a migration: its version, the version and its name, or a path."""
    version = migration.version
    if name == version or (name.isdecimal() and version.isdecimal() and whole_number(name) == whole_number(version)):
        return True
    if name in (f"{version}_{migration.name}", f"{version}-{migration.name}", f"{version}__{migration.name}"):
        return True
    paths = [script.path for script in (migration.forward, migration.rollback) if script is not None]
    return any(name == path or path.endswith(f"/{name}") for path in paths)


def number_of(name: str, history: History, option: str) -> int:
    """Return the place of the migration that an option names; raises `UsageError` if there is none, or several."""
    found = [place for place, migration in enumerate(history.migrations) if is_named(name, migration)]
    if not found:
        raise UsageError(f"{option}: no migration has version {name}{nearest_migration(name, history.migrations)}")
    if len(found) > 1:
        listed = ", ".join(_path(history.migrations[place]) for place in found)
        raise UsageError(f"{option}: {len(found)} migrations have version {name}; name one by its file: {listed}")
    return found[0]


def nearest_migration(name: str, migrations: Iterable[Migration]) -> str:
    """Return ` (did you mean ...?)` with a version, or a version and a name, like the one that no migration has."""
    known = [item.version if name.isdecimal() else f"{item.version}_{item.name}" for item in migrations]
    return nearest(name, known)


def _path(migration: Migration) -> str:
    script = migration.forward or migration.rollback
    return script.path if script is not None else migration.version
