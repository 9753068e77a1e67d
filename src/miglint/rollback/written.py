"""What the rollback of a migration says: its statements, and what it does not bring back."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.structs import Struct
from miglint.base.template_names import decode_tags, has_tag
from miglint.replay.steps import Step
from miglint.rollback.rows import undo_rows
from miglint.writer.renames import Renames
from miglint.writer.transition import write_transition
from miglint.writer.written import Version

EXACT, PARTIAL, SCHEMA_ONLY, IMPOSSIBLE = "exact", "partial", "schema_only", "impossible"


class RollbackText(Struct, frozen=True):
    """A rollback as written, without its place.

    `restores` is `exact`; `partial`: all but what `missing` names; `schema_only`: the whole schema, but not the rows
    and values that `missing` names; or `impossible`: nothing can be written, for the reasons in `missing`. `missing`
    are sentences. `loses` are the tables and columns that it drops with what was written since the forward.
    """

    restores: str
    statements: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()

    @property
    def remarks(self) -> Iterator[str]:
        """The comments that say in the script what it restores, without the dashes."""
        if self.restores == IMPOSSIBLE:
            yield f"miglint: irreversible ({'; '.join(map(_flat, self.missing))})"
            return
        if self.restores == EXACT:
            yield "Restores: exact." if self.statements else "Restores: exact (there is nothing to undo)."
        else:
            yield "Restores: the schema only." if self.restores == SCHEMA_ONLY else "Restores: partial."
            yield from (f"Missing: {_flat(reason)}." for reason in self.missing)
        if self.loses:
            yield f"Loses what was written since to: {_flat(', '.join(self.loses))}."


def write_rollback(step: Step, target: Version | None = None) -> RollbackText:
    """Return the rollback of a replayed migration, for a version of the engine (None: any supported one)."""
    forward = step.forward
    if any(statement.problem is not None for statement in step.forward_statements):
        return _impossible("a statement of the forward cannot be read")
    if forward.failed is not None and forward.failed.failure is not None and not step.doubted:
        return _impossible(f"the forward fails: {forward.failed.failure.message}")
    rows = undo_rows(step)
    way = write_transition(step.after, step.before, renames=Renames(forward.moments), target=target)
    statements = (*rows.statements, *(statement.text for statement in way.statements))
    if any(map(has_tag, statements)):
        return _impossible("the scripts are templates")
    not_known = tuple(f"what the forward does is not known: {reason}" for reason in forward.unknown)
    partial = (*way.missing, *not_known, *rows.staying)
    missing = tuple(dict.fromkeys(map(decode_tags, (*not_known, *way.does_not_restore, *rows.staying, *rows.lost))))
    if partial and not statements:
        return RollbackText(IMPOSSIBLE, (), missing)
    if partial:
        restores = PARTIAL
    elif rows.lost:
        restores = SCHEMA_ONLY
    else:
        restores = way.restores
    return RollbackText(restores, statements, missing, tuple(decode_tags(str(item)) for item in way.data_lost))


def _impossible(reason: str) -> RollbackText:
    return RollbackText(IMPOSSIBLE, (), (decode_tags(reason),))


def _flat(text: str) -> str:
    return " ".join(text.split())
