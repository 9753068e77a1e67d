"""The rebuild that gives a table of SQLite its definition back, where no statement changes it in place."""

from __future__ import annotations

from miglint.base.lazy_regex import pattern
from miglint.replay.apply import run
from miglint.schema.diff import diff
from miglint.schema.objects import Index, Key, Trigger
from miglint.schema.value import Schema
from miglint.writer.transition import read, write_transition

# White space outside of strings and names.
_SPACE = pattern(r"""('(?:[^']|'')*'|"(?:[^"]|"")*")|\s+""")


def rebuild_text(present: Schema, before: Schema, key: Key) -> str | None:
    """Return the statements, on one line, that make a table what it was before; its indexes and triggers stay.

    None if there is no such table, or not all of it is known.
    """
    here, there = present.table(key), before.table(key)
    if here is None or there is None or here.assumed or there.assumed:
        return None
    goal = present.put(key, there)
    # What is missing besides is created by the statements that are offered for it.
    users = [user for user, index in present.users(key, Index) if index.constraint is None]
    for user in (*users, *(user for user, _ in present.users(key, Trigger))):
        value = before.find(user)
        goal = goal.drop(user) if value is None else goal.put(user, value)
    written = write_transition(present, goal)
    return None if written.missing else " ".join(_on_one_line(item.text) for item in written.statements)


def _on_one_line(text: str) -> str:
    text = text.partition("\n")[2] if text.startswith("--") else text
    return _SPACE.sub(lambda found: found[1] or " ", text)


def suffices(present: Schema, before: Schema, key: Key, part: str, text: str) -> bool:
    """Return whether a statement runs, and leaves nothing of a part of a table that differs from before."""
    done = run(present, read(text, present.dialect), kept=False)
    if done.failed is not None:
        return False
    return not any(change.part == part and change.counts for change in diff(before, done.schema, {key}))
