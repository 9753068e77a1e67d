"""One folder per migration: `up.sql`, `down.sql` (diesel, hasura, rusqlite_migration) or `migration.sql` (prisma).

The version ends at an underscore for diesel, and at a dash for rusqlite_migration (`01-friend_car`). Diesel takes any
text before the underscore: what begins with a number with dots (`6.0.1-users`), or with a date, is its, too.
"""

from __future__ import annotations

import re

from miglint.base.lazy_regex import pattern
from miglint.base.model import Direction, Problem
from miglint.base.toml_text import TomlError, toml_values
from miglint.discovery.dialects import SQLITE, UNMARKED, Mark, named, of_folder
from miglint.discovery.file_parts import Collected, FilePart, FoundFile, Home, Layout, LayoutOptions, whole
from miglint.discovery.rollback_forms import SeparateFile
from miglint.discovery.versions import SortKey, numeric, textual

INNER = frozenset(("up.sql", "down.sql", "migration.sql"))
_FOLDER = pattern(r"([0-9][0-9\-]*)(?:_(.*))?", re.DOTALL)
_DASHED_FOLDER = pattern(r"[0-9]+-.*", re.DOTALL)
_DOTTED_FOLDER = pattern(r"[0-9]+(?:\.[0-9]+)+(?:[-_].*)?", re.DOTALL)
_NAME = pattern(r"([0-9][0-9\-]*)(?:_([^/]*))?/(up|down|migration)\.sql", re.DOTALL)
_DASHED_NAME = pattern(r"([0-9]+)-([^/]*)/(up|down)\.sql", re.DOTALL)
_UNNAMED = pattern(r"([0-9]+-[^/_]*)(?:_([^/]*))?/(up|down)\.sql", re.DOTALL)
# Numbers with dots and dates: rusqlite_migration counts from 1.
_NO_COUNT = pattern(
    r"([0-9]+(?:\.[0-9]+)+(?:-[^/_]*)?|[0-9]{4}-[0-9]{2}-[0-9]{2}-[^/_]*)(?:_([^/]*))?/(up|down)\.sql", re.DOTALL
)
_PROVIDER = pattern(rb"^[ \t]*provider[ \t]*=[ \t]*\"(\w+)\"", re.MULTILINE)


def may_be_migration(folder: str) -> bool:
    """Return whether a folder with this name may be a migration."""
    return any(form.fullmatch(folder) is not None for form in (_FOLDER, _DASHED_FOLDER, _DOTTED_FOLDER))


def is_part(folder: str, name: str) -> bool:
    """Return whether a file in a folder with these names is a script of the migration in that folder."""
    if name not in INNER:
        return False
    if _FOLDER.fullmatch(folder) is not None:
        return True
    return any(form.fullmatch(f"{folder}/{name}") is not None for form in (_DASHED_NAME, _NO_COUNT))


def _inner(found: FoundFile) -> str | None:
    if "/" not in found.name:
        return None
    match = _NAME.fullmatch(found.name) or _NO_COUNT.fullmatch(found.name)
    return match[3] if match else None


def _recognize(home: Home, files: list[FoundFile], settings: LayoutOptions) -> list[FoundFile]:
    prisma = {id(found.folder) for found in files if _inner(found) == "migration"}
    taken = [found for found in files if id(found.folder) not in prisma and _inner(found)]
    if taken:
        # If other names have an underscore, a name without one is only a version to diesel.
        taken += [found for found in files if _inner(found) is None and _DASHED_NAME.fullmatch(found.name)]
    return taken


def _recognize_prisma(home: Home, files: list[FoundFile], settings: LayoutOptions) -> list[FoundFile]:
    prisma = {id(found.folder) for found in files if _inner(found) == "migration"}
    return [found for found in files if id(found.folder) in prisma and _inner(found) in ("migration", "down")]


