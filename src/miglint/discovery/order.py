"""Numbering of a history: defects in it, and programs that run between its scripts."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from miglint.base.digits import whole_number
from miglint.base.model import Direction, History, Migration, Problem
from miglint.base.structs import replace
from miglint.discovery.file_parts import Collected
from miglint.discovery.versions import gaps, out_of_order


def order_problems(histories: Sequence[History], collected: Collected, label: str) -> list[Problem]:
    """Return gaps and anomalies in the versions of a home, each reported once for all dialects."""
    # A version that exists for another engine, as a program, or on the base branch is not missing.
    versions = {piece.version for piece in collected.pieces if not piece.repeatable}
    first: dict[str, tuple[Migration, History]] = {}
    for history in histories:
        for migration in history.migrations:
            first.setdefault(migration.version, (migration, history))
    problems = list(_gaps(versions, collected, first))
    for version, earlier in out_of_order(list(versions), collected.order):
        place = first.get(version)
        if place is not None:
            message = f"{label} runs {version} before {earlier}, contrary to their numeric order"
            problems.append(_problem("out-of-order", place, message))
    return problems


def _gaps(versions: set[str], collected: Collected, first: dict[str, tuple[Migration, History]]) -> Iterator[Problem]:
    """Yield the gaps in versions that are all whole numbers, each once."""
    numbers = {whole_number(version): version for version in versions if version.isdecimal()}
    if len(numbers) < len(versions) or any("." in version for version in versions):
        return
    for gap in gaps([*numbers, *collected.taken, *collected.elsewhere]):
        place = first.get(numbers.get(gap.after_gap, ""))
        if place is not None:
            what = f"version {gap.first} is" if gap.first == gap.last else f"versions {gap.first} to {gap.last} are"
            yield _problem("skipped-version", place, f"{what} missing")


def after_programs(migrations: list[Migration], programs: tuple[int, ...]) -> tuple[Migration, ...]:
    """Mark the migrations that follow a migration written as a program."""
    own = {whole_number(migration.version) for migration in migrations if migration.version.isdecimal()}
    unread = sorted(set(programs) - own)
    if not unread:
        return tuple(migrations)
    marked, passed = [], 0
    for migration in migrations:
        behind = bisect_left(unread, whole_number(migration.version)) if migration.version.isdecimal() else passed
        marked.append(replace(migration, after_program=True) if behind > passed else migration)
        passed = max(passed, behind)
    return tuple(marked)


def _problem(kind: str, place: tuple[Migration, History], message: str) -> Problem:
    migration, history = place
    script = migration.forward or migration.rollback
    path, start = (script.path, script.span.start) if script is not None else (history.root, 0)
    return Problem(kind, path, message, start, Direction.FORWARD, migration.version, history.dialect)
