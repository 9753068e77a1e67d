"""One folder per migration: diesel and hasura (`up.sql`, `down.sql`), prisma and drizzle (`migration.sql`)."""

from __future__ import annotations

import re

from miglint.discovery.dialects import UNMARKED, Mark, named
from miglint.discovery.pieces import Collected, Found, Home, Layout, Piece, Settings, whole
from miglint.discovery.versions import SortKey, numeric, textual
from miglint.patterns import pattern
from miglint.source import Direction, Problem

INNER = frozenset(("up.sql", "down.sql", "migration.sql"))
FOLDER = pattern(r"([0-9][0-9\-]*)(?:_(.*))?", re.DOTALL)
_NAME = pattern(r"([0-9][0-9\-]*)(?:_([^/]*))?/(up|down|migration)\.sql", re.DOTALL)
_PROVIDER = pattern(rb"^[ \t]*provider[ \t]*=[ \t]*\"(\w+)\"", re.MULTILINE)


def _inner(found: Found) -> str | None:
    if "/" not in found.name:
        return None
    match = _NAME.fullmatch(found.name)
    return match[3] if match else None


def _recognise(home: Home, files: list[Found], settings: Settings) -> list[Found]:
    prisma = {id(found.folder) for found in files if _inner(found) == "migration"}
    return [found for found in files if id(found.folder) not in prisma and _inner(found)]


def _recognise_prisma(home: Home, files: list[Found], settings: Settings) -> list[Found]:
    prisma = {id(found.folder) for found in files if _inner(found) == "migration"}
    return [found for found in files if id(found.folder) in prisma and _inner(found) in ("migration", "down")]


def _collect(home: Home, files: list[Found], settings: Settings) -> Collected:
    pieces: list[Piece] = []
    problems: list[Problem] = []
    dashed = any("-" in found.name.partition("_")[0] for found in files)
    order = textual if dashed else numeric
    transactions: dict[int, bool] = {}
    for found in files:
        match = _NAME.fullmatch(found.name)
        if match is None:
            continue
        transaction = True
        if "metadata.toml" in found.folder.others:
            if id(found.folder) not in transactions:
                transactions[id(found.folder)], problem = _metadata(found)
                if problem is not None:
                    problems.append(problem)
            transaction = transactions[id(found.folder)]
        direction = Direction.ROLLBACK if match[3] == "down" else Direction.FORWARD
        pieces.append(_piece(home, found, match, direction, order=order, transaction=transaction))
    # Hasura counts milliseconds, which gives thirteen digits; diesel writes dates.
    hasura = bool(pieces) and all(len(piece.version) == 13 for piece in pieces)
    return Collected(pieces, problems, label="hasura" if hasura else "diesel", order=order)


def _collect_prisma(home: Home, files: list[Found], settings: Settings) -> Collected:
    pieces = []
    for found in files:
        if match := _NAME.fullmatch(found.name):
            direction = Direction.ROLLBACK if match[3] == "down" else Direction.FORWARD
            pieces.append(_piece(home, found, match, direction, order=textual, transaction=True))
    is_prisma = "migration_lock.toml" in home.folder.others
    mark = _provider(home) if is_prisma else UNMARKED
    drizzle = not is_prisma and any("snapshot.json" in found.folder.others for found in files)
    return Collected(pieces, label="drizzle" if drizzle else None, mark=mark, order=textual)


def _piece(
    home: Home, found: Found, match: re.Match[str], direction: Direction, *, order: object, transaction: bool
) -> Piece:
    version = match[1].replace("-", "")
    key: SortKey = textual(version) if order is textual else numeric(version)
    # The dialect is looked for above the migration's own folder, whose name is about what the migration does.
    return Piece(
        found.file, whole(found.file), direction, version, match[2] or "", key, home.folder, transaction=transaction
    )


def _metadata(found: Found) -> tuple[bool, Problem | None]:
    """Read diesel's `run_in_transaction` from `metadata.toml`."""
    import tomllib

    content = found.folder.content("metadata.toml")
    path = found.folder.path("metadata.toml")
    if content is None:
        return True, Problem("unreadable", path, "cannot be read")
    try:
        values = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return True, Problem("unreadable", path, f"is not TOML: {error}")
    return values.get("run_in_transaction") is not False, None


def _provider(home: Home) -> Mark:
    content = home.folder.content("migration_lock.toml") or b""
    found = _PROVIDER.search(content)
    return named(found[1].decode("ascii", "replace")) if found else UNMARKED


FOLDERS = Layout("diesel", _recognise, _collect, aliases=("hasura",))
PRISMA = Layout("prisma", _recognise_prisma, _collect_prisma, rollbacks="none")