def _collect(home: Home, files: list[FoundFile], settings: LayoutOptions) -> Collected:
    pieces: list[FilePart] = []
    problems: list[Problem] = []
    numbers = not any(mark in found.name.partition("/")[0].partition("_")[0] for found in files for mark in "-.")
    order = numeric if numbers else textual
    transactions: dict[int, bool] = {}
    for found in files:
        match = next(filter(None, (form.fullmatch(found.name) for form in (_NAME, _NO_COUNT, _UNNAMED))), None)
        if match is None:
            continue
        transaction, configured = True, "metadata.toml" in found.folder.others
        if configured:
            if id(found.folder) not in transactions:
                transactions[id(found.folder)], problem = _metadata(found)
                if problem is not None:
                    problems.append(problem)
            transaction = transactions[id(found.folder)]
        pieces.append(_piece(home, found, match, order=order, transaction=transaction, configured=configured))
    # Hasura uses milliseconds, which have thirteen digits; diesel uses dates.
    hasura = bool(pieces) and all(len(piece.version) == 13 for piece in pieces)
    return Collected(pieces, problems, label="hasura" if hasura else "diesel", order=order)


def _recognize_dashed(home: Home, files: list[FoundFile], settings: LayoutOptions) -> list[FoundFile]:
    return [found for found in files if _DASHED_NAME.fullmatch(found.name)]


def _collect_dashed(home: Home, files: list[FoundFile], settings: LayoutOptions) -> Collected:
    # PostgreSQL is the default; other databases must be specified.
    has_dialect = settings.dialect is not None or of_folder(home.folder.shown) is not UNMARKED
    return Collected(_pieces(home, files, _DASHED_NAME, numeric), mark=UNMARKED if has_dialect else SQLITE)


def _collect_prisma(home: Home, files: list[FoundFile], settings: LayoutOptions) -> Collected:
    is_prisma = "migration_lock.toml" in home.folder.others
    mark = _provider(home) if is_prisma else UNMARKED
    drizzle = not is_prisma and any("snapshot.json" in found.folder.others for found in files)
    pieces = _pieces(home, files, _NAME, textual)
    # Both tools go by the whole name of a folder: a time stamp that two of them have is no conflict.
    return Collected(pieces, label="drizzle" if drizzle else None, mark=mark, order=textual, by_name=True)


def _pieces(home: Home, files: list[FoundFile], name: re.Pattern[str], order: object) -> list[FilePart]:
    named = ((found, match) for found in files if (match := name.fullmatch(found.name)))
    return [_piece(home, found, match, order=order, transaction=True) for found, match in named]


def _piece(
    home: Home, found: FoundFile, match: re.Match[str], *, order: object, transaction: bool, configured: bool = False
) -> FilePart:
    direction = Direction.ROLLBACK if match[3] == "down" else Direction.FORWARD
    version = match[1].replace("-", "")
    key: SortKey = textual(version) if order is textual else numeric(version)
    # The dialect is searched for above the migration's own folder, whose name describes the migration.
    return FilePart(
        found.file,
        whole(found.file),
        direction,
        version,
        match[2] or "",
        key,
        home.folder,
        transaction=transaction,
        configured=configured,
    )


def _metadata(found: FoundFile) -> tuple[bool, Problem | None]:
    """Read diesel's `run_in_transaction` from `metadata.toml`."""
    content = found.folder.content("metadata.toml")
    path = found.folder.path("metadata.toml")
    if content is None:
        return True, None
    try:
        values = toml_values(content.decode("utf-8"))
    except TomlError as error:
        where = "" if error.line is None else f"line {error.line}: "
        return True, Problem("unreadable", path, f"cannot be read: {where}{error}")
    except UnicodeDecodeError as error:
        return True, Problem("unreadable", path, f"cannot be read: byte {error.start} is not UTF-8")
    return values.get("run_in_transaction") is not False, None


def _provider(home: Home) -> Mark:
    content = home.folder.content("migration_lock.toml") or b""
    found = _PROVIDER.search(content)
    return named(found[1].decode("ascii", "replace")) if found else UNMARKED


def _down_name(forward: str, engine: str | None) -> str | None:
    """Return the name of the rollback in a migration's own folder, in which no name says an engine."""
    return "down.sql" if forward in ("up.sql", "migration.sql") and engine is None else None


_DOWN = SeparateFile(_down_name)
FOLDERS = Layout("diesel", _recognize, _collect, aliases=("hasura",), written=_DOWN)
RUSQLITE = Layout("rusqlite_migration", _recognize_dashed, _collect_dashed, written=_DOWN)
PRISMA = Layout("prisma", _recognize_prisma, _collect_prisma, rollbacks="none", written=_DOWN)
