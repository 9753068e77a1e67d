"""Which folders a check is about: the given ones, the configured ones, `migrations`, or those that a search finds."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from miglint.base.atomic_write import require_inside
from miglint.base.errors import UsageError
from miglint.base.input_files import checkout_of
from miglint.base.model import Dialect
from miglint.base.path_pattern import path_pattern
from miglint.base.structs import Struct
from miglint.config.settings import DEFAULT_PATHS, Settings
from miglint.discovery.options import DiscoveryOptions
from miglint.discovery.walk import is_script

_LISTED = 3
# Files of tools whose migrations are programs, and what prints their SQL.
_PROGRAMS = {
    "alembic.ini": "Alembic's migrations are Python; `alembic upgrade head --sql` prints their SQL",
    "manage.py": "Django's migrations are Python; `python manage.py sqlmigrate APP NAME` prints their SQL",
    "bin/rails": "Rails' migrations are Ruby, which miglint does not read",
    "knexfile.js": "Knex's migrations are JavaScript, which miglint does not read",
    "knexfile.ts": "Knex's migrations are TypeScript, which miglint does not read",
}


class CheckedPaths(Struct, frozen=True):
    """The files and folders of a check; `searched` if a search found them, since nothing names any."""

    paths: tuple[str, ...]
    searched: bool = False


def checked_paths(settings: Settings, given: tuple[str, ...]) -> CheckedPaths:
    """Return the given paths, or the configured ones, or `migrations` if it holds SQL, or what a search finds.

    Raises `UsageError` if there are none, or if one of them does not exist.
    """
    for path in given:
        if path and "\0" not in path and not os.path.lexists(path):
            raise UsageError(f"{path}: no such file or folder{nearest_words(settings, path)}")
        _require_inside(path)
    if given:
        return CheckedPaths(given)
    for path in settings.paths:
        if not os.path.lexists(settings.at(path)):
            where = settings.place_of_path(path)
            raise UsageError(f"{where}paths: `{path}`: no such file or folder{nearest_words(settings, path)}")
    if settings.paths:
        return CheckedPaths(tuple(settings.at(path) for path in settings.paths))
    default = settings.at(DEFAULT_PATHS[0])
    _require_inside(default)
    if _holds_sql(default):
        return CheckedPaths((default,))
    found = _found(settings)
    if found:
        return CheckedPaths(tuple(settings.at(path) for path in found), searched=True)
    if Path(default).is_dir():
        return CheckedPaths((default,))
    raise UsageError(
        f"no folder with migrations found in {os.path.relpath(settings.root)}{elsewhere_words(settings.root)}; specify "
        "the files or folders to check, or set `paths` in miglint.toml"
    )


def discovery_options(settings: Settings) -> DiscoveryOptions:
    """Return the options of discovery that the settings contain."""
    return DiscoveryOptions(
        layout=settings.layout,
        layout_place="" if settings.layout is None else settings.place_of_value("layout", settings.layout),
        dialect=Dialect(settings.dialect) if settings.dialect else None,
        folder_dialects=tuple(
            (path_pattern(glob), Dialect(item.dialect))
            for item in settings.per_path
            if item.dialect is not None
            for glob in item.paths
        ),
        root=settings.root,
        checkouts=(checkout_of(settings.root), checkout_of(os.curdir)),
        configured=frozenset(os.path.normpath(settings.at(path)) for path in settings.paths),
        rollbacks=settings.rollbacks,
        exclude=settings.exclude,
        placeholders=settings.placeholders,
    )


def nearest_words(settings: Settings, wrong: str) -> str:
    """Return words that name the folder with migrations whose path is most like a wrong one; empty if there is none."""
    # The search reads the project, and is needed only for this error.
    from miglint.discovery.migration_folders import nearest_folder

    near = nearest_folder(wrong, _found(settings))
    return "" if near is None else f"; the nearest folder with migrations is `{near}`"


def program_words(root: str) -> str:
    """Return words that the migrations of a project are programs; empty if no tool for such ones is known to run it."""
    found = (f" ({file}: {words})" for file, words in _PROGRAMS.items() if (Path(root) / file).exists())
    return next(found, "")


def elsewhere_words(root: str) -> str:
    """Return why a folder has no migrations, or where in its checkout there are some; empty if neither is known."""
    from miglint.discovery.migration_folders import migration_folders

    if words := program_words(root):
        return words
    top = checkout_of(root)
    if os.path.realpath(root) == os.path.realpath(top):
        return ""
    folders = [os.path.relpath(Path(top) / path) for path in migration_folders(top).paths[:_LISTED]]
    return f"; this repository has some in {', '.join(folders)}" if folders else ""


def _found(settings: Settings) -> tuple[str, ...]:
    from miglint.discovery.migration_folders import migration_folders

    return migration_folders(settings.root, discovery_options(settings)).paths


def shown(paths: Iterable[str]) -> str:
    """Return paths as a list for a message, relative to the working directory."""
    return ", ".join(Path(os.path.relpath(path)).as_posix() for path in paths)


def _require_inside(path: str) -> None:
    """Refuse a path that a link in the git checkout leads out of it: its content would be quoted in findings."""
    if os.path.lexists(Path(checkout_of(os.curdir)) / ".git") and "\0" not in path:
        try:
            require_inside(Path(path))
        except OSError as error:
            raise UsageError(f"{os.path.relpath(path)}: {error.strerror}, and is not read") from None


def _holds_sql(folder: str) -> bool:
    """Return whether there is an SQL file in a folder, or below it."""
    return any(any(map(is_script, names)) for _, _, names in os.walk(folder))
