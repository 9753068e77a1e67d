"""The way back to a version: the rollbacks in order, with the locks and losses of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from miglint.base.model import Dialect, History, Script
from miglint.base.structs import Struct, replace
from miglint.base.template_names import decode_tags
from miglint.dryrun.statements import prepare
from miglint.locks import Lock, LockEffect, Work, effects
from miglint.replay.apply import run
from miglint.replay.steps import Step
from miglint.rollback.assessment import IMPOSSIBLE
from miglint.rollback.overview import EMPTY, ORPHAN, REPEATABLE, THERE, RollbackEntry, entry_of
from miglint.rollback.tracking import keeps_record, own_record

ALL = "0"


class PlanStep(Struct, frozen=True):
    """One rollback of a plan.

    `locks` are the strongest lock on each table that is there before it, with the work done under it (PostgreSQL).
    `sql` is what undoes the migration, in a transaction if its tool opens one, with the record that the scripts keep.
    `failure` is the error of the rollback when the plan comes to it, None if none is known.
    """

    entry: RollbackEntry
    locks: tuple[LockEffect, ...]
    sql: str
    failure: str | None = None

    @property
    def possible(self) -> bool:
        """Whether a rollback that runs undoes the migration: an empty one does if there is nothing to undo."""
        entry = self.entry
        if self.failure is not None:
            return False
        return entry.status == THERE or (entry.status == EMPTY and entry.verdict["symmetric"] is True)

    @property
    def complete(self) -> bool:
        """Whether nothing contradicts that it restores the schema."""
        return self.possible and self.entry.verdict["symmetric"] is not False

    @property
    def lossless(self) -> bool:
        """Whether it can be undone with everything that was there before, and without losing what was written since."""
        return self.complete and not self.entry.loses and not self.entry.known.lost

    @property
    def reason(self) -> str:
        """Return why it cannot be undone."""
        entry = self.entry
        if self.failure is not None:
            after = "" if self.entry.known.restores == IMPOSSIBLE else " after the steps before it"
            return f"its rollback fails{after}: {self.failure}"
        if entry.status == EMPTY:
            return "its rollback does nothing"
        return f"declared irreversible: {entry.reason}" if entry.reason is not None else "it has no rollback"

    def as_dict(self) -> dict[str, Any]:
        """Return the step as it is reported to programs."""
        migration = self.entry.migration
        return {
            "version": migration.version,
            "name": migration.name,
            "rollback": migration.rollback.path if migration.rollback is not None else None,
            "status": self.entry.status,
            "possible": self.possible,
            "problem": None if self.possible else self.reason,
            "symmetric": self.entry.verdict["symmetric"],
            "restores": self.entry.known.restores if self.possible else None,
            "missing": list(self.entry.known.missing),
            "locks": [
                {
                    "table": lock.table.name if lock.table.schema == "public" else str(lock.table),
                    "mode": str(lock.lock),
                    "blocks": lock.lock.blocks or None,
                    "work": str(lock.work) or None,
                }
                for lock in self.locks
            ],
            "loses": list(self.entry.loses),
            "not_restored": list(self.entry.known.lost),
            "fails_on": list(self.entry.known.fails_on),
            "sql": self.sql,
        }


class RollbackPlan(Struct, frozen=True):
    """The way back from `start`, the newest version that is applied, to `end`, the last one that stays (`0`: none)."""

    history: History
    start: str
    end: str
    steps: tuple[PlanStep, ...]
    skipped: tuple[RollbackEntry, ...] = ()

    @property
    def obstacles(self) -> tuple[PlanStep, ...]:
        """The steps that cannot be undone."""
        return tuple(step for step in self.steps if not step.possible)

    @property
    def incomplete(self) -> tuple[PlanStep, ...]:
        """The steps whose rollbacks run, and leave another schema than that before the forward."""
        return tuple(step for step in self.steps if step.possible and not step.complete)

    def reach(self, *, lossless: bool) -> tuple[PlanStep, ...]:
        """Return the first steps of the plan that can be undone, or be undone without loss."""
        count = 0
        for step in self.steps:
            if not (step.lossless if lossless else step.possible):
                break
            count += 1
        return self.steps[:count]

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as it is reported to programs."""
        kept = self.reach(lossless=True)
        return {
            "schema_version": 1,
            "history": self.history.root,
            "dialect": self.history.dialect.value,
            "from": self.start,
            "to": self.end,
            "possible": not self.obstacles,
            "complete": not self.obstacles and not self.incomplete,
            "last_without_loss": kept[-1].entry.migration.version if kept else None,
            "steps": [step.as_dict() for step in self.steps],
        }


