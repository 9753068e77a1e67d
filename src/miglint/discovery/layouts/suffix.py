"""`<version>_<name>.up.sql` and `.down.sql`: golang-migrate, sqlx, and pop with its dialects in the name."""

from __future__ import annotations

from miglint.base.model import Direction
from miglint.base.structs import Struct
from miglint.discovery.dialects import UNMARKED, Mark, named
from miglint.discovery.file_parts import Collected, FilePart, FoundFile, Home, Layout, LayoutOptions, whole
from miglint.discovery.layouts import plain
from miglint.discovery.rollback_forms import SeparateFile
from miglint.discovery.tools import has_mark
from miglint.discovery.versions import numeric, split_version, undashed, written_otherwise

_ENDS = {Direction.FORWARD: ".up.sql", Direction.ROLLBACK: ".down.sql"}
# maragu.dev/migrate accepts any character instead of the dot.
_LOOSE_ENDS = {Direction.FORWARD: "_up.sql", Direction.ROLLBACK: "_down.sql"}


class _SuffixedName(Struct, frozen=True):
    version: str
    name: str
    direction: Direction
    mark: Mark
    autocommit: bool


def _parse(base: str) -> _SuffixedName | None:
    direction = _direction(base)
    if direction is None:
        return None
    stem = base[: -len(_ENDS[direction])]
    mark, autocommit = UNMARKED, False
    while "." in stem:
        rest, _, last = stem.rpartition(".")
        if not autocommit and last.lower() == "autocommit":
            autocommit = True
        elif mark is UNMARKED and (mark := named(last)) is not UNMARKED:
            pass
        else:
            break
        stem = rest
    parts = split_version(stem)
    return _SuffixedName(*parts, direction, mark, autocommit) if parts else None


def _direction(name: str) -> Direction | None:
    if name.endswith(".up.sql") or name[-7:].lower() == ".up.sql":
        return Direction.FORWARD
    if name.endswith(".down.sql") or name[-9:].lower() == ".down.sql":
        return Direction.ROLLBACK
    return None


def _loose(files: list[FoundFile]) -> dict[int, Direction]:
    """Return the files, by identity, that form pairs `x_up.sql` and `x_down.sql`; single ones are just named so."""
    up, down = _LOOSE_ENDS[Direction.FORWARD], _LOOSE_ENDS[Direction.ROLLBACK]
    forwards = [found for found in files if found.name[-len(up) :].lower() == up]
    pairs: dict[int, Direction] = {}
    places = {(found.folder, found.name.lower()): found for found in files} if forwards else {}
    for found in forwards:
        stem = found.name[: -len(up)]
        other = places.get((found.folder, stem.lower() + down))
        if other is not None and split_version(_base(stem)) is not None:
            pairs[id(found.file)] = Direction.FORWARD
            pairs[id(other.file)] = Direction.ROLLBACK
    return pairs


def _recognize(home: Home, files: list[FoundFile], settings: LayoutOptions) -> list[FoundFile]:
    directed = [found for found in files if _is_directed(found)]
    if not settings.forced and not any(found.name[-7:].lower() == ".up.sql" for found in directed):
        return []  # `.down.sql` alone is the rollback of a plain numbered file
    if not directed:
        return []
    loose = _loose(files)
    directed += [found for found in files if id(found.file) in loose]
    if len(directed) == len(files):
        return directed
    taken = {id(found.file) for found in directed}
    # In sqlx, migrations without rollback are named just `<version>_<name>.sql`.
    return directed + [
        found for found in files if id(found.file) not in taken and found.role is None and plain.is_forward(found.name)
    ]


def _is_directed(found: FoundFile) -> bool:
    return _direction(found.name) is not None and split_version(_base(found.name)) is not None


def _collect(home: Home, files: list[FoundFile], settings: LayoutOptions) -> Collected:
    pieces = []
    is_pop = False
    loose = _loose(files)
    for found in files:
        base = _base(found.name)
        parsed = _parse(base)
        if parsed is None and (direction := loose.get(id(found.file))) is not None:
            parts = split_version(base[: -len(_LOOSE_ENDS[direction])])
            parsed = _SuffixedName(*parts, direction, UNMARKED, False) if parts else None
        if parsed is None:
            parsed = _SuffixedName(*plain.version_and_name(found.name), Direction.FORWARD, UNMARKED, False)
        is_pop = is_pop or parsed.mark is not UNMARKED or parsed.autocommit
        version = undashed(parsed.version)
        pieces.append(
            FilePart(
                found.file,
                whole(found.file),
                parsed.direction,
                version,
                parsed.name,
                numeric(version),
                found.folder,
                parsed.mark,
                not (parsed.autocommit or has_mark(found.file.text)),
            )
        )
    taken = written_otherwise(home.folder.others)
    return Collected(pieces, label="pop" if is_pop else None, taken=taken, by_name=bool(loose))


def _base(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _down_name(forward: str, engine: str | None) -> str | None:
    """Return the name of the rollback of a forward: `x.up.sql`, `x_up.sql`, or just `x.sql`."""
    stem, ending = forward[: -len(".sql")], _ENDS[Direction.ROLLBACK]
    for ends in (_ENDS, _LOOSE_ENDS):
        up = ends[Direction.FORWARD]
        if forward[-len(up) :].lower() == up:
            stem, ending = forward[: -len(up)], ends[Direction.ROLLBACK]
    return f"{stem}{ending}" if engine is None else f"{stem}.{engine}{ending}"


SUFFIX = Layout(
    "golang-migrate", _recognize, _collect, aliases=("pop", "sqlx", "ory"), written=SeparateFile(_down_name)
)
