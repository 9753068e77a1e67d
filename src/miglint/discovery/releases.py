"""Folders named after releases: `0.22/00__tags.sql` and `0.23/00__users.sql` are parts of one history.

The versions of their files often start again in each folder, so that they are ordered by release first. Years are
releases too. `v1` and `v2` are not: these are usually the histories of two programs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from miglint.base.lazy_regex import pattern
from miglint.discovery.file_parts import Collected, FilePart, Home
from miglint.discovery.versions import SortKey, numeric

_RELEASE = pattern(r"(?:v|rel(?:ease)?[-_ ]?)?([0-9]+(?:\.[0-9]+)+)(?:\.x)?|((?:19|20)[0-9]{2})", re.IGNORECASE)
# Versions with at least this many digits are dates, which never start again.
_DATE_DIGITS = 8
_FIRST: SortKey = ((), "")


def release_of(segment: str) -> str | None:
    """Return the release that a folder's name is, without its prefix: `0.22` for `v0.22`."""
    found = _RELEASE.fullmatch(segment) if segment[-1:].isdecimal() or segment[-2:].lower() == ".x" else None
    return None if found is None else found[1] or found[2]


def without_release(path: str) -> str:
    """Return the folder above a folder of a release, or the path itself."""
    parent, _, base = path.rpartition("/")
    return parent if release_of(base) is not None else path


def with_releases(collected: Collected, home: Home) -> Collected:
    """Return the pieces with the release of their folder in front of their version, if versions start again."""
    releases = [_release(piece, home) for piece in collected.pieces]
    if not any(releases) or all(_is_dated(piece) for piece in collected.pieces):
        return collected
    pieces = [_in_release(piece, release) for release, piece in zip(releases, collected.pieces, strict=True)]
    return collected._replace(pieces=pieces)


def _in_release(piece: FilePart, release: str | None) -> FilePart:
    """Return a piece ordered by release, then by its own version; files without a release come first."""
    if release is None:
        return piece._replace(key=(*_FIRST, *piece.key))
    return piece._replace(version=f"{release}.{piece.version}", key=(*numeric(release), *piece.key))


def _release(piece: FilePart, home: Home) -> str | None:
    top = len(home.folder.shown)
    return next(filter(None, map(release_of, _segments(piece.folder.shown[top:]))), None)


def _segments(path: str) -> Iterable[str]:
    return filter(None, path.split("/"))


def _is_dated(piece: FilePart) -> bool:
    return piece.repeatable or (len(piece.version) >= _DATE_DIGITS and piece.version.isdecimal())
