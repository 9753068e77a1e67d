"""What a rollback brings back, what it destroys, and on which rows it fails: of one that is there, and one written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from miglint.base.model import Direction
from miglint.base.structs import Struct
from miglint.base.template_names import decode_tags
from miglint.replay.outside_transactions import refusal
from miglint.replay.steps import Step
from miglint.rollback.row_conditions import row_conditions
from miglint.rollback.rows import RowNote, RowsBack, remade_tables, undo_rows
from miglint.rules.data.losses import among, data_operations, readers, same
from miglint.schema.outcome import Run
from miglint.schema.set_aside import is_set_aside
from miglint.sql import operations as ops
from miglint.sql.operations import Name
from miglint.writer.losses import COPIED, destroyed_by
from miglint.writer.renames import Renames
from miglint.writer.transition import as_sentences
from miglint.writer.written import LostData

EXACT, PARTIAL, SCHEMA_ONLY, IMPOSSIBLE = "exact", "partial", "schema_only", "impossible"


class Assessment(Struct, frozen=True):
    """What is known of a rollback.

    `restores` is `exact`; `partial`: all but what `missing` names; `schema_only`: the whole schema, but not the rows
    and values that `missing` names; `impossible`: nothing, for the reasons in `missing`; None if that is not known, or
    if there is no rollback. `missing` are sentences. `lost` names the tables and columns whose rows or values the
    forward destroys and the rollback does not bring back; `loses` is what the rollback destroys, with what was written
    since the forward. `fails_on` are the rows that make it fail, if any were written since the forward.
    """

    restores: str | None
    missing: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    loses: tuple[LostData, ...] = ()
    fails_on: tuple[str, ...] = ()


def assess(step: Step) -> Assessment:
    """Return what is known of the rollback of a replayed migration."""
    rollback, rows = step.rollback, undo_rows(step)
    if rollback is None or step.migration.irreversible is not None:
        return Assessment(None, lost=_names(lost_by_forward(step, rows)))
    failure = None if rollback.failed is None else rollback.failed.failure
    if failure is not None and not step.doubted:
        reasons = (f"it fails: {decode_tags(failure.message)}",)
        return Assessment(IMPOSSIBLE, reasons, _names(lost_by_forward(step, rows)))
    refused = _refused(step)
    if refused is not None:
        return Assessment(IMPOSSIBLE, (f"it fails: {refused}",), _names(lost_by_forward(step, rows)))
    missing, reordered = as_sentences(step.changes)
    back = _BroughtBack(step, rollback)
    lost = [note for note in lost_by_forward(step, rows) if not back.has_values(note)]
    staying = [note for note in rows.staying if not back.has_deleted(note, rows)]
    known = step.verdict.symmetric is not None
    return assessed(step, missing, reordered, lost, staying, known=known)


def _refused(step: Step) -> str | None:
    """Return why the rollback of a step fails in the transaction that its tool, or it itself, opens."""
    script = step.migration.rollback
    if script is None:
        return None
    return refusal(script, step.rollback_statements, step.layout, step.runner, step.after)


def assessed(
    step: Step,
    missing: Sequence[str],
    reordered: Sequence[str],
    lost: Sequence[RowNote],
    staying: Sequence[RowNote],
    *,
    left_out: Sequence[str] = (),
    known: bool = True,
    keeps: bool = False,
) -> Assessment:
    """Return what is known of the rollback that a step has, and that ran.

    `missing` and `reordered` are sentences about what it leaves of the schema, `lost` and `staying` about rows.
    `left_out` are those of the writer about what rows may not allow, which its statements say as well. `known` says
    whether the schema that it leaves is; with `keeps` it destroys nothing, since it sets data aside.
    """
    assert step.rollback is not None
    conditions = row_conditions(step.rollback_statements, step.rollback)
    parts = (*missing, *conditions.left_out, *left_out)
    sentences = (*parts, *(note.sentence for note in (*lost, *staying)), *reordered)
    return Assessment(
        in_a_word(differs=bool(parts), loses=bool(lost), more=bool(staying or reordered)) if parts or known else None,
        tuple(dict.fromkeys(map(decode_tags, sentences))),
        _names(lost),
        () if keeps else tuple(destroyed(step)),
        tuple(map(decode_tags, conditions.fails_on)),
    )


def in_a_word(*, differs: bool, loses: bool, more: bool) -> str:
    """Return what is restored: `differs` the schema, `loses` rows or values, is `more` there or in another order?"""
    if differs:
        return PARTIAL
    if loses:
        return SCHEMA_ONLY
    return PARTIAL if more else EXACT


def lost_by_forward(step: Step, rows: RowsBack) -> list[RowNote]:
    """Return the rows and values that a forward destroys, and no rollback brings back by itself."""
    found = [RowNote(item.table, item.column, item.sentence) for item in destroyed_by(step.forward)]
    tables = {note.table for note in found if note.column is None}
    return found + [note for note in rows.lost if note.column is not None or note.table not in tables]


def destroyed(step: Step) -> Iterator[LostData]:
    """Yield what the rollback of a step destroys of the rows and values that it finds."""
    run = step.rollback
    if run is None:
        return
    found = dict.fromkeys((*destroyed_by(run), *map(LostData, remade_tables(run))))
    for item in found:
        place = Name(item.table.schema, item.table.name)
        # What a rebuild computes it takes from what is there under another name, too.
        if (
            item.why != COPIED
            and not is_set_aside(item.table)
            and not readers(step, Direction.ROLLBACK, place, item.column)
        ):
            yield item


class _BroughtBack:
    """The rows that a rollback writes and deletes."""

    def __init__(self, step: Step, run: Run) -> None:
        self._operations = data_operations(step, Direction.ROLLBACK)
        self._rebuilt = {detour.table for detour in Renames(run.moments).rows.detours()}

    def has_values(self, note: RowNote) -> bool:
        """Return whether it gives a table rows, or a column values; the rows of a rebuilt table are those it had."""
        return any(self._fills(operation, note) for operation in self._operations)

    def _fills(self, operation: object, note: RowNote) -> bool:
        place = Name(note.table.schema, note.table.name)
        match operation:
            case ops.Insert() if same(operation.table, place):
                filled = note.column is None or not operation.columns or among(note.column, operation.columns)
                return filled and note.table not in self._rebuilt
            case ops.CreateTable():
                return note.column is None and operation.query is not None and same(operation.name, place)
            case ops.Update() if note.column is not None and same(operation.table, place):
                return among(note.column, (assigned for assigned, _ in operation.assignments))
            case ops.AddColumn() if note.column is not None and same(operation.table, place):
                return operation.column.generated is not None and among(note.column, (operation.column.name,))
        return False

    def has_deleted(self, note: RowNote, rows: RowsBack) -> bool:
        """Return whether it deletes more of a table than the rows with known keys."""
        place = Name(note.table.schema, note.table.name)
        found = [item for item in self._operations if isinstance(item, ops.Delete) and same(item.table, place)]
        emptied = any(isinstance(item, ops.Truncate) and same(item.table, place) for item in self._operations)
        return emptied or len(found) > sum(key == note.table for key in rows.deleted)


def _names(notes: Sequence[RowNote]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(decode_tags(str(LostData(note.table, note.column))) for note in notes))
