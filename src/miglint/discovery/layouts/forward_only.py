"""Tools with one numbered file per migration and no rollbacks: drizzle, supabase, atlas."""

from __future__ import annotations

import re

from miglint.base.lazy_regex import pattern
from miglint.base.model import Direction
from miglint.discovery.dialects import POSTGRES, UNMARKED, Mark, named
from miglint.discovery.file_parts import Collected, FilePart, FoundFile, Home, Layout, LayoutOptions, whole
from miglint.discovery.versions import VERSION, numeric, textual

_NAME = pattern(rf"({VERSION})[_\-. ]*([^/]*)\.sql", re.IGNORECASE | re.DOTALL)
_DIRECTED = pattern(r"\.(?:up|down)\.sql$", re.IGNORECASE)
_TAG = pattern(rb"\"tag\"[ \t\r\n]*:[ \t\r\n]*\"([^\"\\]{1,255})\"")
_DIALECT = pattern(rb"\"dialect\"[ \t\r\n]*:[ \t\r\n]*\"(\w{1,40})\"")
_NO_TRANSACTION = pattern(r"^--[ \t]*atlas:txmode[ \t]+none\b", re.MULTILINE)


def _numbered(files: list[FoundFile]) -> list[FoundFile]:
    return [f for f in files if f.role is None and _NAME.fullmatch(f.name) and not _DIRECTED.search(f.name)]


def _journal(home: Home) -> bytes | None:
    if "meta" not in home.folder.subfolders:
        return None
    return home.folder.content("meta/_journal.json", 1 << 24)


def _is_drizzle(home: Home, files: list[FoundFile], settings: LayoutOptions) -> list[FoundFile]:
    return _numbered(files) if settings.forced or _journal(home) is not None else []


def _is_supabase(home: Home, files: list[FoundFile], settings: LayoutOptions) -> list[FoundFile]:
    path = home.folder.real.replace("\\", "/")
    return _numbered(files) if settings.forced or path.endswith("/supabase/migrations") else []


def _is_atlas(home: Home, files: list[FoundFile], settings: LayoutOptions) -> list[FoundFile]:
    if not settings.forced and "atlas.sum" not in home.folder.others:
        return []
    # Atlas also supports other tools' folders; then that tool's layout is more specific.
    return [] if any(_DIRECTED.search(found.name) for found in files) else _numbered(files)


def _pieces(files: list[FoundFile], order: dict[str, int] | None = None) -> list[FilePart]:
    pieces = []
    for found in files:
        match = _NAME.fullmatch(found.name)
        if match is None:
            continue
        version = match[1]
        text = found.file.text
        transaction = not ("atlas:txmode" in text and _NO_TRANSACTION.search(text))
        key = (order[found.name],) if order else textual(version)
        pieces.append(
            FilePart(
                found.file,
                whole(found.file),
                Direction.FORWARD,
                version,
                match[2],
                key,
                found.folder,
                transaction=transaction,
            )
        )
    return pieces


def _collect_drizzle(home: Home, files: list[FoundFile], settings: LayoutOptions) -> Collected:
    journal = _journal(home) or b""
    tags = [tag.decode("utf-8", "replace") + ".sql" for tag in _TAG.findall(journal)]
    order = {tag: place for place, tag in enumerate(dict.fromkeys(tags))}
    if not order:
        return Collected(_pieces(files), order=textual)
    dialect = _DIALECT.search(journal)
    mark: Mark = named(dialect[1].decode("ascii", "replace")) if dialect else UNMARKED
    listed = [found for found in files if found.name in order]
    left = tuple((f.file.path, "not listed in meta/_journal.json") for f in files if f.name not in order)
    return Collected(_pieces(listed, order), mark=mark, order=numeric, unmatched=left)


def _collect_supabase(home: Home, files: list[FoundFile], settings: LayoutOptions) -> Collected:
    return Collected(_pieces(files), mark=POSTGRES, order=textual)


def _collect_atlas(home: Home, files: list[FoundFile], settings: LayoutOptions) -> Collected:
    return Collected(_pieces(files), order=textual)


DRIZZLE = Layout("drizzle", _is_drizzle, _collect_drizzle, rollbacks="none")
SUPABASE = Layout("supabase", _is_supabase, _collect_supabase, rollbacks="none")
ATLAS = Layout("atlas", _is_atlas, _collect_atlas, rollbacks="none")
