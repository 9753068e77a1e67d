"""Plain numbered files, with rollbacks beside them or in their own folder."""

from __future__ import annotations

import re
from collections import defaultdict

from miglint.base.lazy_regex import pattern
from miglint.base.model import Direction
from miglint.base.structs import Struct
from miglint.discovery.dialects import UNMARKED, Mark, named
from miglint.discovery.file_parts import Collected, FilePart, FoundFile, Home, Layout, LayoutOptions, whole
from miglint.discovery.rollback_forms import SeparateFile
from miglint.discovery.tools import has_mark
from miglint.discovery.versions import VERSION, SortKey, numeric, split_version, undashed, written_otherwise

_ANY = "rollback|down|undo|revert"
_PREFIXED = pattern(
    rf"(?:(?P<prefix>{_ANY})[_\-. ]+)?(?:v|migration[_\-. ])?(?P<version>{VERSION})[_\-. #]*(?P<name>.*)\.sql",
    re.IGNORECASE | re.DOTALL,
)
# `005_name.rollback.sql` is always a rollback. `005_rollback_name.sql` may create a table with that name: the other
# files decide.
_CERTAIN = pattern(rf"(?:^|\.)(?:{_ANY})$", re.IGNORECASE)
_LIKELY = pattern(rf"^(?P<before>{_ANY})[_\-. ]|[_\- ](?P<after>{_ANY})$", re.IGNORECASE)
_LIKELY_OR_CERTAIN = pattern(rf"^(?:{_ANY})(?:[_\-. ]|$)|[_\-. ](?:{_ANY})$", re.IGNORECASE)
_UP = pattern(r"(?:^|[_\-. ])up$|^up[_\-. ]", re.IGNORECASE)
_ANY_MARK = pattern(rf"^(?:{_ANY}|up)(?:[_\-. ]+|$)|(?:^|[_\-. ])(?:{_ANY}|up)$", re.IGNORECASE)


class _NumberedFile(Struct, frozen=True):
    found: FoundFile
    version: str
    key: SortKey
    rest: str
    mark: Mark
    direction: Direction | None
    word: str | None


def is_forward(name: str) -> bool:
    """Return whether a file name is numbered and does not look like a rollback."""
    parts = _split(name)
    return parts is not None and not parts[2] and not (_may_be_marked(parts[1]) and _LIKELY_OR_CERTAIN.search(parts[1]))


def version_and_name(name: str) -> tuple[str, str]:
    """Return the version and the rest of a numbered file name."""
    parts = _split(name)
    return parts[:2] if parts else ("", name)


def _split(name: str) -> tuple[str, str, bool] | None:
    """Return a name's version, its rest, and whether a word before the version marks it as a rollback."""
    base = name.rsplit("/", 1)[-1]
    if "0" <= base[0] <= "9" and (parts := split_version(base[:-4])):
        return (*parts, False)
    match = _PREFIXED.fullmatch(base)
    return (match["version"], match["name"], match["prefix"] is not None) if match else None


def _may_be_marked(rest: str) -> bool:
    low = rest.lower()
    return "rollback" in low or "down" in low or "undo" in low or "revert" in low


def _parse(found: FoundFile) -> _NumberedFile | None:
    parts = _split(found.name)
    if parts is None:
        return None
    version, rest, prefixed = parts
    mark = UNMARKED
    if "." in rest:
        mark, rest = _dialect_mark(rest, rest)
    direction, word = found.role, None
    if direction is None and prefixed:
        direction = Direction.ROLLBACK
    elif direction is None and _may_be_marked(rest):
        if _CERTAIN.search(rest):
            direction = Direction.ROLLBACK
        elif likely := _LIKELY.search(rest):
            word = f"{likely['before'] or ''}*{likely['after'] or ''}".lower()
    if mark is UNMARKED and direction is Direction.ROLLBACK and "." in rest:
        # In `005_name.sqlite.rollback.sql`, the dialect precedes the direction.
        mark, rest = _dialect_mark(_ANY_MARK.sub("", rest), rest)
    version = undashed(version)
    return _NumberedFile(found, version, numeric(version), rest, mark, direction, word)


def _dialect_mark(text: str, unmarked: str) -> tuple[Mark, str]:
    """Return the dialect that the last part of a name says and what stands before it, or `unmarked` as it is."""
    stem, _, last = text.rpartition(".")
    mark = named(last)
    return (UNMARKED, unmarked) if mark is UNMARKED else (mark, stem)


def _recognize(home: Home, files: list[FoundFile], settings: LayoutOptions) -> list[FoundFile]:
    return [found for found in files if _split(found.name) is not None]


def _collect(home: Home, files: list[FoundFile], settings: LayoutOptions) -> Collected:
    parsed = [each for found in files if (each := _parse(found))]
    directions, has_up = _directions(parsed)
    marks = _suffix_dialects(parsed)
    pieces = []
    for each, direction in zip(parsed, directions, strict=True):
        file = each.found.file
        name = each.rest
        if direction is Direction.ROLLBACK or has_up:
            name = _ANY_MARK.sub("", name)
        pieces.append(
            FilePart(
                file,
                whole(file),
                direction,
                each.version,
                name,
                each.key,
                each.found.folder,
                each.mark if each.mark is not UNMARKED else marks.get(file.path, UNMARKED),
                not has_mark(file.text),
            )
        )
    taken = written_otherwise(home.folder.others)
    return Collected(pieces, taken=taken)


def _directions(parsed: list[_NumberedFile]) -> tuple[list[Direction], bool]:
    """Return the direction of each file, and whether forward scripts here have `up` in their names.

    An ambiguous word marks a rollback if the same version has a forward script without it, or if other files of the
    folder use it that way.
    """
    forwards = {each.key for each in parsed if each.direction is not Direction.ROLLBACK and each.word is None}
    partnered = {each.word for each in parsed if each.word and each.key in forwards}
    has_up = any("up" in each.rest.lower() and _UP.search(each.rest) for each in parsed if each.word is None)

    def direction(each: _NumberedFile) -> Direction:
        if each.direction is not None or each.word is None:
            return each.direction or Direction.FORWARD
        usual = each.word in partnered or (has_up and each.word.endswith("down"))
        return Direction.ROLLBACK if usual or each.key in forwards else Direction.FORWARD

    return list(map(direction, parsed)), has_up


def _suffix_dialects(parsed: list[_NumberedFile]) -> dict[str, Mark]:
    """Return the dialects of `001_init_postgres.sql` and `001_init_sqlite.sql`.

    A single `002_add_sqlite.sql` may have another meaning, so the name counts only beside another one with the same
    version and stem.
    """
    groups: dict[tuple[str, str, Direction | None], list[tuple[str, Mark]]] = defaultdict(list)
    for each in parsed:
        stem, _, last = each.rest.replace("-", "_").rpartition("_")
        if last and (mark := named(last)) is not UNMARKED:
            groups[each.version, stem, each.direction].append((each.found.file.path, mark))
    return {path: mark for group in groups.values() if len({m for _, m in group}) > 1 for path, mark in group}


PLAIN = Layout("plain", _recognize, _collect, written=SeparateFile())
