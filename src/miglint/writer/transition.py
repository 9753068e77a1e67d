"""The way from one schema to another: the statements, and what they cannot do.

`write_transition(old, new)` serves the difference of two schemas; the rollback of a migration is the way from the
schema after it to the one before, `write_transition(after, before, renames=Renames(moments of the forward))`. It knows
no files and no rules.

Each engine has its part, a package with a function of one signature, that writes a `Draft`:

    miglint.writer.postgres.draft(old, new, renames, target) -> Draft
    miglint.writer.sqlite.draft(old, new, renames, target, values) -> Draft

`renames` are what led from `new` to `old`, to be undone; `target` is the version of the engine (None: any supported
one). `values` are for SQLite, which copies rows. A part says in `Draft.missing` what it leaves out. It is not believed:
the statements are replayed over `old`, and what then differs from `new`, or is not known, is added to what is missing.
What rows are lost is found here, from the schemas and the renames.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from miglint.base.model import Dialect
from miglint.schema.change import Change
from miglint.schema.diff import diff
from miglint.schema.journal import differing
from miglint.schema.objects import ABSENT, Key
from miglint.schema.outcome import Run
from miglint.schema.value import Schema
from miglint.writer.losses import losses
from miglint.writer.reading import run_blind
from miglint.writer.renames import Renames
from miglint.writer.written import ColumnValues, Draft, Version, Written

# A difference is written out if it is no longer than this.
_LONGEST = 80


def write_transition(
    old: Schema,
    new: Schema,
    *,
    renames: Renames | None = None,
    target: Version | None = None,
    values: ColumnValues | None = None,
    checked: bool = True,
) -> Written:
    """Return the statements that make `new` of `old`, two schemas of one engine.

    `renames` are the renames of the scripts that led from `new` to `old`; without them, what has another name is
    dropped and created. `target` is the version of the engine that the statements are for. `values` are the values that
    the rows of tables of SQLite get when they are copied. Unless it is `checked`, which takes as long as writing it,
    the draft is believed: for callers that replay the statements themselves.
    """
    draft = _draft(old, new, renames, target, values or {})
    missing, reordered = _left_over(old, new, draft) if checked else ((), ())
    lost, empty = losses(old, new, renames)
    return Written(
        draft.statements,
        tuple(dict.fromkeys((*draft.missing, *missing))),
        reordered,
        draft.may_fail,
        draft.with_rows,
        lost,
        empty,
    )


def _draft(old: Schema, new: Schema, renames: Renames | None, target: Version | None, values: ColumnValues) -> Draft:
    # Each part loads what the other does not need.
    if old.dialect is Dialect.SQLITE:
        from miglint.writer import sqlite

        return sqlite.draft(old, new, renames, target, values)
    from miglint.writer import postgres

    return postgres.draft(old, new, renames, target)


def _left_over(old: Schema, new: Schema, draft: Draft) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what the replay of a draft leaves to be done, and the tables whose columns are in another order."""
    # They must restore the other schema whatever rows there are.
    text = "\n".join(item.first_run for item in draft.statements)
    return unrestored(run_blind(old, text), new)


def unrestored(done: Run, new: Schema) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a run leaves to be done to come to `new`, and the tables whose columns are in another order."""
    missing, reordered = as_sentences(diff(new, done.schema, _keys(new, done.schema)))
    return (*_failures(done), *(f"not known: {reason}" for reason in done.unknown), *missing), reordered


def as_sentences(changes: Iterable[Change]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return differences that are left as sentences: those that count, and of columns in another order."""
    missing, reordered = [], []
    for change in changes:
        if change.aspect == "column order":
            reordered.append(f"the order of the columns of {change.name} is not restored")
        elif change.counts and not change.certain:
            missing.append(f"{_subject(change)} may differ")
        elif change.counts:
            missing.append(_sentence(change))
    return tuple(missing), tuple(reordered)


def _keys(one: Schema, two: Schema) -> set[Key]:
    """Return the keys of what is not the same in both schemas, which share most of their objects."""
    first, second = one.objects, two.objects
    return {key for key in differing(one, two) if first.get(key) is not None or second.get(key) is not ABSENT}


def _failures(done: Run) -> Iterator[str]:
    for event in done.events:
        if event.failure is not None:
            yield f"a statement {'fails' if event.failure.certain else 'may fail'}: {event.failure.message}"


def _subject(change: Change) -> str:
    return f"{change.what} {change.name}"


def _sentence(change: Change) -> str:
    subject = _subject(change)
    if change.kind == "missing":
        return f"{subject} is not restored"
    if change.kind == "extra":
        return f"{subject} is left behind"
    if change.kind == "renamed":
        return f"{subject} keeps the name {change.after}"
    aspect = change.aspect or "definition"
    if not change.before or not change.after or len(change.before) + len(change.after) > _LONGEST:
        return f"the {aspect} of {subject} is not restored"
    return f"{subject} has {aspect} {change.after}, not {change.before}"
