"""How a rollback restores a table of SQLite, which has few forms of ALTER TABLE: by creating it anew."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.schema.objects import Index, Key, Trigger
from miglint.schema.value import Schema
from miglint.sql.sqlite.tokens import tokenize
from miglint.writer.transition import write_transition
from miglint.writer.words import UnprintableError


def rebuilt_table(now: Schema, before: Schema, key: Key) -> Iterator[str]:
    """Yield the statements that make a table as it was before, with the rows that it has now; its indexes stay.

    Raises `UnprintableError` where that is not possible, or not with these statements alone.
    """
    was, present = before.table(key), now.table(key)
    if was is None or present is None or was.assumed or present.assumed:
        raise UnprintableError("what it was is not known")
    goal = now.put(key, was)
    # What is missing besides is created by the statements that are offered for it.
    users = [user for user, index in now.users(key, Index) if index.constraint is None]
    for user in (*users, *(user for user, _ in now.users(key, Trigger))):
        value = before.find(user)
        goal = goal.drop(user) if value is None else goal.put(user, value)
    written = write_transition(now, goal)
    if written.missing:
        raise UnprintableError(written.missing[0])
    yield from (_on_one_line(item.text) for item in written.statements)


def _on_one_line(text: str) -> str:
    tokens = tokenize(text, 0, len(text))
    gaps = [" " if start > end else "" for start, end in zip(tokens.starts[1:], tokens.ends, strict=False)]
    return "".join(f"{tokens.raw(at)}{gap}" for at, gap in enumerate((*gaps, "")))