def plan(
    history: History,
    steps: Iterable[Step],
    first: int,
    last: int,
    *,
    version: tuple[int, ...] = (),
    runner: str | None = None,
) -> RollbackPlan:
    """Return the way back over the migrations from number `last` down to number `first` of a history.

    `version` is that of the server, `runner` what the settings say of the transactions of the team's runner.
    """
    found: list[tuple[PlanStep, Step]] = []
    skipped: list[RollbackEntry] = []
    for number, step in enumerate(steps):
        if not first <= number <= last:
            if number > last:
                break
            continue
        entry = entry_of(history, step)
        if entry.status in (REPEATABLE, ORPHAN):
            skipped.append(entry)
        else:
            found.append((PlanStep(entry, _locks(step, version), _sql(history, step, runner)), step))
    migrations = history.migrations
    end = migrations[first - 1].version if first > 0 else ALL
    return RollbackPlan(history, migrations[last].version, end, tuple(_in_order(found)), tuple(skipped))


def _in_order(found: Sequence[tuple[PlanStep, Step]]) -> Iterator[PlanStep]:
    """Yield the steps, the newest first, with the error that each meets after those before it."""
    schema = found[-1][1].after if found else None
    for planned, step in reversed(found):
        if step.rollback is None or schema is None:
            yield planned
            continue
        done = step.rollback
        if schema is not step.after:
            done = run(schema, step.rollback_statements, rollback=True, kept=False)
        # What an earlier migration may have done is not known in full: nothing is certain then.
        failure = None if done.failed is None or step.doubted else done.failed.failure
        schema = done.schema
        yield planned if failure is None else replace(planned, failure=decode_tags(failure.message))


def _locks(step: Step, version: tuple[int, ...]) -> tuple[LockEffect, ...]:
    """Return the strongest lock of a rollback on each relation that it did not create."""
    done = step.rollback
    if done is None or step.migration.dialect is not Dialect.POSTGRES:
        return ()
    there = {key.name for key, _ in done.before.items() if key.space == "relation"}
    strongest: dict[str, LockEffect] = {}
    for moment in done.moments:
        if moment.failed:
            continue
        for effect in effects(moment.operation, moment.before, version, notes=moment.notes):
            if effect.table.name not in there or effect.lock < Lock.SHARE_UPDATE_EXCLUSIVE:
                continue
            known = strongest.get(effect.table.name)
            if known is None or _weight(effect) > _weight(known):
                strongest[effect.table.name] = effect
    return tuple(strongest.values())


def _weight(effect: LockEffect) -> tuple[int, bool]:
    return effect.lock, effect.work is not Work.NONE


def _sql(history: History, step: Step, runner: str | None) -> str:
    """Return what undoes a migration: its rollback, and the deletion of the record that it may leave."""
    migration, record = step.migration, own_record(step)
    deletion = record.deletion if record is not None and keeps_record(step) else None
    if migration.rollback is None:
        return "" if deletion is None else f"{deletion}\n"
    body, wrapped = _body(migration.rollback, history.layout, runner)
    lines = [body] if body else []
    lines += [deletion] if deletion is not None else []
    if wrapped and lines:
        lines = ["BEGIN;", *lines, "COMMIT;"]
    return "".join(f"{line}\n" for line in lines)


def _body(script: Script, layout: str, runner: str | None) -> tuple[str, bool]:
    """Return the text of a script without the transaction around all of it, and whether there is one."""
    prepared = prepare(script, layout, runner)
    if not prepared.pieces:
        return "", False
    if not prepared.wrapped:
        return script.text.strip(), False
    start = script.span.start
    text = script.text[prepared.pieces[0].span.start - start : prepared.pieces[-1].span.end - start].rstrip()
    return (text if text.endswith(";") else f"{text};"), True
