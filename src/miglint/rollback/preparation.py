"""The rollbacks to write: for which migrations, in which place, with which text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from miglint.base.errors import UsageError
from miglint.base.model import Dialect, Discovered, History, Migration, Script
from miglint.base.structs import Struct, replace
from miglint.base.template_names import decode_tags
from miglint.discovery.placement import NoPlace, Placement, place_rollback
from miglint.replay.steps import Step
from miglint.rollback.assessment import IMPOSSIBLE, SCHEMA_ONLY
from miglint.rollback.compose import FileEdit, compose
from miglint.rollback.forward_edit import forward_edits
from miglint.rollback.overview import EMPTY, IRREVERSIBLE, MISSING, ORPHAN, REPEATABLE, THERE, status_of
from miglint.rollback.written import (
    ForwardAddition,
    RollbackText,
    write_preserving,
    write_rollback,
)
from miglint.rules.support.scripts import does_anything
from miglint.rules.support.step_cache import forget_steps

Wanted = Callable[[Migration], bool]


class PreparedRollback(Struct, frozen=True):
    """A rollback that was looked at.

    `edit` is what to write, None if there is nothing to do or no place for it. `problem` is why it is not written.
    `verified` says whether an engine ran it as claimed; None if it was not run. `forward_edits` are the changes to
    the forward with which the rollback loses nothing, `set_aside` the tables that data is set aside in, and `clean_up`
    the statements that drop these.
    """

    history: History
    migration: Migration
    text: RollbackText
    path: str | None = None
    edit: FileEdit | None = None
    problem: str | None = None
    verified: bool | None = None
    forward_edits: tuple[FileEdit, ...] = ()
    set_aside: tuple[str, ...] = ()
    clean_up: tuple[str, ...] = ()

    @property
    def edits(self) -> tuple[FileEdit, ...]:
        """Return all edits."""
        return () if self.edit is None else (self.edit, *self.forward_edits)

    @property
    def insufficient(self) -> bool:
        """Whether the migration is left without an exact or partial rollback, or data is lost."""
        return self.problem is not None or self.text.restores in (SCHEMA_ONLY, IMPOSSIBLE) or bool(self.text.lost)

    def as_dict(self) -> dict[str, object]:
        """Return it as it is reported to programs."""
        forward = self.migration.forward
        return {
            "version": self.migration.version,
            "forward": forward.path if forward is not None else None,
            "path": self.path,
            "restores": self.text.restores,
            "missing": list(self.text.missing),
            "lost": list(self.text.lost),
            "loses": [decode_tags(str(item)) for item in self.text.loses],
            "fails_on": list(self.text.fails_on),
            "sql": "".join(f"{statement}\n" for statement in self.text.statements),
            "problem": self.problem,
            "verified": self.verified,
            "forward_changed": bool(self.edits and self.forward_edits),
            "set_aside": list(self.set_aside),
        }


class WriteOptions(Struct, frozen=True):
    """How rollbacks are written: `over` replaces existing ones, `target` is the version of the engine.

    With `preserve`, data is set aside; `is_fixed` returns why a forward must not be changed for that, or None.
    """

    over: bool = False
    target: tuple[int, ...] | None = None
    preserve: bool = False
    is_fixed: Callable[[Script], str | None] = lambda script: None


def prepare_rollbacks(
    history: History,
    steps: Iterable[Step],
    wanted: Wanted | None,
    options: WriteOptions,
    others: Sequence[History] = (),
) -> list[PreparedRollback]:
    """Return the rollbacks of the wanted migrations of a history (None: of all that have none; with `over`, of all).

    `others` are the histories that may use the same files. Raises `UsageError` for a wanted migration that can have no
    rollback, or whose rollback must not be replaced.
    """
    return [_prepared(history, step, others, options) for step in _chosen(steps, wanted, over=options.over)]


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


def _prepared(history: History, step: Step, others: Sequence[History], options: WriteOptions) -> PreparedRollback:
    migration, addition = step.migration, None
    if options.preserve:
        text, addition = write_preserving(step, options.target)
    else:
        text = write_rollback(step, options.target)
    place = place_rollback(history, migration, others, over=options.over)
    if isinstance(place, NoPlace):
        return PreparedRollback(history, migration, text, problem=place.reason)
    if not options.over and _states_losses(migration.rollback, text):
        return PreparedRollback(history, migration, text, place.path)
    item = PreparedRollback(history, migration, text, place.path, _edit(history, migration, place, text))
    if addition is None or migration.forward is None or _is_added(migration.forward, addition):
        return item
    fixed = options.is_fixed(migration.forward)
    if fixed is not None:
        return replace(item, edit=None, problem=f"its forward would have to set data aside, but {fixed}")
    edits = forward_edits(step, addition, place.form)
    return replace(item, forward_edits=tuple(edits), set_aside=addition.places, clean_up=addition.clean_up)


def _is_added(forward: Script, addition: ForwardAddition) -> bool:
    """Return whether a forward sets data aside already."""
    return all(place in forward.text for place in addition.places)


def _edit(history: History, migration: Migration, place: Placement, text: RollbackText) -> FileEdit | None:
    edit = compose(history, migration, place, text)
    file = edit.file
    if file is not None and file.text[edit.span.start : edit.span.end] == edit.text:
        return None
    return edit


def _states_losses(rollback: Script | None, text: RollbackText) -> bool:
    """Return whether a script without statements already has the remarks that would be written."""
    if rollback is None or text.statements:
        return False
    return all(line in rollback.text for line in text.remarks)


def read_back(prepared: Sequence[PreparedRollback], found: Discovered) -> list[PreparedRollback]:
    """Return the rollbacks with the migrations as they are read after writing; `found` is what is discovered then.

    A rollback that would not be read as that of its migration is not written.
    """
    known = {
        (migration.forward.path, migration.version, migration.dialect): migration
        for history in found.histories
        for migration in history.migrations
        if migration.forward is not None
    }
    return [item if item.edit is None else _read(item, known) for item in prepared]


def _read(item: PreparedRollback, known: Mapping[tuple[str, str, Dialect], Migration]) -> PreparedRollback:
    forward = item.migration.forward
    assert forward is not None and item.edit is not None
    migration = known.get((forward.path, item.migration.version, forward.dialect))
    rollback = migration.rollback if migration is not None else None
    if migration is None or rollback is None or rollback.path != item.path:
        reason = f"{item.path} would not be read as the rollback of {item.migration.version}"
        return replace(item, edit=None, problem=reason)
    return replace(item, migration=migration)
