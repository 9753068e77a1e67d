"""Missing rollbacks: reported per migration, or once for a project that does not write them.

If most of a history has no rollbacks, or none has from one version on, that is a decision of the project and not a
mistake in each migration: one problem reports it. The problems of single migrations are kept for a report about these
alone.
"""

from __future__ import annotations

from miglint.base.model import Direction, History, Migration, Problem

# One or two missing rollbacks may be accidental.
_FEWEST = 3


def missing_rollbacks(history: History, *, required: bool) -> list[Problem]:
    """Return the problems of a history that should have rollbacks; `required`: because of the settings."""
    if history.rollbacks != "required":
        return []
    expected = [item for item in history.migrations if _should_have_one(item)]
    without = [item for item in expected if item.rollback is None]
    if not required and len(without) >= _FEWEST:
        later = _after_the_last_rollback(expected)
        earlier = without[: len(without) - len(later)]
        if len(later) >= _FEWEST and 2 * len(earlier) < len(expected) - len(later):
            message = f"this migration and all {len(later) - 1} after it have no rollback; most before it have one"
            stopped = _missing("rollbacks-missing", later[0], message)
            return [*_each("missing-rollback", earlier), stopped, *_each("missing-rollback-alike", later)]
        if 2 * len(without) > len(expected):
            message = f"{len(without)} of {len(expected)} migrations have no rollback"
            mostly = Problem("rollbacks-missing", history.root, message, dialect=history.dialect)
            return [mostly, *_each("missing-rollback-alike", without)]
    if not required and len(expected) >= _FEWEST and without[:1] == expected[:1]:
        # Nobody goes back behind the first version of a history: that is a new database.
        return [_missing("missing-rollback-first", without[0]), *_each("missing-rollback", without[1:])]
    return _each("missing-rollback", without)


def _after_the_last_rollback(migrations: list[Migration]) -> list[Migration]:
    last = max((number for number, item in enumerate(migrations) if item.rollback is not None), default=-1)
    return migrations[last + 1 :]


def _each(kind: str, migrations: list[Migration]) -> list[Problem]:
    return [_missing(kind, item) for item in migrations]


def _should_have_one(migration: Migration) -> bool:
    return migration.forward is not None and migration.irreversible is None and not migration.repeatable


def _missing(kind: str, migration: Migration, message: str = "there is no rollback for this migration") -> Problem:
    forward = migration.forward
    assert forward is not None  # only forward scripts need a rollback
    return Problem(
        kind, forward.path, message, forward.span.start, Direction.FORWARD, migration.version, migration.dialect
    )
