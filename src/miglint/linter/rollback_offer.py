"""The command that writes a missing rollback, or a better one, at the end of the help of findings that it mends.

Where rows or values are lost that scripts can keep, it is the command that writes such scripts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from shlex import quote

from miglint.base.findings import Severity
from miglint.base.model import Discovered, History, Migration
from miglint.base.structs import replace
from miglint.linter.dispatch import PlacedHit
from miglint.replay.steps import Step
from miglint.rules.support.intentions import states_no_rollback
from miglint.schema.journal import differing
from miglint.sql import operations as ops
from miglint.sql import parse
from miglint.sql.operations import flat

_MISSING, _EMPTY, _FAMILY = "PAI001", "PAI003", "SYM"
_LOSSES = frozenset({"DAT001", "DAT002"})
# A rollback of more objects than this takes as much memory to write as all else, and the command can be guessed.
_MOST_CHANGED = 20_000


def with_offers(
    placed: list[PlacedHit], step: Step, history: History, targets: Mapping[str, tuple[int, ...]]
) -> list[PlacedHit]:
    """Return the hits of a step; those about its rollback, and about data that is lost, end with a command.

    The command is offered only where it helps: for an empty rollback if one can be written, for one that leaves
    differences if the new one leaves none, and for lost data if all of it can be kept. `targets` are the versions of
    the engines.
    """
    about_losses, about_rollback = any(map(_is_about_losses, placed)), any(map(_is_about_rollback, placed))
    if not (about_losses or about_rollback) or len(differing(step.before, step.after)) > _MOST_CHANGED:
        return placed
    if about_losses:
        placed = _with_offers_to_keep(placed, step, history, targets)
    if not about_rollback:
        return placed
    # Most migrations need no offer, and the writer takes time to load.
    from miglint.rollback.assessment import EXACT, IMPOSSIBLE, SCHEMA_ONLY
    from miglint.rollback.written import what_it_would_restore

    migration = step.migration
    if not has_place(history, migration):
        return placed
    restores = what_it_would_restore(step, targets.get(history.dialect.value))

    def offered(item: PlacedHit) -> PlacedHit:
        if not _is_about_rollback(item):
            return item
        if item.rule.code == _EMPTY:
            return item if restores == IMPOSSIBLE else _ending(item, f"Or write it: `{_command(migration)}`")
        if restores not in (EXACT, SCHEMA_ONLY):
            return item
        return _ending(item, f"Or write the rollback anew: `{_command(migration, ' --replace')}`")

    return [offered(item) for item in placed]


def _with_offers_to_keep(
    placed: list[PlacedHit], step: Step, history: History, targets: Mapping[str, tuple[int, ...]]
) -> list[PlacedHit]:
    """Return the hits of a step; those about data that is lost end with the command that writes what keeps it."""
    from miglint.rollback.written import can_keep_everything

    migration = step.migration
    if not has_place(history, migration) or not can_keep_everything(step, targets.get(history.dialect.value)):
        return placed
    offer = f"Or write scripts that keep them: `{_command(migration, ' --preserve-data --replace')}`"
    return [_ending(item, offer) if _is_about_losses(item) else item for item in placed]


def with_offers_for_missing(placed: Iterable[PlacedHit], found: Discovered, *, required: bool) -> list[PlacedHit]:
    """Return hits; those about a migration without a rollback end with the command that writes it.

    Unless the settings require rollbacks, it is a warning that there is none for a forward that changes rows alone, or
    that says so in a comment.
    """
    hits = list(placed)
    if not any(item.rule.code == _MISSING for item in hits):
        return hits
    from miglint.discovery.placement import NoPlace, place_rollback

    places = {
        (migration.forward.path, migration.version): (history, migration)
        for history in found.histories
        for migration in history.migrations
        if migration.forward is not None
    }

    def offered(item: PlacedHit) -> PlacedHit:
        place = places.get((item.hit.file.path, item.hit.version or ""))
        if item.rule.code == _MISSING and place is not None and not required and _refused_in_transaction(place[1]):
            item = replace(item, hit=replace(item.hit, severity=Severity.WARNING))
        if item.rule.code != _MISSING or place is None or isinstance(place_rollback(*place, found.histories), NoPlace):
            return item
        return _ending(item, f"Or: `{_command(place[1])}`")

    return [offered(item) for item in hits]


# What changes no schema.
_ROWS = (ops.Insert, ops.Update, ops.Delete, ops.Truncate, ops.Select, ops.Transaction, ops.SetVariable)


def _refused_in_transaction(migration: Migration) -> bool:
    """Return whether a forward changes no schema, or says that there is no rollback."""
    forward = migration.forward
    if forward is None:
        return False
    statements = parse(forward)
    rows = all(
        statement.problem is None and all(isinstance(operation, _ROWS) for operation in flat(statement.operations))
        for statement in statements
    )
    return rows or states_no_rollback(forward.text)


def asked_place(placed: Iterable[PlacedHit], migration: Migration, history: History) -> bool | None:
    """Return whether the rollback of a migration has a place, if hits depend on that.

    None if they do not: the place of an existing rollback is its own, that of a missing one depends on the other
    migrations.
    """
    if migration.rollback is not None or not any(_is_about_rollback(item) or _is_about_losses(item) for item in placed):
        return None
    return has_place(history, migration)


def has_place(history: History, migration: Migration) -> bool:
    """Return whether the rollback of a migration can be written."""
    from miglint.discovery.placement import NoPlace, place_rollback

    return not isinstance(place_rollback(history, migration, over=True), NoPlace)


def _is_about_rollback(item: PlacedHit) -> bool:
    if item.rule.family == _FAMILY:
        # What is information makes no difference to the verdict, and may be there again.
        return (item.hit.severity or item.rule.severity) is not Severity.INFO
    return item.rule.code == _EMPTY


def _is_about_losses(item: PlacedHit) -> bool:
    return item.rule.code in _LOSSES and (item.hit.severity or item.rule.severity) is not Severity.INFO


def _command(migration: Migration, options: str = "") -> str:
    path = migration.forward.path if migration.forward is not None else ""
    return f"miglint rollback write --at {quote(migration.version)}{options} {quote(path)}"


def _ending(item: PlacedHit, text: str) -> PlacedHit:
    return replace(item, hit=replace(item.hit, help=f"{item.hit.help} {text}".strip()))
