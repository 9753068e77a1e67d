"""Statements for a rollback, replayed where they are offered: others replace those that fail or restore too little."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from miglint.base.model import Dialect
from miglint.replay.apply import run
from miglint.replay.steps import Step
from miglint.rules.symmetry.severity import end_of
from miglint.schema import objects
from miglint.schema.change import Change
from miglint.schema.depends import dependencies
from miglint.schema.diff import diff
from miglint.schema.objects import Key
from miglint.schema.value import Schema
from miglint.writer.postgres.graph import names_of
from miglint.writer.reading import read
from miglint.writer.transition import write_transition
from miglint.writer.words import UnprintableError


def checked(step: Step, changes: Sequence[Change], texts: Sequence[str]) -> list[str]:
    """Return statements that undo differences at the end of the rollback: the given ones, or others if they do not.

    The others also undo the differences of what depends on the changed objects, and of what these depend on. Raises
    `UnprintableError` where the given ones fail and there are no others.
    """
    now = end_of(step)
    if step.rollback is None or step.rollback.lost or step.forward.lost or now.dialect is Dialect.SQLITE:
        # SQLite: the statements of several findings rebuild a table one after the other, each as the others leave it.
        return list(texts)
    done = run(now, read("\n".join(texts), now.dialect), kept=False)
    failure = next((event.failure for event in done.events if event.failure and event.failure.certain), None)
    if failure is None and not _remains(changes, diff(step.before, done.schema, {item.key for item in changes})):
        return list(texts)
    written = write_transition(now, _goal(step, now, changes))
    if written.statements and not written.missing:
        return [one_line(item.text) for item in written.statements]
    if failure is not None:
        raise UnprintableError(failure.message)
    return list(texts)


def one_line(text: str) -> str:
    """Return a statement on one line; a line break inside of a string or a function's body is part of it."""
    return " ".join(text.split()) if "'" not in text and "$" not in text else text


def _remains(changes: Iterable[Change], left: Iterable[Change]) -> bool:
    wanted = {(item.key, item.part, item.aspect) for item in changes}
    return any(item.certain and (item.key, item.part, item.aspect) in wanted for item in left)


def _goal(step: Step, now: Schema, changes: Iterable[Change]) -> Schema:
    """Return the schema after the rollback with some objects as they were before, and with them what they involve."""
    goal = now
    for key in _involved(step, now, {item.key for item in changes}):
        value = step.before.find(key)
        goal = goal.drop(key) if value is None else goal.put(key, value)
    return goal


def _involved(step: Step, now: Schema, keys: set[Key]) -> list[Key]:
    """Return keys, and those of other changed objects that depend on them or that they depend on."""
    others = {item.key for item in step.changes} - keys
    found = sorted(keys)
    for key in found:  # grows
        near = {other for schema in (now, step.before) for other in _neighbors(schema, key)} - {*found}
        found += sorted(other for other in near if other in others or _lost_with_a_part(step.before, now, other))
    return found


def _neighbors(schema: Schema, key: Key) -> Iterator[Key]:
    for name in names_of(schema, key):
        yield from schema.on(name)
    value = schema.find(key)
    if value is not None:
        yield from dependencies(value, schema.dialect)


def _lost_with_a_part(before: Schema, now: Schema, key: Key) -> bool:
    """Return whether it is the index of a constraint, or the sequence of a column, and not what it was."""
    was = before.find(key)
    return isinstance(was, (objects.Index, objects.Sequence)) and was != now.find(key)
