"""Histories of one project for two engines: which belong together, and which of their migrations are the same one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect, History, Migration
from miglint.base.structs import Struct
from miglint.discovery.dialects import UNMARKED, named, without_engine
from miglint.replay.steps import Passage

# A version that is a time is hardly given twice by chance, as the next number of a sequence is.
_TIME_DIGITS = 8
_SEPARATORS = pattern(r"[_\-. ]+")
_ALIKE = 0.5


class Variants(Struct, frozen=True, eq=False):
    """A PostgreSQL and a SQLite history of one project.

    `partners` maps each migration that is in both to the one of the other dialect, both ways.
    `served` are the migrations in whose place the other engine runs something else: those that have a partner, and
    those that are older than the other history, which begins with all that they made.
    """

    postgres: History
    sqlite: History
    partners: Mapping[Migration, Migration]
    served: frozenset[Migration]

    def of(self, dialect: Dialect) -> History:
        """Return the history of a dialect."""
        return self.postgres if dialect is Dialect.POSTGRES else self.sqlite


class VariantPair(Struct, frozen=True, eq=False):
    """What rules about variants see: two histories that are one for two engines, each with its passages."""

    variants: Variants
    postgres: list[Passage]
    sqlite: list[Passage]


def variants(histories: Iterable[History]) -> tuple[Variants, ...]:
    """Pair the histories of one folder, or of folders whose paths differ in the name of the engine alone.

    Where several histories of one dialect could be meant, none is taken.
    """
    places: dict[str, dict[Dialect, list[History]]] = defaultdict(lambda: defaultdict(list))
    for history in histories:
        if history.migrations:
            places[_place(history.root)][history.dialect].append(history)
    return tuple(
        _pair(*pair)
        for by_dialect in places.values()
        for pair in _alike(by_dialect[Dialect.POSTGRES], by_dialect[Dialect.SQLITE])
    )


def _alike(postgres: list[History], sqlite: list[History]) -> Iterator[tuple[History, History]]:
    """Yield those of one folder and layout, then the only ones that are left, or the only ones of their layout."""
    taken: set[str] = set()
    for one in postgres:
        same = [other for other in sqlite if other.root == one.root and other.layout == one.layout]
        if len(same) == 1:
            yield one, same[0]
            taken.add(one.root)
    left = [[one for one in listed if one.root not in taken] for listed in (postgres, sqlite)]
    if len(left[0]) == len(left[1]) == 1:
        yield left[0][0], left[1][0]
        return
    for one in left[0]:
        of_layout = [[other for other in listed if other.layout == one.layout] for listed in left]
        if len(of_layout[0]) == len(of_layout[1]) == 1:
            yield one, of_layout[1][0]


def _place(root: str) -> str:
    """Return a folder's path without the words that name an engine: `db/migrations_sqlite` is `db/migrations`."""
    segments = [segment if segment == ".." else without_engine(segment) for segment in root.split("/")]
    return "/".join(segment for segment in segments if segment not in ("", "."))


def _pair(postgres: History, sqlite: History) -> Variants:
    partners: dict[Migration, Migration] = {}
    together = postgres.root == sqlite.root
    for one, other in _partners(postgres.migrations, sqlite.migrations, together=together):
        partners[one] = other
        partners[other] = one
    served = {*partners, *_older(postgres, sqlite), *_older(sqlite, postgres)} if partners else set()
    return Variants(postgres, sqlite, partners, frozenset(served))


def _older(history: History, other: History) -> Iterator[Migration]:
    """Yield the migrations of a history up to the version at which the other one begins."""
    begin = _version(other.migrations[0])
    for migration in history.migrations:
        version = _version(migration)
        width = max(len(version), len(begin)) if max(len(version), len(begin)) < _TIME_DIGITS else _TIME_DIGITS
        if version[:_TIME_DIGITS].rjust(width, "0") > begin[:_TIME_DIGITS].rjust(width, "0"):
            return
        yield migration


def _partners(
    ones: tuple[Migration, ...], others: tuple[Migration, ...], *, together: bool
) -> Iterator[tuple[Migration, Migration]]:
    """Pair migrations by version, where the names do not contradict it, and then by name, or by
    the day and a name that is much the same."""
    by_version = {_version(other): other for other in reversed(others)}
    left: list[Migration] = []
    used: set[Migration] = set()
    for one in ones:
        other = by_version.get(_version(one))
        if other is not None and other not in used and (together or _same(one, other)):
            used.add(other)
            yield one, other
        else:
            left.append(one)
    for name_of in (_plain, _day):
        found = list(_partners_by_name(left, [other for other in others if other not in used], name_of))
        yield from found
        used.update(other for _, other in found)
        matched = {one for one, _ in found}
        left = [one for one in left if one not in matched]


def _partners_by_name(
    ones: list[Migration], others: list[Migration], name_of: Callable[[Migration], str]
) -> Iterator[tuple[Migration, Migration]]:
    by_name: dict[str, list[Migration]] = defaultdict(list)
    for other in reversed(others):
        if other.name:
            by_name[name_of(other)].append(other)
    for one in ones:
        alike = by_name.get(name_of(one)) if one.name else None
        if alike and (name_of is _plain or _same_words(one, alike[-1])):
            yield one, alike.pop()


def _version(migration: Migration) -> str:
    """Return the version as a text that is the same for both: digits alone, where it has any."""
    return re.sub(r"\D", "", migration.version).lstrip("0") or migration.version


def _plain(migration: Migration) -> str:
    return "".join(_words(migration.name))


def _day(migration: Migration) -> str:
    """Return the day of a version that is a time; else the whole version."""
    version = _version(migration)
    return version[:_TIME_DIGITS] if len(version) >= _TIME_DIGITS else version


def _words(name: str) -> list[str]:
    return [word for word in _SEPARATORS.split(name.lower()) if word and named(word) is UNMARKED]


def _same(one: Migration, other: Migration) -> bool:
    if len(_version(one)) >= _TIME_DIGITS or not one.name or not other.name:
        return True
    return _same_words(one, other)


def _same_words(one: Migration, other: Migration) -> bool:
    first, second = set(_words(one.name)), set(_words(other.name))
    return len(first & second) >= _ALIKE * len(first | second)
