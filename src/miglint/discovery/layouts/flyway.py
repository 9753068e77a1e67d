"""Flyway: `V1.2__name.sql`, its undo `U1.2__name.sql`, and repeatable `R__name.sql`."""

from __future__ import annotations

import re

from miglint.base.lazy_regex import pattern
from miglint.base.model import Direction, SourceFile
from miglint.discovery.file_parts import Collected, FilePart, FoundFile, Home, Layout, LayoutOptions, whole
from miglint.discovery.placeholders import substitute
from miglint.discovery.rollback_forms import SeparateFile
from miglint.discovery.versions import dotted

NAME = pattern(r"(?:([VU])([0-9]+(?:[._][0-9]+)*)|R)__(.*)\.sql", re.DOTALL)
_CONFIGURED = pattern(rb"^[ \t]*executeInTransaction[ \t]*=[ \t]*false\b", re.MULTILINE)


def _recognize(home: Home, files: list[FoundFile], settings: LayoutOptions) -> list[FoundFile]:
    return [found for found in files if (base := found.name.rsplit("/", 1)[-1])[0] in "VUR" and NAME.fullmatch(base)]


def _collect(home: Home, files: list[FoundFile], settings: LayoutOptions) -> Collected:
    pieces = []
    has_undo = False
    for found in files:
        base = found.name.rsplit("/", 1)[-1]
        match = NAME.fullmatch(base)
        if match is None:
            continue
        kind, version, name = match.groups()
        repeatable = kind is None
        version = name if repeatable else version.replace("_", ".")
        has_undo = has_undo or kind == "U"
        pieces.append(
            FilePart(
                found.file,
                whole(found.file),
                Direction.ROLLBACK if kind == "U" else Direction.FORWARD,
                version,
                name,
                # Repeatable scripts run after all versioned ones, by name.
                (1, name) if repeatable else (0, dotted(version)),
                found.folder,
                transaction=_in_transaction(found, base),
                repeatable=repeatable,
                substituted=_substituted(found.file, settings),
            )
        )
    # Not every edition has undo scripts: if there are none at all, they are not expected.
    return Collected(pieces, rollbacks=None if has_undo else "none", order=dotted)


def _in_transaction(found: FoundFile, base: str) -> bool:
    settings = f"{base}.conf"
    if settings not in found.folder.others:
        return True
    content = found.folder.content(settings)
    return content is None or _CONFIGURED.search(content) is None


def _substituted(file: SourceFile, settings: LayoutOptions) -> str | None:
    return substitute(file.text, settings.placeholders)


def _undo_name(forward: str, engine: str | None) -> str | None:
    """Return the name of a script's undo; repeatable scripts have none, and no name says an engine."""
    return f"U{forward[1:]}" if forward.startswith("V") and engine is None else None


FLYWAY = Layout("flyway", _recognize, _collect, releases=False, written=SeparateFile(_undo_name))
