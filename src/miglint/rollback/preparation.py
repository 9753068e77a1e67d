"""The rollbacks to write: for which migrations, where each goes, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from miglint.base.errors import UsageError
from miglint.base.model import Dialect, Discovered, History, Migration, Script
from miglint.base.structs import Struct, replace
from miglint.discovery.placement import NoPlace, Placement, place_rollback
from miglint.replay.steps import Step
from miglint.rollback.compose import FileEdit, compose
from miglint.rollback.overview import EMPTY, IRREVERSIBLE, MISSING, ORPHAN, REPEATABLE, THERE, status_of
from miglint.rollback.written import IMPOSSIBLE, SCHEMA_ONLY, RollbackText, write_rollback
from miglint.rules.support.scripts import does_anything
from miglint.rules.support.step_cache import forget_steps

Wanted = Callable[[Migration], bool]


class PreparedRollback(Struct, frozen=True):
    """A rollback that was looked at.

    `edit` is what to write, None if there is nothing to do or no place for it. `problem` is why it is not written.
    `verified` says whether an engine ran it as claimed; None if it was not asked.
    """

    history: History
    migration: Migration
    text: RollbackText
    path: str | None = None
    edit: FileEdit | None = None
    problem: str | None = None
    verified: bool | None = None

    @property
    def insufficient(self) -> bool:
        """Whether the migration is left without an exact or partial rollback."""
        return self.problem is not None or self.text.restores in (SCHEMA_ONLY, IMPOSSIBLE)

    def as_dict(self) -> dict[str, object]:
        """Return it as it is reported to programs."""
        forward = self.migration.forward
        return {
            "version": self.migration.version,
            "forward": forward.path if forward is not None else None,
            "path": self.path,
            "restores": self.text.restores,
            "missing": list(self.text.missing),
            "problem": self.problem,
            "verified": self.verified,
        }


def prepare_rollbacks(
    histories: Sequence[tuple[History, Iterable[Step]]],
    wanted: Wanted | None,
    *,
    over: bool,
    targets: Mapping[str, tuple[int, ...]],
) -> list[PreparedRollback]:
    """Return the rollbacks of the wanted migrations (None: of all that have none, or with `over`, of all).

    `over` allows to replace existing ones. Raises `UsageError` for a wanted migration whose rollback cannot be written
    or must not be replaced.
    """
    others = [history for history, _ in histories]
    found = []
    for history, steps in histories:
        for step in _chosen(steps, wanted, over=over):
            text = write_rollback(step, targets.get(history.dialect.value))
            found.append(_placed(history, step.migration, text, others, over=over))
    return found


def _chosen(steps: Iterable[Step], wanted: Wanted | None, *, over: bool) -> Iterator[Step]:
    for step in steps:
        status = status_of(step)
        if wanted is None:
            empty = status == EMPTY and does_anything(step.forward_statements)
            chosen = status == MISSING or empty or (over and status in (THERE, EMPTY))
        else:
            chosen = wanted(step.migration)
            if chosen:
                _require_writable(step.migration, status, over=over)
        if chosen:
            yield step
        forget_steps()


def _require_writable(migration: Migration, status: str, *, over: bool) -> None:
    version = migration.version
    if status == ORPHAN:
        raise UsageError(f"{version} is a rollback without a forward")
    if status == REPEATABLE:
        raise UsageError(f"{version} is repeatable, and has no rollback")
    if over:
        return
    if status == IRREVERSIBLE:
        raise UsageError(f"{version} is declared irreversible ({migration.irreversible}); --replace overrides it")
    if status == THERE and migration.rollback is not None:
        raise UsageError(f"{version} has a rollback, {migration.rollback.path}; --replace overwrites it")


def _placed(
    history: History, migration: Migration, text: RollbackText, others: Sequence[History], *, over: bool
) -> PreparedRollback:
    place = place_rollback(history, migration, others, over=over)
    if isinstance(place, NoPlace):
        return PreparedRollback(history, migration, text, problem=place.reason)
    if not over and _says(migration.rollback, text):
        return PreparedRollback(history, migration, text, place.path)
    return PreparedRollback(history, migration, text, place.path, _edit(history, migration, place, text))


def _edit(history: History, migration: Migration, place: Placement, text: RollbackText) -> FileEdit | None:
    edit = compose(history, migration, place, text)
    file = edit.file
    if file is not None and file.text[edit.span.start : edit.span.end] == edit.text:
        return None
    return edit


def _says(rollback: Script | None, text: RollbackText) -> bool:
    """Return whether a script that does nothing says so already, in the words in which it would be written."""
    if rollback is None or text.statements:
        return False
    return all(line in rollback.text for line in text.remarks)


def read_back(prepared: Sequence[PreparedRollback], found: Discovered) -> list[PreparedRollback]:
    """Return the rollbacks with the migrations as they are read after writing; `found` is what is discovered then.

    A rollback that would not be read as that of its migration is not written.
    """
    known = {
        (migration.forward.path, migration.forward.span.start, migration.dialect): migration
        for history in found.histories
        for migration in history.migrations
        if migration.forward is not None
    }
    return [item if item.edit is None else _read(item, known) for item in prepared]


def _read(item: PreparedRollback, known: Mapping[tuple[str, int, Dialect], Migration]) -> PreparedRollback:
    forward = item.migration.forward
    assert forward is not None and item.edit is not None
    migration = known.get((forward.path, forward.span.start, forward.dialect))
    rollback = migration.rollback if migration is not None else None
    if migration is None or rollback is None or rollback.path != item.path:
        reason = f"{item.path} would not be read as the rollback of {item.migration.version}"
        return replace(item, edit=None, problem=reason)
    return replace(item, migration=migration)
