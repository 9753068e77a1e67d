"""Rollbacks that change rows, ported to the other engine.

A generated rollback restores the schema; what a rollback does to rows besides is only in its own statements. These are
ported as a forward is, from the schema after the migration, and used if they lead back to the schema before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from miglint.base.model import Dialect, Direction, Migration, Script, SourceFile, Span
from miglint.base.structs import Struct, replace
from miglint.port.script import PortedScript
from miglint.port.trial import runs_twice
from miglint.replay.apply.tracking import is_tracking_table
from miglint.replay.steps import Step, replay_one
from miglint.rollback.assessment import EXACT, IMPOSSIBLE, PARTIAL, SCHEMA_ONLY, assess
from miglint.rollback.written import RollbackText
from miglint.sql import operations as op
from miglint.sql import parse

_ROWS_LEFT = "does to rows is not carried over"
_CHANGES_ROWS = (op.Insert, op.Update, op.Delete, op.Truncate, op.OtherData)


class PortedBack(Struct, frozen=True):
    """A rollback for the other engine, made from that of the migration.

    `path` is the script that it is made from. `wanted` says that it is preferred to one that only restores the schema,
    `once` that the script it is made from may not run a second time either. `missing` and `lost` are what that one does
    not restore, as in `Assessment`: with all its statements, it loses no other rows here.
    """

    script: PortedScript
    path: str
    wanted: bool
    once: bool
    missing: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def as_forward(step: Step) -> Step:
    """Return the rollback of a step as a migration of its own."""
    rollback = step.migration.rollback
    assert rollback is not None
    forward = replace(rollback, direction=Direction.FORWARD)
    migration = Migration(step.migration.version, step.migration.name, step.migration.dialect, forward, None)
    return replay_one(migration, parse, step.after)


def changes_rows(step: Step) -> bool:
    """Return whether the rollback of a step changes rows by statements of its own."""
    return any(map(_changes_rows, _operations(step)))


def _operations(step: Step) -> Iterator[op.Operation]:
    for statement in step.rollback_statements:
        yield from op.flat(statement.operations)


def _changes_rows(operation: op.Operation) -> bool:
    if not isinstance(operation, _CHANGES_ROWS):
        return False
    table = getattr(operation, "table", None)
    return not (isinstance(table, op.Name) and is_tracking_table(table.name))


def ported_text(step: Step, back: PortedBack, header: Sequence[str]) -> RollbackText | tuple[str, ...]:
    """Return the text of a ported rollback for the step of a variant, or why it does not restore the schema.

    `header` are the lines that a new file gets above it; they take the place of those of the file it is made from.
    """
    missed = tuple(loss.reason for loss in back.script.losses if not loss.harmless)
    if missed:
        return missed
    parts = _trimmed(_without_header(back.script.parts) if header else back.script.parts)
    ran = _with_rollback(step, parts)
    found = assess(ran)
    if not _is_restored(ran) or found.restores in (None, IMPOSSIBLE):
        return ("its statements lead to another schema here",)
    once = not _runs_twice(ran)
    if once and not back.once:
        return ("its statements fail on a second run here",)
    missing = tuple(item for item in found.missing if item in back.missing or not item.endswith(" lost"))
    lost = tuple(item for item in found.lost if item in back.lost)
    return RollbackText(
        SCHEMA_ONLY if lost else PARTIAL if missing else EXACT,
        parts,
        missing,
        found.loses,
        lost=lost,
        fails_on=found.fails_on,
        source=back.path,
        once=once,
    )


def _with_rollback(step: Step, parts: Sequence[str]) -> Step:
    """Return a step with a rollback of some statements and comments, as it is replayed."""
    text = "\n".join(parts)
    script = Script(SourceFile("rollback.sql", text), Span(0, len(text)), Direction.ROLLBACK, step.migration.dialect)
    return replay_one(
        replace(step.migration, rollback=script),
        parse,
        step.before,
        layout=step.layout,
        runner=step.runner,
        doubted=step.doubted,
        sqlite=step.sqlite,
    )


def _is_restored(ran: Step) -> bool:
    """Return whether a step's rollback restores the schema, but for the names of constraints."""
    return ran.verdict.symmetric is True or (
        ran.verdict.symmetric is False
        and all(change.kind == "renamed" for change in ran.changes if change.counts)
        and not (ran.rollback is None or ran.rollback.failed)
    )


def _runs_twice(ran: Step) -> bool:
    """Return whether the rollback of a step can run a second time, so far as is known."""
    if ran.verdict.rollback_idempotent is False or ran.migration.dialect is Dialect.POSTGRES:
        return ran.verdict.rollback_idempotent is True
    assert ran.migration.rollback is not None
    text = ran.migration.rollback.text
    # The library also resolves the columns of queries.
    return runs_twice(ran.after, [text[one.span.start : one.span.end] for one in ran.rollback_statements])


def _without_header(parts: Sequence[str]) -> Sequence[str]:
    """Return the parts without the comments above the first statement."""
    first = next((place for place, part in enumerate(parts) if part and not part.startswith(("--", "/*"))), 0)
    return parts[first:]


def _trimmed(parts: Sequence[str]) -> tuple[str, ...]:
    """Return the parts without empty ones at both ends."""
    filled = [place for place, part in enumerate(parts) if part]
    return tuple(parts[filled[0] : filled[-1] + 1]) if filled else ()


def not_ported(text: RollbackText, back: PortedBack, problems: Sequence[str]) -> RollbackText:
    """Return a rollback that states which changes of rows in the other one it does not make."""
    sentence = f"what {back.path} {_ROWS_LEFT}"
    reasons = [item for item in dict.fromkeys(problems) if not sentence.endswith(item.removeprefix("what it "))]
    sentence += f": {'; '.join(reasons)}" if reasons else ""
    restores = PARTIAL if text.restores == EXACT else text.restores
    return replace(text, restores=restores, missing=(*text.missing, sentence))


def is_about_rows(reason: str) -> bool:
    """Return whether a sentence is that of `not_ported`."""
    return reason.startswith("what ") and _ROWS_LEFT in reason
