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
    asked = [item for item in history.migrations if _should_have_one(item)]
    without = [item for item in asked if item.rollback is None]
    if required or len(without) < _FEWEST:
        return [_missing("missing-rollback", item) for item in without]
    last = max((number for number, item in enumerate(asked) if item.rollback is not None), default=-1)
    before, behind = asked[: last + 1], asked[last + 1 :]
    earlier = [item for item in before if item.rollback is None]
    if len(behind) >= _FEWEST and 2 * len(earlier) < len(before):
        message = f"this migration and all {len(behind) - 1} after it have no rollback; most before it have one"
        stopped = _missing("rollbacks-missing", behind[0], message)
        return [
            *(_missing("missing-rollback", item) for item in earlier),
            stopped,
            *(_missing("missing-rollback-alike", item) for item in behind),
        ]
    if 2 * len(without) > len(asked):
        message = f"{len(without)} of {len(asked)} migrations have no rollback"
        mostly = Problem("rollbacks-missing", history.root, message, dialect=history.dialect)
        return [mostly, *(_missing("missing-rollback-alike", item) for item in without)]
    return [_missing("missing-rollback", item) for item in without]


def _should_have_one(migration: Migration) -> bool:
    return migration.forward is not None and migration.irreversible is None and not migration.repeatable


def _missing(kind: str, migration: Migration, message: str = "there is no rollback for this migration") -> Problem:
    forward = migration.forward
    assert forward is not None  # only forward scripts need a rollback
    return Problem(
        kind, forward.path, message, forward.span.start, Direction.FORWARD, migration.version, migration.dialect
    )
