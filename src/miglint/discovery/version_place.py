"""The place of a script in its history, as derived from its path alone: for files deleted, or on another branch."""

from __future__ import annotations

from collections.abc import Iterable

from miglint.base.structs import Struct
from miglint.discovery.dialects import without_engine
from miglint.discovery.layouts.flyway import NAME
from miglint.discovery.layouts.folders import INNER
from miglint.discovery.layouts.plain import version_and_name
from miglint.discovery.releases import release_of
from miglint.discovery.roots import ROLLBACK_FOLDERS
from miglint.discovery.versions import SortKey, dotted, numeric, undashed

# Versions with at least this many digits are dates, whatever release their folder is named after.
_DATE_DIGITS = 8


class VersionPlace(Struct, frozen=True):
    """The folder of a history, and a version's place in its order: both scripts of a pair have the same."""

    folder: str
    key: SortKey


def version_place(path: str, *, any_engine: bool = False) -> VersionPlace | None:
    """Return the place of a script, or None if its name has no version.

    With `any_engine`, words that name an engine are removed from the folder.
    """
    folder, _, name = path.rpartition("/")
    if not path.endswith(".sql"):
        return None
    if name in INNER:
        folder, _, name = folder.rpartition("/")
        name += ".sql"
    elif folder.rpartition("/")[2].lower() in ROLLBACK_FOLDERS:
        folder = folder.rpartition("/")[0]
    key = _key(name)
    if key is None:
        return None
    above, _, last = folder.rpartition("/")
    release = release_of(last)
    if release is not None:
        folder = above
        key = key if _is_date(key) else (*numeric(release), *key)
    if any_engine:
        folder = "/".join(filter(None, map(without_engine, folder.split("/"))))
    return VersionPlace(folder, key)


def _key(name: str) -> SortKey | None:
    flyway = NAME.fullmatch(name)
    if flyway is not None:
        version = flyway[2]
        return None if version is None else dotted(version)
    version, _ = version_and_name(name)
    return numeric(undashed(version)) if version else None


def _is_number(key: SortKey) -> bool:
    return len(key) == 2 and len(key[0]) == 1


def _is_date(key: SortKey) -> bool:
    return len(str(key[0][0])) >= _DATE_DIGITS


def numbers_below(folder: str, paths: Iterable[str]) -> tuple[int, ...]:
    """Return the versions of those scripts in a folder that are numbered by a single number."""
    places = (version_place(path) for path in paths)
    return tuple(place.key[0][0] for place in places if place and place.folder == folder and _is_number(place.key))
